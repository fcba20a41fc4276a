"""Invariants of requests, offers, jobs and inbound messages, proved from the rows.

What is alive is few and found by an index; what has ended is looked at within `Look`, a slice a run.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.inbox import unfinished
from marketplace.models import (
    InboundMessage,
    InboundStatus,
    Job,
    JobStatus,
    Offer,
    OfferStatus,
    Rating,
    RequestStatus,
    ServiceRequest,
    Wave,
)
from marketplace.models.job import LIVE_JOB
from marketplace.models.offer import WAS_ACCEPTED
from notifications.audit_scope import Check, Look
from providers.models import Provider

SHOWN: Final = 100
PATIENCE: Final = timedelta(minutes=5)
PROVIDERS: Final = 500  # a run: each is counted over all its offers and jobs
Found = Iterator[tuple[int, str]]


def one_accepted_offer_a_request(look: Look) -> Found:
    """No request has two accepted offers."""
    rivals = Offer.objects.filter(status=OfferStatus.ACCEPTED, request=OuterRef("request")).exclude(pk=OuterRef("pk"))
    accepted = look.within(Offer.objects.filter(status=OfferStatus.ACCEPTED).order_by("pk"))
    for pk, request in accepted.filter(Exists(rivals)).values_list("pk", "request")[:SHOWN]:
        yield (
            pk,
            _("Offer %(row)d is accepted, and so is another of request %(request)d.")
            % {
                "row": pk,
                "request": request,
            },
        )


def matched_requests_have_a_job(_look: Look) -> Found:
    """A matched request has its live job, and only a matched one has."""
    live = Job.objects.filter(request=OuterRef("pk"), status__in=LIVE_JOB)
    without = ServiceRequest.objects.filter(status=RequestStatus.MATCHED).exclude(Exists(live))
    for pk in without.order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Request %(row)d is matched, but has no live job.") % {"row": pk}
    stray = Job.objects.filter(status__in=LIVE_JOB).exclude(request__status=RequestStatus.MATCHED)
    for pk, job in stray.order_by("pk").values_list("request", "pk")[:SHOWN]:
        yield pk, _("Request %(row)d is not matched, but its job %(job)d lives.") % {"row": pk, "job": job}


def searches_go_on(look: Look) -> Found:
    """Whatever searches has offers out, or a wave that ended a moment ago; and no search outlives its time."""
    recent = Q(closed_at__isnull=True, ends_at__gt=look.at - PATIENCE) | Q(closed_at__gt=look.at - PATIENCE)
    waves = Wave.objects.filter(recent, request=OuterRef("pk"))
    lost = ServiceRequest.objects.filter(status=RequestStatus.SEARCHING).exclude(Exists(waves))
    for pk in lost.order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Request %(row)d searches, but no wave of it is out.") % {"row": pk}
    searching = [RequestStatus.SEARCHING, RequestStatus.WAITING]
    over = ServiceRequest.objects.filter(status__in=searching, expires_at__lt=look.at - PATIENCE)
    for pk in over.order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Request %(row)d is still searched for, though its time is over.") % {"row": pk}


def open_offers_belong_to_a_search(_look: Look) -> Found:
    """An offer that can be accepted belongs to a request that searches."""
    stray = Offer.objects.filter(status=OfferStatus.OPEN).exclude(request__status=RequestStatus.SEARCHING)
    for pk, request in stray.order_by("pk").values_list("pk", "request")[:SHOWN]:
        facts = {"row": pk, "request": request}
        yield pk, _("Offer %(row)d is open, but its request %(request)d does not search.") % facts


def accepted_offers_have_a_job(look: Look) -> Found:
    """An accepted offer has its job."""
    accepted = look.within(Offer.objects.filter(status=OfferStatus.ACCEPTED).order_by("pk"))
    for pk in accepted.filter(job__isnull=True).values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Offer %(row)d was accepted, but has no job.") % {"row": pk}


def jobs_and_offers_tell_the_same(look: Look) -> Found:
    """The offer of a job that lives or was done is accepted; the offer of a job that failed was released."""
    accepted = Q(offer__status=OfferStatus.ACCEPTED)
    stands = Q(status__in=(*LIVE_JOB, JobStatus.DONE))
    wrong = look.within(Job.objects.order_by("pk")).filter(stands & ~accepted | ~stands & accepted)
    for pk, status in wrong.values_list("pk", "status")[:SHOWN]:
        yield pk, _("Job %(row)d is %(status)s, which does not fit its offer.") % {"row": pk, "status": status}


def _many(rows: QuerySet[Any], by: str = "provider") -> Any:
    counted = rows.filter(**{by: OuterRef("pk")}).order_by().values(by).annotate(many=Count("pk")).values("many")
    return Coalesce(Subquery(counted), 0)


def standings_count_the_rows(look: Look) -> Found:
    """What matching believes of a provider is what the offers, jobs and ratings say.

    An offer that never left us is made twice and stays one row, and a provider may come with ratings from elsewhere:
    there the standing may count more than the rows, never less.
    """
    live, done = Job.objects.filter(status__in=LIVE_JOB), Job.objects.filter(status=JobStatus.DONE)
    taken = Offer.objects.filter(status__in=WAS_ACCEPTED)
    rated = Rating.objects.filter(by_customer=True)
    for words, column, rows, wrong in (
        (_("open jobs"), "open_jobs", _many(live), ~Q(many=F("noted"))),
        (_("finished jobs"), "jobs_done", _many(done), ~Q(many=F("noted"))),
        (_("accepted offers"), "offers_accepted", _many(taken), ~Q(many=F("noted"))),
        (_("offers"), "offers_made", _many(Offer.objects.all()), Q(many__gt=F("noted"))),
        (_("ratings"), "rating_count", _many(rated, by="job__provider"), Q(many__gt=F("noted"))),
    ):
        counted = look.within(Provider.objects.order_by("pk"), size=PROVIDERS).annotate(
            many=rows, noted=Coalesce(f"standing__{column}", 0)
        )
        for pk, many, noted in counted.filter(wrong).values_list("pk", "many", "noted")[:SHOWN]:
            facts = {"row": pk, "what": words, "many": many, "noted": noted}
            yield pk, _("Provider %(row)d: %(what)s are %(many)d, but the standing counts %(noted)d.") % facts


def no_message_is_stuck(look: Look) -> Found:
    """No inbound message lies unanswered for minutes, unless it was given up or an earlier one of its person blocks it."""
    late = look.at - PATIENCE
    waits = unfinished()
    leased = Q(status=InboundStatus.PROCESSING)
    earlier = InboundMessage.objects.filter(waits | leased, contact=OuterRef("contact"), pk__lt=OuterRef("pk"))
    stuck = InboundMessage.objects.filter(waits & Q(due_at__lt=late) | leased & Q(leased_until__lt=late))
    for pk in stuck.exclude(Exists(earlier)).order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Inbound message %(row)d waits for its answer.") % {"row": pk}


AUDITS: Final = (
    Check("accepted-once", gettext_lazy("A request has two accepted offers"), one_accepted_offer_a_request),
    Check("matched", gettext_lazy("A request and its job do not agree"), matched_requests_have_a_job),
    Check("search", gettext_lazy("A search stands still"), searches_go_on),
    Check("open-offer", gettext_lazy("An offer is open without a search"), open_offers_belong_to_a_search),
    Check("accepted-job", gettext_lazy("An accepted offer has no job"), accepted_offers_have_a_job),
    Check("job-offer", gettext_lazy("A job and its offer do not agree"), jobs_and_offers_tell_the_same),
    Check("standing", gettext_lazy("A provider's standing is wrong"), standings_count_the_rows),
    Check("inbound", gettext_lazy("An inbound message is stuck"), no_message_is_stuck),
)
