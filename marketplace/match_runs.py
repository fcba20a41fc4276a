"""Every look for providers, kept with what it asked and why each was chosen; near misses and the rest come later."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from marketplace import asked, sweeps
from marketplace.models import MatchRun, ServiceRequest
from providers import matching, weights
from providers.matching import Candidate, Level, MatchResult, Need
from providers.models import Provider

EXPLAINED_AT_ONCE: Final = 50


def need_of(request: ServiceRequest, *, as_if_new: bool = False) -> Need:
    """What this request needs; `as_if_new` leaves out nobody for having been asked, except the customer's own self."""
    return Need(
        service_id=request.service_id,
        zone_id=request.zone_id,
        urgency=request.urgency,
        latitude=request.latitude,
        longitude=request.longitude,
        exclude=asked.own(request) if as_if_new else asked.not_to_ask(request),
    )


def need_in(run: MatchRun) -> Need:
    """What a stored run asked."""
    facts: dict[str, Any] = {**run.need, "exclude": tuple(run.need["exclude"])}
    return Need(**facts)


def look(request: ServiceRequest, level: Level, limit: int, *, at: datetime) -> tuple[MatchRun, MatchResult]:
    """Look for the `limit` best providers on one level and keep them, in the caller's transaction.

    Near misses and counts follow when the offers are out: `explain`.
    """
    need = need_of(request)
    result = matching.find_candidates(need, level, at, limit, weights=weights.in_force(), near_misses=False)
    run = MatchRun.objects.create(
        request=request,
        level=result.level,
        ran_at=at,
        need=asdict(need),
        sought=limit,
        chosen=result.as_json()["chosen"],
    )
    return run, result


def note_one(
    request: ServiceRequest, level: Level, provider: Provider, *, at: datetime
) -> tuple[MatchRun, MatchResult]:
    """Keep that this one provider was chosen, whatever speaks against it: it came back, or staff decide so."""
    need = need_of(request, as_if_new=True)
    verdict = matching.judge(need, level, at, provider.pk, weights=weights.in_force())
    one = Candidate(
        provider_id=provider.pk,
        phone_number=provider.phone_number,
        name=provider.name,
        level=str(level),
        score=verdict.score,
        score_parts=verdict.score_parts,
        distance_km=verdict.distance_km or 0.0,
        reason=verdict.reason,
    )
    run = MatchRun.objects.create(
        request=request, level=level, ran_at=at, need=asdict(need), sought=1, chosen=[asdict(one)], counted_at=at
    )
    return run, MatchResult(str(level), at, (one,), ())


def level_reached(request: ServiceRequest) -> Level:
    """How wide the search has become."""
    last = MatchRun.objects.filter(request=request).order_by("-pk").values_list("level", flat=True).first()
    return Level(last) if last else Level.EXACT


def explain(at: datetime) -> int:
    """Add to new runs who came near, and count by reason whoever is not named; returns how many were done.

    Done after the offers went out, because it reads every provider of the service and nobody waits for it. Hours and
    absences are judged at the time of the run, all else as it is now.
    """
    due = MatchRun.objects.filter(counted_at__isnull=True).order_by("pk").values_list("pk", flat=True)
    return sweeps.each("explain", list(due[:EXPLAINED_AT_ONCE]), _explain, at=at)


def _explain(pk: int, at: datetime) -> int:
    run = MatchRun.objects.filter(counted_at__isnull=True).filter(pk=pk).first()
    if run is None:
        return 0
    found: dict[str, Any] = {"counts": {}}
    if run.need:  # runs of before it was kept cannot be explained
        need, chosen = need_in(run), {candidate["provider_id"] for candidate in run.chosen}
        misses = matching.find_near_misses(need, run.level, run.ran_at, chosen=chosen, weights=weights.in_force())
        found = {
            "near_misses": [asdict(miss) for miss in misses],
            "counts": matching.count_the_rest(
                need, run.level, run.ran_at, chosen=len(chosen), near_misses=[miss.reason for miss in misses]
            ),
        }
    return MatchRun.objects.filter(pk=pk, counted_at__isnull=True).update(**found, counted_at=at)
