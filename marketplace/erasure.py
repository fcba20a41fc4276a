"""One person leaves the marketplace: what they said, where they live and what was said of them to others.

A person may be a customer and a provider; the two meet by number. Requests, offers, jobs, amounts and stars stay.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

import providers.erasure
from marketplace import forgetting
from marketplace.dialogue import takeover
from marketplace.inbox import MOST_TRIES
from marketplace.models import (
    Application,
    ApplicationStatus,
    Conversation,
    Customer,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Offer,
    OfferStatus,
    PrivacyRequest,
    PrivacyStatus,
    Quote,
    ServiceRequest,
    Wish,
)
from marketplace.models.job import LIVE_JOB
from marketplace.models.request import OPEN_STATUSES
from notifications import erasure, escalation
from notifications.models import Contact
from providers.models import Provider

UNDECIDED: Final = (ApplicationStatus.OPEN, ApplicationStatus.SUBMITTED)
RUNS: Final = 200  # match runs whose names are taken out together


@dataclass(frozen=True)
class Deeds:
    """Keys of all that this person asked for, was offered, or worked on; `of_others`: requests on which they worked."""

    requests: list[int]
    offers: list[int]
    jobs: list[int]
    quotes: list[int]
    of_others: list[int]

    def references(self) -> list[str]:
        """What messages about them carry as their reference."""
        jobs = [f"job:{pk}{side}" for pk in self.jobs for side in ("", ":customer", ":provider")]
        named = (("request", self.requests + self.of_others), ("offer", self.offers), ("quote", self.quotes))
        return jobs + [f"{name}:{pk}" for name, keys in named for pk in keys]


def provider_of(contact: Contact) -> Provider | None:
    """This person as a provider."""
    if not contact.phone_number:
        return None
    return Provider.objects.filter(phone_number=contact.phone_number).first()


def _deeds(contact: Contact, provider: Provider | None) -> Deeds:
    def keys(rows: Any) -> list[int]:
        return list(rows.order_by("pk").values_list("pk", flat=True))

    requests = keys(ServiceRequest.objects.filter(customer__contact=contact))
    offered = Q(request__in=requests) | (Q(provider=provider) if provider else Q())
    return Deeds(
        requests,
        keys(Offer.objects.filter(offered)),
        jobs := keys(Job.objects.filter(offered)),
        keys(Quote.objects.filter(job__in=jobs)),
        keys(ServiceRequest.objects.filter(jobs__provider=provider).distinct()) if provider else [],
    )


def obstacles(contact: Contact) -> Iterator[str]:
    """What of this person is running, one sentence each."""
    provider = provider_of(contact)
    mine = ServiceRequest.objects.filter(customer__contact=contact, status__in=OPEN_STATUSES)
    for request in mine.order_by("pk"):
        facts = {"row": request.pk, "status": request.get_status_display()}
        yield _("Request #%(row)d is running (%(status)s): end it first.") % facts
    for job in Job.objects.filter(provider=provider, status__in=LIVE_JOB).order_by("pk") if provider else ():
        yield _("Job #%(row)d is in hand: end it first.") % {"row": job.pk}
    for offer in Offer.objects.filter(provider=provider, status=OfferStatus.OPEN).order_by("pk") if provider else ():
        yield _("Offer #%(row)d waits for an answer of this provider.") % {"row": offer.pk}
    waits = Q(status__in=[InboundStatus.RECEIVED, InboundStatus.PROCESSING])
    waits |= Q(status=InboundStatus.FAILED, attempts__lt=MOST_TRIES)
    for message in InboundMessage.objects.filter(waits, contact=contact).order_by("pk")[:1]:
        yield _("Inbound message #%(row)d is being answered.") % {"row": message.pk}
    for talk in Conversation.objects.filter(contact=contact, operator__isnull=False, is_open=True):
        yield _("%(name)s is talking with this person: hand the talk back first.") % {"name": talk.operator}
    yield from erasure.in_flight(erasure.about(_deeds(contact, provider).references()))


def erase(contact: Contact, *, pseudonym: str, by: str, at: datetime) -> dict[str, int]:
    """Take this person out of all rows of the marketplace and the network; returns how many rows of each kind."""
    provider = provider_of(contact)
    counts = {"conversations": _erase_talks(contact, at)}
    deeds = _deeds(contact, provider)
    list(ServiceRequest.objects.select_for_update(no_key=True).filter(pk__in=deeds.requests).order_by("pk"))
    counts["requests"] = forgetting.empty_requests(deeds.requests)
    counts["jobs"] = forgetting.empty_jobs(deeds.jobs)
    for purpose, keys in (
        ("request", deeds.requests),
        ("offer", deeds.offers),
        ("job", deeds.jobs),
        ("quote", deeds.quotes),
    ):
        forgetting.close_links(purpose, keys)
    counts["inbound"] = _erase_inbound(contact, pseudonym)
    counts["applications"] = _erase_applications(contact)
    Customer.objects.filter(contact=contact).update(zone=None)
    _note_wish(contact, by, at)
    if provider:
        counts["providers"] = 1
        counts["match_runs"] = _erase_in_match_runs(provider.pk, pseudonym)
        providers.erasure.erase(provider)
    counts["texts"] = erasure.erase_texts(erasure.about(deeds.references()), at)
    return counts


def _erase_talks(contact: Contact, at: datetime) -> int:
    talks = Conversation.objects.select_for_update(no_key=True).filter(contact=contact).order_by("pk")
    for talk in talks.filter(needs_human=True):
        escalation.resolve(takeover.call_fingerprint(talk), at=at)
    keys = list(talks.values_list("pk", flat=True))
    return Conversation.objects.filter(pk__in=keys).update(
        slots={}, is_open=False, needs_human=False, closed_at=Coalesce("closed_at", Value(at))
    )


def _erase_inbound(contact: Contact, pseudonym: str) -> int:
    messages = InboundMessage.objects.filter(contact=contact)
    forgetting.empty_inbound(list(messages.values_list("pk", flat=True)))
    return messages.update(from_address=pseudonym)


def _erase_applications(contact: Contact) -> int:
    """Undecided ones go; of decided ones stays that there was one, and how it ended."""
    Application.objects.filter(contact=contact, status__in=UNDECIDED).delete()
    return Application.objects.filter(contact=contact).update(name="", identity={}, phone_number="", code_sha256="")


def _note_wish(contact: Contact, by: str, at: datetime) -> None:
    """Whoever asked to be erased was."""
    wishes = PrivacyRequest.objects.filter(contact=contact, wish=Wish.ERASE)
    wishes.filter(status=PrivacyStatus.ASKED).move(PrivacyStatus.CONFIRMED, decided_at=at, decided_by=by[:150])
    wishes.filter(status=PrivacyStatus.CONFIRMED).move(PrivacyStatus.DONE, done_at=at)


def _erase_in_match_runs(provider_id: int, pseudonym: str) -> int:
    """Match runs keep the score of this provider, not the name."""
    named = [{"provider_id": provider_id}]
    runs = MatchRun.objects.filter(Q(chosen__contains=named) | Q(near_misses__contains=named)).order_by("pk")
    changed = []
    for run in runs.iterator(RUNS):
        for entry in (*run.chosen, *run.near_misses):
            if entry.get("provider_id") == provider_id:
                entry |= {name: pseudonym for name in ("name", "phone_number") if name in entry}
        changed.append(run)
    MatchRun.objects.bulk_update(changed, ["chosen", "near_misses"], batch_size=RUNS)
    return len(changed)
