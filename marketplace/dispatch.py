"""Offers in waves: who is asked, for how long, and who gets the job.

The first acceptance wins, decided by the locked request and a unique constraint, never by timing. Locks: the request,
then its offers, then the job.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Q

from marketplace import asked, degraded, jobs, match_runs, notices, silence, staff_alerts, sweeps, timeline, wave_size
from marketplace.models import MatchRun, Offer, OfferStatus, RequestStatus, ServiceRequest, Urgency, Wave
from marketplace.models.offer import OfferQuerySet
from marketplace.wave_policy import LATE_STILL_WINS, LEVELS, SEARCH_FOR, WAVE_LASTS
from notifications import escalation, outbox
from providers import matching, standing
from providers.matching import Level, MatchResult
from providers.models import Provider, ProviderStatus, Standing

SEARCHED_FOR: Final = (RequestStatus.SEARCHING, RequestStatus.WAITING)
logger = logging.getLogger(__name__)


class Acceptance(StrEnum):
    WON = "won"
    TAKEN = "taken"
    EXPIRED = "expired"


def start_search(request: ServiceRequest, *, at: datetime, noted: Sequence[int] = (), is_widened: bool = False) -> int:
    """Send the next wave of a searching request, widening the level until somebody is found; returns offers made.

    Nobody left: the request waits, the customer is told the truth, and staff own an alert. The caller has the request
    locked or has just made it. `noted` are providers whose standing the caller writes afterwards, not before: their
    rows are locked together with those of the new wave, in one order, so that waves cannot deadlock. `is_widened`: staff
    approve of those who take emergencies, whatever the urgency.
    """
    is_emergency = request.urgency == Urgency.EMERGENCY
    reached = LEVELS.index(match_runs.level_reached(request))
    may_widen = is_emergency or is_widened or LEVELS[reached] == Level.EMERGENCY  # once approved, it stays so
    usual = wave_size.usual(request)
    size = wave_size.affordable(usual, at)
    best: tuple[MatchRun, MatchResult] | None = None
    for level in LEVELS[reached:]:
        if level == Level.EMERGENCY and not may_widen:
            break
        run, result = match_runs.look(request, level, size, at=at)
        if result.chosen:
            best = run, result
        # An emergency starts wide: it fills its first wave from the next levels instead of waiting for them.
        if best and (not is_emergency or len(result.chosen) >= size):
            break
    if best:
        _lock_standings([*noted, *(candidate.provider_id for candidate in best[1].chosen)])
        return _send_wave(request, *best, usual=usual, withheld=usual - size, at=at)
    _lock_standings(noted)
    if not Offer.objects.filter(request=request, status=OfferStatus.OPEN).exists():
        _wait(request, at)
    return 0


def _lock_standings(provider_ids: Sequence[int]) -> None:
    rows = Standing.objects.filter(pk__in=provider_ids).order_by("pk").select_for_update(no_key=True)
    list(rows.values_list("pk", flat=True))


def _send_wave(
    request: ServiceRequest, run: MatchRun, result: MatchResult, *, usual: int, withheld: int, at: datetime
) -> int:
    ends = at + WAVE_LASTS[Urgency(request.urgency)] * degraded.slowness(at)
    wave = new_wave(request, run, at=at, ends=ends)
    offers = send_offers(wave, result, at=at)
    facts = {
        "number": wave.number,
        "level": result.level,
        "offers": offers,
        "usual": usual,
        "withheld": withheld or None,
    }
    timeline.record(request, "wave_sent", "system", at, **facts)
    return offers


def new_wave(
    request: ServiceRequest, run: MatchRun, *, at: datetime, ends: datetime, closed_at: datetime | None = None
) -> Wave:
    """The next wave of a locked request, without offers yet."""
    number = Wave.objects.filter(request=request).count() + 1
    return Wave.objects.create(
        request=request, match_run=run, number=number, started_at=at, ends_at=ends, closed_at=closed_at
    )


def send_offers(wave: Wave, result: MatchResult, *, at: datetime) -> int:
    """Offer the job to the chosen until the wave ends; returns how many. The caller has the request locked."""
    offers = make_offers(wave, result, at)
    standing.note_offered([offer.provider_id for offer in offers], at)
    providers = Provider.objects.in_bulk([offer.provider_id for offer in offers])
    for offer in offers:
        offer.provider, offer.request = providers[offer.provider_id], wave.request
        notices.offer_job(offer, at=at)
    return len(offers)


def make_offers(wave: Wave, result: MatchResult, at: datetime) -> list[Offer]:
    """One offer a candidate; whoever's first offer never left us gets the same one again."""
    known = {offer.provider_id: offer for offer in Offer.objects.filter(request_id=wave.request_id)}
    offers = []
    for candidate in result.chosen:
        facts = {
            "wave": wave,
            "level": candidate.level,
            "score": candidate.score,
            "score_parts": candidate.score_parts,
            "distance_km": candidate.distance_km,
            "created_at": at,
            "expires_at": wave.ends_at,
        }
        again = known.get(candidate.provider_id)
        if again and Offer.objects.filter(pk=again.pk).move(OfferStatus.OPEN, answered_at=None, **facts):
            offers.append(Offer.objects.get(pk=again.pk))
        else:
            offers.append(Offer(request_id=wave.request_id, provider_id=candidate.provider_id, **facts))
    Offer.objects.bulk_create([offer for offer in offers if offer.pk is None])
    return offers


