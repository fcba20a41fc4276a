"""How well a provider fits a request, as a number between 0 and 1: pure, and explained part by part."""

import math
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Final, NamedTuple, Protocol

from providers.models import USUAL_REPLY

RATING_PRIOR: Final = 4.0  # stars of somebody nobody has rated yet
RATING_PRIOR_WEIGHT: Final = 5.0  # ratings that this belief is worth
# The prior Beta(4, 3) puts the chance of acceptance of a newcomer at 57 %, so that new ones are not buried.
ACCEPTED_PRIOR: Final = 4.0
DECLINED_PRIOR: Final = 3.0
DISTANCE_SCALE_KM: Final = 8.0  # at this distance the part falls to 1/e
FAIRNESS_SCALE_HOURS: Final = 12.0  # after so long without an offer the part has risen to 1 - 1/e
PROMPT_SCALE_SECONDS: Final = 600.0
RELATED_SERVICE_FACTOR: Final = 0.6  # somebody of a related trade
DOUBTFUL_NUMBER_FACTOR: Final = 0.5  # somebody whose number may be wrong


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; only the relations matter, since the score is divided by their sum."""

    distance: float = 0.26
    rating: float = 0.09
    acceptance: float = 0.04
    load: float = 0.35
    fairness: float = 0.34
    response: float = 0.03

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """The parts of a score that have a weight."""
        return tuple(field.name for field in fields(cls))


DEFAULT_WEIGHTS: Final = Weights()


class Facts(NamedTuple):
    """What the score is made of."""

    distance_km: float
    rating_sum: int = 0
    rating_count: int = 0
    offers_made: int = 0
    offers_accepted: int = 0
    open_jobs: int = 0
    last_offer_at: datetime | None = None
    same_service: bool = True
    phone_doubtful: bool = False
    reply_seconds: int = USUAL_REPLY


class Scorable(Protocol):
    """Whatever has the facts of a score by their names; reading them where they are spares a copy of each."""

    @property
    def distance_km(self) -> float: ...
    @property
    def rating_sum(self) -> int: ...
    @property
    def rating_count(self) -> int: ...
    @property
    def offers_made(self) -> int: ...
    @property
    def offers_accepted(self) -> int: ...
    @property
    def open_jobs(self) -> int: ...
    @property
    def last_offer_at(self) -> datetime | None: ...
    @property
    def same_service(self) -> bool: ...
    @property
    def phone_doubtful(self) -> bool: ...
    @property
    def reply_seconds(self) -> int: ...


def score(facts: Scorable, at: datetime, weights: Weights = DEFAULT_WEIGHTS) -> tuple[float, dict[str, float]]:
    """The score and its parts, each between 0 (bad) and 1 (good), rounded to four places.

    score = sum(weight * part) / sum(weights), times the factors `service` and `number` (1 where nothing speaks
    against the provider). Raises `ValueError` when no weight is above zero.
    """
    parts = {
        "distance": _nearness(facts.distance_km),
        "rating": (smoothed_rating(facts.rating_sum, facts.rating_count) - 1) / 4,
        "acceptance": chance_of_acceptance(facts.offers_made, facts.offers_accepted),
        "load": 1 / (1 + facts.open_jobs),
        "fairness": fairness(facts.last_offer_at, at),
        "response": promptness(facts.reply_seconds),
        "service": 1.0 if facts.same_service else RELATED_SERVICE_FACTOR,
        "number": DOUBTFUL_NUMBER_FACTOR if facts.phone_doubtful else 1.0,
    }
    return points(facts, at, weights), {name: round(part, 4) for name, part in parts.items()}


def points(facts: Scorable, at: datetime, weights: Weights = DEFAULT_WEIGHTS) -> float:
    """The score alone: for the many who are compared, of whom few are chosen."""
    w = weights
    total = w.distance + w.rating + w.acceptance + w.load + w.fairness + w.response
    if total <= 0 or min(w.distance, w.rating, w.acceptance, w.load, w.fairness, w.response) < 0:
        raise ValueError(f"The weights are {weights}, but none may be negative and one must be above zero.")
    weighted = (
        w.distance * _nearness(facts.distance_km)
        + w.rating * (smoothed_rating(facts.rating_sum, facts.rating_count) - 1) / 4
        + w.acceptance * chance_of_acceptance(facts.offers_made, facts.offers_accepted)
        + w.load / (1 + facts.open_jobs)
        + w.fairness * fairness(facts.last_offer_at, at)
        + w.response * promptness(facts.reply_seconds)
    ) / total
    if not facts.same_service:
        weighted *= RELATED_SERVICE_FACTOR
    if facts.phone_doubtful:
        weighted *= DOUBTFUL_NUMBER_FACTOR
    return round(weighted, 4)


def _nearness(distance_km: float) -> float:
    return math.exp(-max(distance_km, 0.0) / DISTANCE_SCALE_KM)


def smoothed_rating(rating_sum: int, rating_count: int) -> float:
    """Mean of the ratings (1 to 5 stars), drawn towards `RATING_PRIOR` while they are few."""
    return (rating_sum + RATING_PRIOR * RATING_PRIOR_WEIGHT) / (rating_count + RATING_PRIOR_WEIGHT)


def chance_of_acceptance(offers_made: int, offers_accepted: int) -> float:
    """Expected share of offers that are accepted: the mean of the Beta distribution after what was seen."""
    return (offers_accepted + ACCEPTED_PRIOR) / (offers_made + ACCEPTED_PRIOR + DECLINED_PRIOR)


def promptness(reply_seconds: int) -> float:
    """1 for an answer in no time, 1/e for one in `PROMPT_SCALE_SECONDS`."""
    return math.exp(-reply_seconds / PROMPT_SCALE_SECONDS)


def fairness(last_offer_at: datetime | None, at: datetime) -> float:
    """0 for somebody who just had an offer, rising to 1 for somebody who has waited long or never had any."""
    if last_offer_at is None:
        return 1.0
    hours = max((at - last_offer_at).total_seconds(), 0.0) / 3600
    return 1 - math.exp(-hours / FAIRNESS_SCALE_HOURS)
