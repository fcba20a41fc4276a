"""How well a provider fits a request, as a number between 0 and 1, explained part by part.

The formula stands here twice, because the database ranks and people are told why: `score` says the parts of the few
who are named, `POINTS` is the same sum for PostgreSQL, which ranks all who are compared. A test holds the two together.
"""

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
DISTANCE_SCALE_KM: Final = 25.0  # at this distance the part falls to 1/e
OFFERS_FADE_HOURS: Final = 48.0  # after so long an offer counts 1/e
JOB_IN_OFFERS: Final = 2.0  # whoever takes an offer has had so many more: jobs are what should be shared
FAIRNESS_SCALE_OFFERS: Final = 8.0  # with so many offers lately the part has fallen to 1/e
PROMPT_SCALE_SECONDS: Final = 600.0
RELATED_SERVICE_FACTOR: Final = 0.6  # somebody of a related trade
DOUBTFUL_NUMBER_FACTOR: Final = 0.5  # somebody whose number may be wrong


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much; only the relations matter, since the score is divided by their sum."""

    distance: float = 0.50
    rating: float = 0.07
    acceptance: float = 0.03
    load: float = 0.26
    fairness: float = 0.13
    response: float = 0.01

    def shares(self) -> tuple[float, ...]:
        """Each weight as its share of all. Raises `ValueError` unless one is above zero and none below."""
        values = [getattr(self, name) for name in self.names()]
        if sum(values) <= 0 or min(values) < 0:
            raise ValueError(f"The weights are {self}, but none may be negative and one must be above zero.")
        return tuple(value / sum(values) for value in values)

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
    offers_lately: float = 0.0  # and jobs, as of the last offer, which counts 1
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
    def offers_lately(self) -> float: ...
    @property
    def same_service(self) -> bool: ...
    @property
    def phone_doubtful(self) -> bool: ...
    @property
    def reply_seconds(self) -> int: ...


def score(facts: Scorable, at: datetime, weights: Weights = DEFAULT_WEIGHTS) -> tuple[float, dict[str, float]]:
    """The score and its parts, each between 0 (bad) and 1 (good), rounded to four places.

    score = sum(share of the weight * part), times the factors `service` and `number` (1 where nothing speaks against the
    provider). Raises `ValueError` when no weight is above zero.
    """
    parts = {
        "distance": _nearness(facts.distance_km),
        "rating": (smoothed_rating(facts.rating_sum, facts.rating_count) - 1) / 4,
        "acceptance": chance_of_acceptance(facts.offers_made, facts.offers_accepted),
        "load": 1 / (1 + facts.open_jobs),
        "fairness": fairness(facts.offers_lately, facts.last_offer_at, at),
        "response": promptness(facts.reply_seconds),
    }
    factors = {
        "service": 1.0 if facts.same_service else RELATED_SERVICE_FACTOR,
        "number": DOUBTFUL_NUMBER_FACTOR if facts.phone_doubtful else 1.0,
    }
    total = sum(share * part for share, part in zip(weights.shares(), parts.values(), strict=True))
    total *= math.prod(factors.values())
    return round(total, 4), {name: round(part, 4) for name, part in (parts | factors).items()}


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


def fairness(offers_lately: float, last_offer_at: datetime | None, at: datetime) -> float:
    """1 for somebody who has had no offer for long, falling with each offer and each job of the last days.

    `offers_lately` is the count as of `last_offer_at` (`standing.note_offered`); it has faded since.
    """
    if last_offer_at is None:
        return 1.0
    hours = max((at - last_offer_at).total_seconds(), 0.0) / 3600
    # The last offer itself counts 1 also where nobody has counted yet.
    return math.exp(-max(offers_lately, 1.0) * math.exp(-hours / OFFERS_FADE_HOURS) / FAIRNESS_SCALE_OFFERS)


# `score` without its parts, of a row with the facts by their names (`is_the_service` for `same_service`, `km` for
# `distance_km`) and of %(weights)s, the shares. What fades stops at e^-50, because PostgreSQL refuses to underflow.
_FADED: Final = f"""exp(greatest(-50, least(0,
    extract(epoch FROM last_offer_at - %(at)s)::float8 / {OFFERS_FADE_HOURS * 3600!r})))"""
POINTS: Final = f"""(
    (%(weights)s::float8[])[1] * exp(greatest(-50, -greatest(km, 0) / {DISTANCE_SCALE_KM!r}::float8))
    + (%(weights)s::float8[])[2] * ((rating_sum + {RATING_PRIOR * RATING_PRIOR_WEIGHT!r}::float8)
        / (rating_count + {RATING_PRIOR_WEIGHT!r}::float8) - 1) / 4
    + (%(weights)s::float8[])[3] * (offers_accepted + {ACCEPTED_PRIOR!r}::float8)
        / (offers_made + {ACCEPTED_PRIOR + DECLINED_PRIOR!r}::float8)
    + (%(weights)s::float8[])[4] / (1 + open_jobs)
    + (%(weights)s::float8[])[5] * CASE WHEN last_offer_at IS NULL THEN 1
        ELSE exp(-greatest(offers_lately, 1) * {_FADED} / {FAIRNESS_SCALE_OFFERS!r}::float8) END
    + (%(weights)s::float8[])[6] * exp(-reply_seconds / {PROMPT_SCALE_SECONDS!r}::float8)
) * CASE WHEN is_the_service THEN 1 ELSE {RELATED_SERVICE_FACTOR!r}::float8 END
  * CASE WHEN phone_doubtful THEN {DOUBTFUL_NUMBER_FACTOR!r}::float8 ELSE 1 END"""