def _wait(request: ServiceRequest, at: datetime) -> None:
    if not ServiceRequest.objects.filter(pk=request.pk).move(RequestStatus.WAITING):
        return
    request.status = RequestStatus.WAITING
    timeline.record(request, "nobody_found", "system", at)
    notices.tell_nobody_found(request, at=at)
    staff_alerts.nobody_found(request, at=at)


def open_offers_of(provider: Provider, *, at: datetime) -> list[Offer]:
    """What this provider may accept now, the oldest first."""
    offers = Offer.objects.filter(provider=provider).still_open(at).filter(request__status=RequestStatus.SEARCHING)
    return list(offers.select_related("request__service", "request__zone", "provider").order_by("pk"))


@transaction.atomic
def accept(offer: Offer, *, at: datetime) -> Acceptance:
    """Give the job to this provider unless another was faster or time is over. Locks the request, then its offers.

    Whoever answers late, while nobody else has the job, still gets it: replies take minutes, and an hour later a
    provider is better than none (docs/decisions/0006; figures in benchmarks/README.md).
    """
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=offer.request_id)
    waited = at - offer.created_at
    silence.note_word(offer.provider_id, at=at)
    if winner := Offer.objects.filter(request=request, status=OfferStatus.ACCEPTED).first():
        if winner.pk == offer.pk:
            return Acceptance.WON  # a second tap changes nothing
        standing.note_answered(offer.provider_id, after=waited)
        return Acceptance.TAKEN
    if request.status not in SEARCHED_FOR:
        standing.note_answered(offer.provider_id, after=waited)
        return Acceptance.TAKEN if request.status == RequestStatus.MATCHED else Acceptance.EXPIRED
    offers = Offer.objects.filter(request=request)
    _reopen_late(offers.filter(pk=offer.pk), at)
    if not offers.still_open(at).filter(pk=offer.pk).move(OfferStatus.ACCEPTED, answered_at=at):
        return Acceptance.EXPIRED
    losers = list(offers.filter(status=OfferStatus.OPEN).select_related("provider"))
    offers.filter(status=OfferStatus.OPEN).move(OfferStatus.TAKEN, answered_at=at)
    Wave.objects.filter(request=request, closed_at__isnull=True).update(closed_at=at)
    ServiceRequest.objects.filter(pk=request.pk).move(RequestStatus.SEARCHING)  # it may have waited
    ServiceRequest.objects.filter(pk=request.pk).move(RequestStatus.MATCHED)
    standing.note_accepted(offer.provider_id, after=waited)
    job = jobs.assign(Offer.objects.select_related("provider", "request__customer__contact").get(pk=offer.pk), at=at)
    timeline.record(request, "accepted", f"provider:{offer.provider_id}", at, offer=offer.pk, job=job.pk)
    notices.tell_match(job, at=at)
    for loser in losers:
        if not outbox.cancel(reference=notices.about_offer(loser), purpose="offer", at=at):
            notices.tell_taken(loser, at=at)
    escalation.resolve(staff_alerts.unmatched(request.pk), at=at)
    transaction.on_commit(partial(logger.info, "offer %s accepted", offer.pk))
    return Acceptance.WON


