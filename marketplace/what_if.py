"""Questions of an operator about a search, answered without touching the request: "what if", "why not this one?"."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.db.models import Q

from marketplace import match_runs
from marketplace.models import ServiceRequest
from providers import matching, scoring
from providers.matching import Level, MatchResult, Need, Verdict
from providers.models import Provider

ASKED_ABOUT: Final = 10  # providers whom one name or number may mean


@dataclass(frozen=True, slots=True)
class Question:
    """A search as it might be: whatever differs from the request is the "what if"."""

    zone_id: int
    level: Level
    urgency: str
    at: datetime
    limit: int
    weights: scoring.Weights
    as_if_new: bool = True  # as if nobody had been asked yet


@dataclass(frozen=True, slots=True)
class Answer:
    """Whom that search would choose, who would come near, and how many would fall to which reason."""

    result: MatchResult
    counts: dict[str, int]


def search(request: ServiceRequest, question: Question) -> Answer:
    """Search as the question says; nothing is stored."""
    need = _need(request, question)
    result = matching.find_candidates(need, question.level, question.at, question.limit, weights=question.weights)
    misses = [miss.reason for miss in result.near_misses]
    counts = matching.count_the_rest(need, question.level, question.at, chosen=len(result.chosen), near_misses=misses)
    return Answer(result, counts)


def why_not(request: ServiceRequest, question: Question, name_or_number: str) -> list[tuple[Provider, Verdict]]:
    """What that search makes of the (at most ten) providers whom a name, a number or an id may mean."""
    need = _need(request, question)
    return [
        (provider, matching.judge(need, question.level, question.at, provider.pk, weights=question.weights))
        for provider in _meant(name_or_number.strip())
    ]


def _need(request: ServiceRequest, question: Question) -> Need:
    need = match_runs.need_of(request, as_if_new=question.as_if_new)
    moved = question.zone_id != request.zone_id
    return replace(
        need,
        zone_id=question.zone_id,
        urgency=question.urgency,
        # A shared location belongs to the zone that was asked for; in another one its centre counts.
        latitude=None if moved else need.latitude,
        longitude=None if moved else need.longitude,
    )


def _meant(text: str) -> Sequence[Provider]:
    if not text:
        return []
    bare = text.removeprefix("#")
    if text.startswith("#") and bare.isdecimal() and len(bare) <= 18:  # noqa: PLR2004  digits of a bigint
        return list(Provider.objects.filter(pk=int(bare)))
    digits = "".join(letter for letter in text if letter.isdigit())
    meant = Q(name__icontains=text)
    if len(digits) >= 4:  # noqa: PLR2004  fewer digits are in everybody's number
        meant |= Q(phone_number__contains=digits)
    return list(Provider.objects.filter(meant).order_by("name", "pk")[:ASKED_ABOUT])
