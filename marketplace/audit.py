"""Invariants of requests, offers, jobs and inbound messages, proved from the rows."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from marketplace.models import (
    InboundMessage,
    InboundStatus,
    Job,
    JobStatus,
    Offer,
    OfferStatus,
    RequestStatus,
    ServiceRequest,
    Wave,
)
from marketplace.models.job import LIVE_JOB
from providers.models import Provider

Check = Callable[[datetime], Iterator[str]]
SHOWN: Final = 20
PATIENCE: Final = timedelta(minutes=5)


def one_accepted_offer_a_request(_at: datetime) -> Iterator[str]:
    """No request has two accepted offers."""
    twice = (
        Offer.objects.filter(status=OfferStatus.ACCEPTED)
        .values("request")
        .annotate(many=Count("pk"))
        .filter(many__gt=1)
    )
    for row in twice[:SHOWN]:
        yield f"request {row['request']} has {row['many']} accepted offers"


def matched_requests_have_a_job(_at: datetime) -> Iterator[str]:
    """A matched request has its live job, and only a matched one has."""
    live = Job.objects.filter(request=OuterRef("pk"), status__in=LIVE_JOB)
    requests = ServiceRequest.objects.annotate(has_job=Exists(live))
    wrong = requests.filter(
        Q(status=RequestStatus.MATCHED, has_job=False) | ~Q(status=RequestStatus.MATCHED) & Q(has_job=True)
    )
    for pk, status in wrong.values_list("pk", "status")[:SHOWN]:
        yield f"request {pk} is {status}, which does not fit its jobs"


def searching_requests_have_a_wave(at: datetime) -> Iterator[str]:
    """Whatever searches has offers out, or ended its wave a moment ago."""
    waves = Wave.objects.filter(request=OuterRef("pk")).filter(
        Q(closed_at__isnull=True, ends_at__gt=at - PATIENCE) | Q(closed_at__gt=at - PATIENCE)
    )
    lost = ServiceRequest.objects.filter(status=RequestStatus.SEARCHING).exclude(Exists(waves))
    for pk in lost.values_list("pk", flat=True)[:SHOWN]:
        yield f"request {pk} searches, but no wave of it is out"


def no_message_is_stuck(at: datetime) -> Iterator[str]:
    """No inbound message lies unanswered for minutes without having failed."""
    waiting = Q(status=InboundStatus.RECEIVED, due_at__lt=at - PATIENCE)
    leased = Q(status=InboundStatus.PROCESSING, leased_until__lt=at - PATIENCE)
    for pk in InboundMessage.objects.filter(waiting | leased).values_list("pk", flat=True)[:SHOWN]:
        yield f"inbound message {pk} waits for its answer"


def open_offers_belong_to_a_search(_at: datetime) -> Iterator[str]:
    """An offer that can be accepted belongs to a request that searches."""
    stray = Offer.objects.filter(status=OfferStatus.OPEN).exclude(request__status=RequestStatus.SEARCHING)
    for pk, request_id in stray.values_list("pk", "request_id")[:SHOWN]:
        yield f"offer {pk} is open, but its request {request_id} does not search"


def jobs_and_offers_tell_the_same(_at: datetime) -> Iterator[str]:
    """An accepted offer has its job, alive or done; the offer of a job that failed was released."""
    for pk in Offer.objects.filter(status=OfferStatus.ACCEPTED, job__isnull=True).values_list("pk", flat=True)[:SHOWN]:
        yield f"offer {pk} was accepted, but has no job"
    accepted = Q(offer__status=OfferStatus.ACCEPTED)
    stands = Q(status__in=(*LIVE_JOB, JobStatus.DONE))
    for pk, status in Job.objects.filter(stands & ~accepted | ~stands & accepted).values_list("pk", "status")[:SHOWN]:
        yield f"job {pk} is {status}, which does not fit its offer"


def standings_count_the_jobs(_at: datetime) -> Iterator[str]:
    """What matching believes of a provider's open and finished jobs is what the jobs say."""
    for words, column, statuses in (
        ("live", "open_jobs", LIVE_JOB),
        ("finished", "jobs_done", (JobStatus.DONE,)),
    ):
        jobs = Job.objects.filter(provider=OuterRef("pk"), status__in=statuses).order_by()
        counted = jobs.values("provider").annotate(many=Count("pk")).values("many")
        wrong = (
            Provider.objects.annotate(many=Coalesce(Subquery(counted), 0), noted=Coalesce(f"standing__{column}", 0))
            .exclude(many=F("noted"))
            .order_by("pk")
        )
        for pk, many, noted in wrong.values_list("pk", "many", "noted")[:SHOWN]:
            yield f"provider {pk} has {many} {words} jobs, but the standing counts {noted}"


AUDITS: Final[tuple[Check, ...]] = (
    one_accepted_offer_a_request,
    matched_requests_have_a_job,
    searching_requests_have_a_wave,
    open_offers_belong_to_a_search,
    jobs_and_offers_tell_the_same,
    standings_count_the_jobs,
    no_message_is_stuck,
)