def may_accept(offer: Offer, *, at: datetime) -> bool:
    """Whether an acceptance at `at` would win now."""
    if offer.request.status not in SEARCHED_FOR:
        return False
    return _late(Offer.objects.filter(pk=offer.pk), at).exists() or (
        offer.status == OfferStatus.OPEN and offer.expires_at > at
    )


def _late(offers: OfferQuerySet, at: datetime) -> OfferQuerySet:
    """Offers that ended unanswered a while ago, of providers who may still work."""
    silent = Q(status=OfferStatus.EXPIRED) | Q(status=OfferStatus.OPEN, expires_at__lte=at)
    may_work = ~Q(provider__status=ProviderStatus.SUSPENDED)
    return offers.filter(silent, may_work, expires_at__gt=at - LATE_STILL_WINS)


def _reopen_late(offers: OfferQuerySet, at: datetime) -> None:
    """Open an offer that has ended, for the moment of its acceptance."""
    keys = list(_late(offers, at).values_list("pk", flat=True))
    Offer.objects.filter(pk__in=keys, status=OfferStatus.EXPIRED).move(OfferStatus.OPEN)
    Offer.objects.filter(pk__in=keys).update(expires_at=at + timedelta(minutes=1))


@transaction.atomic
def decline(offer: Offer, *, at: datetime) -> bool:
    """The provider does not want it; the search goes on at once when nobody else is thinking. False: it had ended."""
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=offer.request_id)
    if not Offer.objects.filter(pk=offer.pk).move(OfferStatus.DECLINED, answered_at=at):
        silence.note_word(offer.provider_id, at=at)
        standing.note_answered(offer.provider_id, after=at - offer.created_at)  # late, but no silence
        return False
    timeline.record(request, "declined", f"provider:{offer.provider_id}", at, offer=offer.pk)
    _go_on_when_nobody_thinks(request, at, noted=[offer.provider_id])
    silence.note_word(offer.provider_id, at=at)
    standing.note_declined(offer.provider_id, after=at - offer.created_at)
    return True


@transaction.atomic
def note_unreachable(offer: Offer, *, code: str, at: datetime) -> bool:
    """The offer's message died, so nobody will answer it: dispatch moves on instead of waiting."""
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=offer.request_id)
    if not Offer.objects.filter(pk=offer.pk).move(OfferStatus.UNREACHABLE, answered_at=at):
        return False
    timeline.record(request, "offer_not_delivered", "system", at, offer=offer.pk, code=code)
    _go_on_when_nobody_thinks(request, at)
    return True


def _go_on_when_nobody_thinks(request: ServiceRequest, at: datetime, *, noted: Sequence[int] = ()) -> None:
    if request.status != RequestStatus.SEARCHING:
        return
    if Offer.objects.filter(request=request, status=OfferStatus.OPEN).exists():
        return
    Wave.objects.filter(request=request, closed_at__isnull=True).update(closed_at=at)
    start_search(request, at=at, noted=noted)


def expire_offers(at: datetime) -> int:
    """End the waves whose time is over and send the next; returns how many ended."""
    due = Wave.objects.filter(closed_at__isnull=True, ends_at__lte=at).order_by("ends_at")
    return sweeps.each("expire_offers", list(due.values_list("request_id", flat=True)[:100]), _end_wave, at=at)


