"""Who could do this job, now and here: exact, broad and emergency, with a reason for everybody near.

Values in, values out: nothing is stored here. Whoever asks keeps the result with the request it was for.
"""

from collections.abc import Iterable, Sequence
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
    "find_with_each",
    "judge",
]

EMERGENCY: Final = "emergency"  # the urgency for which people on call are woken at any hour
NEIGHBOUR_KM: Final = 5.0  # zones whose centres are nearer are called neighbours
BROAD_REACH_KM: Final = 15.0  # zones outside the city that the broad level looks into
EMERGENCY_REACH_KM: Final = 40.0
EMERGENCY_RADIUS_KM: Final = 30  # whoever takes emergencies comes from so far at least, on the emergency level
POOL: Final = 24  # people of one cell who are compared: whoever has waited longest for an offer
READ_AT_MOST: Final = 120  # rows that one match compares; somebody who stands in several cells comes several times
NEAR_MISSES: Final = 12
SHARED_FROM: Final = 2  # with so many places or more, one goes to the head of a line too long to compare


# The nearest miss first: what an hour changes before what only staff can change.
_OUTSCORED: Final = LeftOut.OUTSCORED.value
_DOUBTFUL: Final = LeftOut.DOUBTFUL_NUMBER.value
_NEARNESS: Final = {reason: rank for rank, reason in enumerate(LeftOut.values)}


class _Row(NamedTuple):
    """A row of the statement in `matching_query.POOL`, column by column; it has all `scoring.Facts` by their names."""

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
    left_out: str


class _Scored(NamedTuple):
    """A row and its score."""

    row: _Row
    points: float


def find_candidates(
    need: Need, level: str, at: datetime, limit: int, *, weights: scoring.Weights = scoring.DEFAULT_WEIGHTS
) -> MatchResult:
    """The `limit` best providers for `need` at `at`, and at most 12 near misses, by two queries.

    Where more may come than are compared, those who have waited longest are, and one place goes to the very first in
    line: so an offer reaches everybody in the end, however many there are. An unknown service or zone finds nobody.
    Other `weights` answer "what if".
    """
    return find_with_each(need, level, at, limit, weights=[weights])[0]


def find_with_each(
    need: Need, level: str, at: datetime, limit: int, *, weights: Sequence[scoring.Weights]
) -> list[MatchResult]:
    """What each of these weights would make of the same people, who are read once."""
    rows = _once_each(_ask(matching_query.POOL, need, level, at))
    choices = [_choose(rows, at, max(limit, 0), one) for one in weights]
    people = _names(entry.row.provider_id for chosen, others in choices for entry in (*chosen, *others))
    return [
        MatchResult(
            str(level),
            at,
            tuple(_candidate(entry, *people[entry.row.provider_id], level, at, one) for entry in chosen),
            tuple(_near_miss(entry, people[entry.row.provider_id][0]) for entry in others),
        )
        for one, (chosen, others) in zip(weights, choices, strict=True)
    ]


def _choose(
    rows: list[_Row], at: datetime, limit: int, weights: scoring.Weights
) -> tuple[list[_Scored], list[_Scored]]:
    """The chosen, and the near misses."""
    fitting = [_Scored(row, scoring.points(row, at, weights)) for row in rows if not row.left_out]
    first_in_line = fitting[0] if fitting else None
    fitting.sort(key=lambda entry: (-entry.points, entry.row.distance_km, entry.row.provider_id))
    if first_in_line and len(fitting) >= POOL and limit >= SHARED_FROM:
        fitting.remove(first_in_line)
        better = sum(entry.points > first_in_line.points for entry in fitting)
        fitting.insert(min(limit - 1, better), first_in_line)
    left_out = sorted((row for row in rows if row.left_out), key=lambda row: _NEARNESS[row.left_out])[:NEAR_MISSES]
    misses = fitting[limit:] + [_Scored(row, scoring.points(row, at, weights)) for row in left_out]
    misses.sort(key=lambda entry: (_NEARNESS[_why_not(entry.row)], -entry.points))
    return fitting[:limit], _varied(misses)


