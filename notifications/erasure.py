"""One person leaves: text, names and addresses vanish or become a pseudonym; rows, counts and times stay.

Refused while something of this person runs. Other apps say what speaks against it (`erasure_asked`) and empty their own
rows (`person_erased`), all in one transaction, in the lock order of the house: the contact, their rows, the messages by
key, the attempts, the alerts. What another person wrote about this one in words of their own cannot be found.
"""

import logging
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.db import transaction
from django.db.models import Q, TextField, Value
from django.db.models.functions import Cast, Coalesce, Replace
from django.utils.translation import gettext as _

from .models import (
    Attempt,
    Contact,
    EscalationAlert,
    Notification,
    OnCallPerson,
    Receipt,
    StaffAction,
    StaffActionLine,
    Status,
    UnreachableMark,
)
from .signals import erasure_asked, person_erased

logger = logging.getLogger(__name__)
DOMAIN: Final = "erased.invalid"  # never a real one (RFC 2606); the database demands an address of each row
IN_FLIGHT: Final = (Status.SENDING, Status.UNCONFIRMED)


@dataclass(frozen=True)
class Erasure:
    """What was done, or what speaks against it: with any obstacle nothing was changed."""

    pseudonym: str
    obstacles: list[str] = field(default_factory=list)
    rows: dict[str, int] = field(default_factory=dict)  # what -> how many rows


def pseudonym_of(contact: Contact) -> str:
    """The name under which the rows of this person go on."""
    return f"erased-{contact.pk}"


def is_erased(contact: Contact) -> bool:
    """Whether this person has been erased already."""
    return contact.email == f"{pseudonym_of(contact)}@{DOMAIN}"


def erase(contact: Contact, *, by: str, at: datetime, is_rehearsal: bool = False) -> Erasure:
    """Take this person out of all rows, unless something speaks against it. A rehearsal changes nothing.

    `by` is who did it, for the trace. Returns the obstacles, or the number of rows of each kind.
    """
    with transaction.atomic():
        locked = Contact.objects.select_for_update().get(pk=contact.pk)
        pseudonym = pseudonym_of(locked)
        obstacles = [*_obstacles(locked), *_answers(erasure_asked, contact=locked, at=at)]
        if obstacles:
            return Erasure(pseudonym, obstacles=obstacles)
        rows: dict[str, int] = {}
        facts: dict[str, Any] = {"contact": locked, "pseudonym": pseudonym, "by": by, "at": at}
        answers: list[tuple[Any, Any]] = person_erased.send(sender=Contact, **facts)
        for _receiver, counts in answers:
            rows |= counts
        rows |= _erase_own(locked, pseudonym, at)
        if is_rehearsal:
            transaction.set_rollback(True)
        else:
            transaction.on_commit(partial(logger.info, "%s was erased by %s: %s", pseudonym, by, rows))
    return Erasure(pseudonym, rows=rows)


def _answers(signal: Any, **facts: Any) -> list[str]:
    return [sentence for _receiver, answer in signal.send(sender=Contact, **facts) for sentence in answer]


def _obstacles(contact: Contact) -> list[str]:
    if is_erased(contact):
        return [_("This person was erased already.")]
    if OnCallPerson.objects.filter(_has_address_of(contact)).exists():
        return [_("This person is on call for alerts: take them off that list first.")]
    return in_flight(_messages_to(contact))


def _has_address_of(contact: Contact) -> Q:
    same = Q(phone_number=contact.phone_number) if contact.phone_number else Q(pk__in=[])
    return same | Q(email__iexact=contact.email) if contact.email else same


def in_flight(messages: Q) -> list[str]:
    """The sentence that says that some of these messages are on their way, if any are."""
    rows = Notification.objects.filter(messages, status__in=IN_FLIGHT).order_by("pk").values_list("pk", flat=True)
    return [_("Message %(row)d is on its way: wait until its outcome is known.") % {"row": pk} for pk in rows[:1]]


def _messages_to(contact: Contact) -> Q:
    mine = Q(contact=contact)
    return mine | Q(phone_number=contact.phone_number) if contact.phone_number else mine


def about(references: Collection[str]) -> Q:
    """The messages that are about these things, to whomever they went."""
    return Q(reference__in=references)


def erase_texts(messages: Q, at: datetime) -> int:
    """Take the text out of these messages, which may have gone to others; what has not left is called back."""
    keys = _locked(messages)
    rows = Notification.objects.filter(pk__in=keys)
    rows.filter(status=Status.QUEUED).move(Status.CANCELLED, settled_at=at, news_due=at)
    StaffActionLine.objects.filter(notification__in=keys).update(old_values={})
    return rows.update(body="", sms_body="", subject="", choices=[], context={}, last_error="")


def _locked(messages: Q) -> list[int]:
    rows = Notification.objects.filter(messages).select_for_update(no_key=True).order_by("pk")
    return list(rows.values_list("pk", flat=True))


def _erase_own(contact: Contact, pseudonym: str, at: datetime) -> dict[str, int]:
    keys = _locked(_messages_to(contact))
    known = [address for address in (contact.phone_number, contact.whatsapp_id, contact.email) if address]
    counts = {"messages": erase_texts(Q(pk__in=keys), at)}
    _forget_keys(keys, known)
    Notification.objects.filter(pk__in=keys).update(
        phone_number="",
        whatsapp_id="",
        email=f"{pseudonym}@{DOMAIN}",
        channels_left=[],
        receipt_due_at=None,  # no second copy goes out
        must_know_by=None,
    )
    counts["attempts"] = _erase_attempts(keys, pseudonym)
    UnreachableMark.objects.filter(contact=contact).delete()
    _replace_in_traces(known, pseudonym)
    Contact.objects.filter(pk=contact.pk).update(
        phone_number=None,
        whatsapp_id=None,
        email=f"{pseudonym}@{DOMAIN}",
        name="",
        last_inbound_at=None,
        opted_out_at=Coalesce("opted_out_at", Value(at)),  # nothing is ever written to the pseudonym
    )
    return counts


def _forget_keys(keys: Iterable[int], known: Iterable[str]) -> None:
    """A dedupe key may hold an address; nobody enqueues for this person again."""
    for address in known:
        Notification.objects.filter(pk__in=keys, dedupe_key__contains=address).update(dedupe_key=None)


def _erase_attempts(keys: Iterable[int], pseudonym: str) -> int:
    attempts = Attempt.objects.filter(notification__in=keys)
    sids = attempts.filter(provider_sid__isnull=False).values("provider_sid")
    Receipt.objects.filter(provider_sid__in=sids).exclude(error_message="").update(error_message="")
    return attempts.update(receiver=pseudonym, error_message="")


def _replace_in_traces(known: Iterable[str], pseudonym: str) -> None:
    """Alerts and the reasons of staff stay; an address in them becomes the pseudonym."""
    columns: tuple[tuple[Any, tuple[str, ...]], ...] = (
        (StaffAction, ("why", "note")),
        (EscalationAlert, ("title", "cause", "remedy", "notes")),
    )
    for address in known:
        for action in StaffAction.objects.alias(text=Cast("selection", TextField())).filter(text__contains=address):
            if action.selection.get("search"):
                action.selection["search"] = action.selection["search"].replace(address, pseudonym)
                action.save(update_fields=["selection"])
        for model, names in columns:
            for name in names:
                found = model.objects.filter(**{f"{name}__contains": address})
                found.update(**{name: Replace(name, Value(address), Value(pseudonym))})