def _end_wave(request_id: int, at: datetime) -> int:
    request = (
        ServiceRequest.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
        .select_related("customer__contact")
        .filter(pk=request_id)
        .first()
    )
    if request is None:
        return 0  # an acceptance or another worker is at it
    ended = Wave.objects.filter(request=request, closed_at__isnull=True, ends_at__lte=at).update(closed_at=at)
    if not ended:
        return 0
    silent, unsent = _expire_unanswered(request, at)
    timeline.record(request, "wave_ended", "system", at, silent=len(silent), unsent=unsent)
    if request.status == RequestStatus.SEARCHING:
        start_search(request, at=at, noted=silent)
    for provider_id in silent:
        silence.note_unanswered(provider_id, at=at)
    return 1


def _expire_unanswered(request: ServiceRequest, at: datetime) -> tuple[list[int], int]:
    """The providers who left their offer unanswered, and how many offers never left us: their silence is ours."""
    late = Offer.objects.filter(request=request, status=OfferStatus.OPEN, expires_at__lte=at)
    providers = dict(late.values_list("pk", "provider_id"))
    unsent = asked.unsent_offers(providers)
    Offer.objects.filter(pk__in=unsent).move(OfferStatus.UNREACHABLE, answered_at=at)
    late.move(OfferStatus.EXPIRED)
    return sorted(provider for pk, provider in providers.items() if pk not in unsent), len(unsent)


def search_again(request_id: int, *, at: datetime, noted: Sequence[int] = ()) -> int:
    """Back to searching after nobody was found or a job failed; returns the offers made. `noted`: see start_search."""
    with transaction.atomic():
        request = (
            ServiceRequest.objects.select_for_update(no_key=True, of=("self",))
            .select_related("customer__contact")
            .get(pk=request_id)
        )
        if request.status == RequestStatus.MATCHED:  # a new search has time of its own
            request.expires_at = at + SEARCH_FOR[Urgency(request.urgency)]
        if not ServiceRequest.objects.filter(pk=request_id).move(
            RequestStatus.SEARCHING, expires_at=request.expires_at
        ):
            return 0
        request.status = RequestStatus.SEARCHING
        timeline.record(request, "searching_again", "system", at)
        return start_search(request, at=at, noted=noted)


@transaction.atomic
def widen(request_id: int, *, by: str, at: datetime) -> int:
    """Ask those who take emergencies for a request that waits, as staff approve; returns the offers made.

    Zero: it does not wait, or nobody is there; then nothing changes, so that the customer is not told twice.
    """
    rows = ServiceRequest.objects.select_for_update(no_key=True, of=("self",)).select_related("customer__contact")
    request = rows.get(pk=request_id)
    is_somebody_there = matching.find_candidates(
        match_runs.need_of(request), Level.EMERGENCY, at, 1, near_misses=False
    ).chosen
    if request.status != RequestStatus.WAITING or not is_somebody_there:
        return 0
    ServiceRequest.objects.filter(pk=request_id).move(RequestStatus.SEARCHING)
    request.status = RequestStatus.SEARCHING
    timeline.record(request, "widened", by, at)
    return start_search(request, at=at, is_widened=True)


def retry_waiting(at: datetime) -> int:
    """Look again for requests for which nobody was found; only where somebody is there now, so that nobody is told twice.

    Returns the offers made. In no order: however many wait, each has its turn.
    """
    waiting = ServiceRequest.objects.filter(status=RequestStatus.WAITING, expires_at__gt=at).order_by("?")
    return sweeps.each("retry_waiting", list(waiting.values_list("pk", flat=True)[:100]), _retry, at=at)


def widest(request: ServiceRequest) -> Level:
    """How wide a search goes by itself."""
    return Level.EMERGENCY if request.urgency == Urgency.EMERGENCY else Level.BROAD


def _retry(request_id: int, at: datetime) -> int:
    request = ServiceRequest.objects.select_related("customer__contact").get(pk=request_id)
    level = widest(request)
    is_somebody_there = matching.find_candidates(match_runs.need_of(request), level, at, 1, near_misses=False).chosen
    return search_again(request_id, at=at) if is_somebody_there else 0