def _names(provider_ids: Iterable[int]) -> dict[int, tuple[str, str]]:
    """Names and numbers of those who are named, by id."""
    with connection.cursor() as cursor:
        cursor.execute(matching_query.NAMES, [list(set(provider_ids))])
        return {pk: (name, number) for pk, name, number in cursor.fetchall()}


def _once_each(rows: list[Any]) -> list[_Row]:
    """Each provider in the best of the cells where the statement found it."""
    best: dict[int, _Row] = {}
    for values in rows:
        row = _Row._make(values)
        known = best.get(row.provider_id)
        if known is None or (known.left_out and not row.left_out):
            best[row.provider_id] = row
    return list(best.values())


def count_by_reason(need: Need, level: str, at: datetime) -> dict[str, int]:
    """How many providers of this service and place fall to which reason; "" counts those who may come.

    Reads all of them: meant for after the offers went out.
    """
    return dict(_ask(matching_query.LEFT_OUT_COUNTS, need, level, at))


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
    rows = _ask(matching_query.ONE, need, level, at, provider_id=provider_id)
    if not rows:
        return Verdict(may_come=False, reason=LeftOut.NOT_COVERING.value)
    row = _Row._make(rows[0])
    points, parts = scoring.score(row, at, weights)
    reason = row.left_out or _fit(row).value
    return Verdict(not row.left_out, reason, points, parts, round(row.distance_km, 2))


def _ask(
    statement: str,
    need: Need,
    level: str,
    at: datetime,
    *,
    provider_id: int | None = None,
) -> list[Any]:
    weekday, time = availability.local_moment(at)
    located = need.latitude is not None and need.longitude is not None
    parameters: matching_query.Parameters = {
        "service_id": need.service_id,
        "zone_id": need.zone_id,
        "latitude": need.latitude if located else None,
        "longitude": need.longitude if located else None,
        "exclude": list(need.exclude),
        "widened": level != Level.EXACT,
        "reach_km": EMERGENCY_REACH_KM if level == Level.EMERGENCY else BROAD_REACH_KM,
        "on_call": level == Level.EMERGENCY or need.urgency == EMERGENCY,
        "emergency_radius_km": EMERGENCY_RADIUS_KM if level == Level.EMERGENCY else 0,
        "provider_id": provider_id,
        "at": at,
        "today": timezone.localdate(at),
        "weekday": weekday,
        "time": time,
        "end_of_day": availability.END_OF_DAY,
        "pool": POOL,
        "read_at_most": READ_AT_MOST,
        "near_misses": NEAR_MISSES,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        rows: list[Any] = cursor.fetchall()
        return rows


def _candidate(
    entry: _Scored, name: str, phone_number: str, level: str, at: datetime, weights: scoring.Weights
) -> Candidate:
    points, parts = scoring.score(entry.row, at, weights)
    return Candidate(
        provider_id=entry.row.provider_id,
        phone_number=phone_number,
        name=name,
        level=str(level),
        score=points,
        score_parts=parts,
        distance_km=round(entry.row.distance_km, 2),
        reason=_fit(entry.row).value,
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


def _near_miss(entry: _Scored, name: str) -> NearMiss:
    return NearMiss(entry.row.provider_id, name, entry.points, round(entry.row.distance_km, 2), _why_not(entry.row))


def _why_not(row: _Row) -> str:
    return row.left_out or (_DOUBTFUL if row.phone_doubtful else _OUTSCORED)


def _varied(misses: list[_Scored]) -> list[_Scored]:
    """At most `NEAR_MISSES`, and of those who were merely outscored no more than half while others wait."""
    outscored: list[_Scored] = []
    others: list[_Scored] = []
    for miss in misses:
        (outscored if _why_not(miss.row) == _OUTSCORED else others).append(miss)
    room = max(NEAR_MISSES // 2, NEAR_MISSES - len(others))
    return (outscored[:room] + others)[:NEAR_MISSES]
