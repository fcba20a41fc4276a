"""A town for the dispatch simulation: who asks when and where, and how providers answer. Seeded; knows no policy.

Requests: a number a day in two peaks (8:30 and 17:30), five services whose demand falls off exponentially, urgency
20/30/50 % (emergency, today, other) with exponential patience of mean 25 min, 90 min and 4 h. Providers: one or two
services, a home in one of Douala's zones; one sees an offer with probability Beta(4, 2), 7 % less with each offer of the
day, accepts with probability Beta(4, 3) x 1.25 exp(-km / 20), replies after a lognormal time (median 4 min, sigma 0.8) and
works 90 min.

Whether somebody sees and wants an offer is drawn from the pair of request and provider alone, so that all policies meet
the same people.
"""

import csv
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ZONES: Final = Path(__file__).resolve().parent.parent / "providers" / "data" / "zones.csv"
MINUTE: Final = 60.0
DAY: Final = 24 * 60 * MINUTE
PEAKS: Final = (8.5, 17.5)  # hours
PEAK_SPREAD: Final = 1.5
SERVICES: Final = 5
DEMAND_FALLS: Final = 0.5  # of the exponent, from one service to the next
URGENCIES: Final = (
    ("emergency", 0.2, 25.0),
    ("today", 0.3, 90.0),
    ("unspecified", 0.5, 240.0),
)  # share, patience in min
TIRES: Final = 0.93  # of seeing, with each offer of the day
EAGER: Final = 1.25
TRAVEL_KM: Final = 20.0
REPLY_MINUTES: Final = 4.0
REPLY_SIGMA: Final = 0.8
WORK: Final = 90 * MINUTE
EARTH_KM: Final = 6371.0


@dataclass(frozen=True, slots=True)
class Place:
    slug: str
    latitude: float
    longitude: float

    def km_to(self, other: "Place") -> float:
        """Great-circle distance (haversine)."""
        here, there = math.radians(self.latitude), math.radians(other.latitude)
        half = math.sin((there - here) / 2) ** 2 + math.cos(here) * math.cos(there) * (
            math.sin(math.radians(other.longitude - self.longitude) / 2) ** 2
        )
        return 2 * EARTH_KM * math.asin(math.sqrt(half))


@dataclass(slots=True)
class Worker:
    number: int
    home: Place
    services: tuple[int, ...]
    sees: float
    wants: float
    busy_until: float = 0.0
    offers_on: int = -1  # the day that `offers_today` counts
    offers_today: int = 0
    jobs: int = 0

    def is_free(self, at: float) -> bool:
        return self.busy_until <= at


@dataclass(slots=True)
class Wish:
    number: int
    at: float  # seconds since the first midnight
    service: int
    place: Place
    urgency: str
    leaves_at: float
    offers: set[int] = field(default_factory=set)
    matched_at: float | None = None
    worker: int | None = None
    late: int = 0  # acceptances that came to nothing

    def is_open(self, at: float) -> bool:
        return self.matched_at is None and self.at <= at < self.leaves_at


@dataclass(frozen=True, slots=True)
class Reply:
    after: float  # seconds
    accepts: bool


class Town:
    """People and wishes of one seed. `patience` and `seeing` stretch those two."""

    def __init__(
        self,
        seed: int,
        *,
        days: int = 14,
        a_day: int = 60,
        workers: int = 80,
        patience: float = 1.0,
        seeing: float = 1.0,
    ) -> None:
        self.seed, self.seeing = seed, seeing
        draw = random.Random(seed)
        places = douala()
        self.workers = [self._worker(draw, number, places) for number in range(workers)]
        self.wishes = sorted(
            (self._wish(draw, day, places, patience) for day in range(days) for _ in range(a_day)),
            key=lambda wish: wish.at,
        )
        for number, wish in enumerate(self.wishes):
            wish.number = number

    def _worker(self, draw: random.Random, number: int, places: Sequence[Place]) -> Worker:
        services = tuple(draw.sample(range(SERVICES), draw.choice((1, 2))))
        return Worker(number, draw.choice(places), services, draw.betavariate(4, 2), draw.betavariate(4, 3))

    def _wish(self, draw: random.Random, day: int, places: Sequence[Place], patience: float) -> Wish:
        hour = min(max(draw.gauss(draw.choice(PEAKS), PEAK_SPREAD), 0.0), 23.99)
        at = day * DAY + hour * 3600
        demand = [math.exp(-DEMAND_FALLS * service) for service in range(SERVICES)]
        service = draw.choices(range(SERVICES), demand)[0]
        urgency, _share, mean = draw.choices(URGENCIES, [share for _name, share, _mean in URGENCIES])[0]
        stays = draw.expovariate(1 / (mean * MINUTE * patience))
        return Wish(0, at, service, draw.choice(places), urgency, at + stays)

    def offered(self, wish: Wish, worker: Worker, at: float) -> Reply | None:
        """What becomes of an offer made at `at`; None: it is not seen, or not wanted enough for a word."""
        day = int(at // DAY)
        if worker.offers_on != day:
            worker.offers_on, worker.offers_today = day, 0
        seen = worker.sees * self.seeing * TIRES**worker.offers_today
        worker.offers_today += 1
        wish.offers.add(worker.number)
        draw = random.Random(f"{self.seed}:{wish.number}:{worker.number}")
        if draw.random() >= seen:
            return None
        wanted = worker.wants * EAGER * math.exp(-wish.place.km_to(worker.home) / TRAVEL_KM)
        accepts = draw.random() < wanted
        return Reply(MINUTE * draw.lognormvariate(math.log(REPLY_MINUTES), REPLY_SIGMA), accepts)


def douala() -> list[Place]:
    """The quarters of Douala, without the row that stands for the whole city."""
    with ZONES.open(encoding="utf-8") as rows:
        return [
            Place(row["slug"], float(row["lat"]), float(row["lon"]))
            for row in csv.DictReader(rows)
            if row["city"] == "Douala" and row["slug"] != "douala"
        ]
