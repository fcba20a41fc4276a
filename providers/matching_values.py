"""What matching takes and gives: the need, the levels, the reasons, and what was found."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Level(TextChoices):
    """How wide the search is; each level holds what the one before it found."""

    EXACT = "exact", _("Exact")  # offers the service, covers the zone
    BROAD = "broad", _("Broad")  # neighbouring zones, then the city; related services
    EMERGENCY = "emergency", _("Emergency")  # and those who take emergencies, at any hour, anywhere in reach


class Fit(TextChoices):
    """Why somebody was chosen."""

    COVERS_ZONE = "covers_zone", _("Does this service in this zone")
    NEIGHBOURING_ZONE = "neighbouring_zone", _("Does this service in a neighbouring zone")
    SAME_CITY = "same_city", _("Does this service elsewhere in the city")
    NEARBY_CITY = "nearby_city", _("Does this service in a city nearby")
    RELATED_SERVICE = "related_service", _("Does a related service")
    ON_CALL = "on_call", _("Takes emergencies outside working hours")


class LeftOut(TextChoices):
    """Why somebody was not."""

    OUTSCORED = "outscored", _("Others fit better")
    DOUBTFUL_NUMBER = "doubtful_number", _("Comes after the others: the number is doubtful")
    OUTSIDE_HOURS = "outside_hours", _("Outside working hours")
    OUT_OF_REACH = "out_of_reach", _("Too far away")
    AT_CAPACITY = "at_capacity", _("Has enough jobs today")
    UNAVAILABLE = "unavailable", _("Away")
    ALREADY_ASKED = "already_asked", _("Was asked already")
    NOT_VERIFIED = "not_verified", _("Identity not checked")
    NOT_APPROVED = "not_approved", _("Waiting for approval")
    ON_HOLD = "on_hold", _("On hold")
    SUSPENDED = "suspended", _("Suspended")
    NOT_COVERING = "not_covering", _("Does not do this service here")  # answered by judge() only


@dataclass(frozen=True, slots=True)
class Need:
    """What is wanted, and where. A shared location counts more than the centre of the zone."""

    service_id: int
    zone_id: int
    urgency: str = ""  # "emergency" calls those on call; other values change nothing here
    latitude: float | None = None
    longitude: float | None = None
    exclude: tuple[int, ...] = ()  # ids of providers who were asked before


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody who should get the offer."""

    provider_id: int
    phone_number: str
    name: str
    level: str
    score: float
    score_parts: dict[str, float]
    distance_km: float
    reason: str  # a Fit


@dataclass(frozen=True, slots=True)
class NearMiss:
    """Somebody who came near, and why it was not enough; `score` as if nothing spoke against it."""

    provider_id: int
    name: str
    score: float
    distance_km: float
    reason: str  # a LeftOut


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one search makes of one provider: "why not this one?"."""

    may_come: bool
    reason: str  # a Fit for whoever may come, else a LeftOut
    score: float = 0.0  # as if nothing spoke against it
    score_parts: dict[str, float] = field(default_factory=dict)
    distance_km: float | None = None


@dataclass(frozen=True, slots=True)
class MatchResult:
    """What one search found: the best first."""

    level: str
    at: datetime
    chosen: tuple[Candidate, ...]
    near_misses: tuple[NearMiss, ...]

    def as_json(self) -> dict[str, Any]:
        """Plain values for a JSON column: `level`, `at`, `chosen` and `near_misses`."""
        return {
            "level": self.level,
            "at": self.at.isoformat(),
            "chosen": [asdict(candidate) for candidate in self.chosen],
            "near_misses": [asdict(miss) for miss in self.near_misses],
        }
