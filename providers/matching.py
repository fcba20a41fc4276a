"""Who could do this job, now and here: exact, broad and emergency, with a reason for everybody near.

Values in, values out: nothing is stored here. Whoever asks keeps the result with the request it was for.
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple

from django.db import connection
from django.utils import timezone

from providers import availability, matching_query, scoring
from providers.matching_values import Candidate, Fit, LeftOut, Level, MatchResult, NearMiss, Need, Verdict

__all__ = [
    "Candidate",
    "Fit",
    "LeftOut",
    "Level",
    "MatchResult",
    "NearMiss",
    "Need",
    "Verdict",
    "count_by_reason",
    "count_the_rest",
    "find_candidates",
    "find_near_misses",
    "judge",
]

EMERGENCY: Final = "emergency"  # the urgency for which people on call are woken at any hour
NEIGHBOUR_KM: Final = 5.0  # zones whose centres are nearer are called neighbours
BROAD_REACH_KM: Final = 15.0  # zones outside the city that the broad level looks into
EMERGENCY_REACH_KM: Final = 40.0
_REACH_KM: Final = {Level.EXACT: None, Level.BROAD: BROAD_REACH_KM, Level.EMERGENCY: EMERGENCY_REACH_KM}
EMERGENCY_RADIUS_KM: Final = 30  # whoever takes emergencies comes from so far at least, on the emergency level


# The nearest miss first: what an hour changes before what only staff can change.
_OUTSCORED: Final = LeftOut.OUTSCORED.value
_DOUBTFUL: Final = LeftOut.DOUBTFUL_NUMBER.value
_NEARNESS: Final = {reason: rank for rank, reason in enumerate(LeftOut.values)}


class _Row(NamedTuple):
    """A row of `matching_query`, column by column; it has all `scoring.Facts` by their names."""

    provider_id: int
    phone_doubtful: bool
    same_service: bool
    is_the_zone: bool
    same_city: bool
    is_open: bool
    distance_km: float
    open_jobs: int
    offers_made: int
    offers_accepted: int
    rating_sum: int
    rating_count: int
    reply_seconds: int
    last_offer_at: datetime | None
    offers_lately: float
    points: float
    left_out: str
    name: str
    phone_number: str


def find_candidates(
    need: Need,
    level: str,
    at: datetime,
    limit: int,
    *,
    weights: scoring.Weights = scoring.DEFAULT_WEIGHTS,
    near_misses: bool = True,
) -> MatchResult:
    """The `limit` best providers for `need` at `at`, and at most 12 near misses, by one query for each of the two.

    Where more may come than are compared, those who have waited longest are, and one place goes to the very first in
    line: so an offer reaches everybody in the end, however many there are. An unknown service or zone finds nobody.
    Other `weights` answer "what if". Dispatch does without `near_misses` until the offers are out: `find_near_misses`.
    """
    limit = max(limit, 0)
    told = matching_query.READ_AT_MOST if near_misses else limit
    fitting = _ask(matching_query.MATCH, need, level, at, weights, places=limit, told=told)
    chosen = tuple(_candidate(row, level, at, weights) for row in fitting[:limit])
    if not near_misses:
        return MatchResult(str(level), at, chosen, ())
    left_out = _left_out(need, level, at, weights, apart_from={row.provider_id for row in fitting})
    return MatchResult(str(level), at, chosen, _near_misses(fitting[limit:] + left_out))


def find_near_misses(
    need: Need, level: str, at: datetime, *, chosen: Collection[int], weights: scoring.Weights = scoring.DEFAULT_WEIGHTS
) -> tuple[NearMiss, ...]:
    """At most 12 who came near at `at`, beside the `chosen` (ids): for after the offers went out. Two queries."""
    fitting = _ask(matching_query.MATCH, need, level, at, weights, told=matching_query.READ_AT_MOST)
    outscored = [row for row in fitting if row.provider_id not in chosen]
    known = {row.provider_id for row in fitting}.union(chosen)
    return _near_misses(outscored + _left_out(need, level, at, weights, apart_from=known))


def _left_out(
    need: Need, level: str, at: datetime, weights: scoring.Weights, *, apart_from: Collection[int]
) -> list[_Row]:
    """Each of them in the first, which is the best, of the cells where the statement found it."""
    rows = {row.provider_id: row for row in reversed(_ask(matching_query.BESIDE, need, level, at, weights))}
    return [row for row in reversed(rows.values()) if row.provider_id not in apart_from]


def count_by_reason(need: Need, level: str, at: datetime) -> dict[str, int]:
    """How many providers of this service and place fall to which reason; "" counts those who may come.

    Reads all of them: meant for after the offers went out.
    """
    return dict(_query(matching_query.LEFT_OUT_COUNTS, need, level, at, provider_id=None))


def count_the_rest(need: Need, level: str, at: datetime, *, chosen: int, near_misses: Iterable[str]) -> dict[str, int]:
    """The same for whoever was neither chosen nor a near miss: what a result does not name one by one.

    `chosen` is how many were, `near_misses` the reasons of the near misses. Whoever may come was outscored.
    """
    counts = count_by_reason(need, level, at)
    counts[LeftOut.OUTSCORED] = counts.pop("", 0) - chosen
    for reason in near_misses:
        counted_as = LeftOut.OUTSCORED if reason == LeftOut.DOUBTFUL_NUMBER else reason
        counts[counted_as] = counts.get(counted_as, 0) - 1
    return {str(reason): many for reason, many in sorted(counts.items(), key=_by_nearness) if many > 0}


def _by_nearness(counted: tuple[str, int]) -> int:
    return _NEARNESS[counted[0]]


def judge(
    need: Need,
    level: str,
    at: datetime,
    provider_id: int,
    *,
    weights: scoring.Weights = scoring.DEFAULT_WEIGHTS,
) -> Verdict:
    """What speaks for or against this one provider, and how it would score: "why not this one?"."""
    rows = _ask(matching_query.ONE, need, level, at, weights, provider_id=provider_id)
    if not rows:
        return Verdict(may_come=False, reason=LeftOut.NOT_COVERING.value)
    row = rows[0]
    points, parts = scoring.score(row, at, weights)
    reason = row.left_out or _fit(row).value
    return Verdict(not row.left_out, reason, points, parts, round(row.distance_km, 2))


def _ask(statement: str, need: Need, level: str, at: datetime, weights: scoring.Weights, **more: Any) -> list[_Row]:
    asked = {"weights": list(weights.shares()), "places": 0, "told": 0, **more}
    return [_Row._make(values) for values in _query(statement, need, level, at, **asked)]


def _query(statement: str, need: Need, level: str, at: datetime, **more: Any) -> list[Any]:
    located = need.latitude is not None and need.longitude is not None
    parameters: dict[str, Any] = {
        "service_id": need.service_id,
        "zone_id": need.zone_id,
        "latitude": need.latitude if located else None,
        "longitude": need.longitude if located else None,
        "exclude": list(need.exclude),
        "reach_km": _REACH_KM[Level(level)],
        "on_call": level == Level.EMERGENCY or need.urgency == EMERGENCY,
        "emergency_radius_km": EMERGENCY_RADIUS_KM if level == Level.EMERGENCY else 0,
        "at": at,
        "today": timezone.localdate(at),
        "second_of_week": availability.second_of_week(at),
        **more,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows


def _candidate(row: _Row, level: str, at: datetime, weights: scoring.Weights) -> Candidate:
    points, parts = scoring.score(row, at, weights)
    return Candidate(
        provider_id=row.provider_id,
        phone_number=row.phone_number,
        name=row.name,
        level=str(level),
        score=points,
        score_parts=parts,
        distance_km=round(row.distance_km, 2),
        reason=_fit(row).value,
    )


def _fit(row: _Row) -> Fit:
    if not row.is_open:
        return Fit.ON_CALL
    if not row.same_service:
        return Fit.RELATED_SERVICE
    if row.is_the_zone:
        return Fit.COVERS_ZONE
    if row.distance_km <= NEIGHBOUR_KM:
        return Fit.NEIGHBOURING_ZONE
    return Fit.SAME_CITY if row.same_city else Fit.NEARBY_CITY


def _near_misses(rows: list[_Row]) -> tuple[NearMiss, ...]:
    """The nearest first, at most 12, and of those who were merely outscored no more than half while others wait."""
    misses = [
        NearMiss(row.provider_id, row.name, round(row.points, 4), round(row.distance_km, 2), _why_not(row))
        for row in rows
    ]
    misses.sort(key=lambda miss: (_NEARNESS[miss.reason], -miss.score))
    outscored = [miss for miss in misses if miss.reason == _OUTSCORED]
    others = [miss for miss in misses if miss.reason != _OUTSCORED]
    many = matching_query.NEAR_MISSES
    return tuple((outscored[: max(many // 2, many - len(others))] + others)[:many])


def _why_not(row: _Row) -> str:
    return row.left_out or (_DOUBTFUL if row.phone_doubtful else _OUTSCORED)
