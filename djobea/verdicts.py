"""What the checks of the system's health say: one component each, and the verdict on the whole."""

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from django.conf import settings
from django.utils.translation import gettext as _


class State(StrEnum):
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    CRITICAL = "critical"


ORDER: Final = (State.HEALTHY, State.DEGRADED, State.CRITICAL)


@dataclass(frozen=True)
class Component:
    """One part of the system: how it is, the evidence, and what a person can do.

    `figure` is what was measured and `threshold` where it begins to be unwell, in the same unit, which `evidence`
    names. A part that is not `vital` makes the whole at most degraded: the others do their work without it.
    """

    name: str
    state: State
    evidence: str
    remedy: str = ""
    since: datetime | None = None
    figure: float | None = None
    threshold: float | None = None
    vital: bool = True

    @property
    def label(self) -> str:
        """The name for people."""
        kind, _colon, which = self.name.partition(":")
        if kind == "channel":
            return _("channel %s") % which
        if kind == "availability":
            return _("providers in %s") % which
        names = {
            "database": _("database"),
            "pool": _("connection pool"),
            "workers": _("workers"),
            "inbox": _("inbox"),
            "queue": _("queue"),
            "matching": _("matching"),
            "audit": _("self-audit"),
        }
        return names.get(kind, self.name)

    @property
    def weight(self) -> State:
        """What the part means for the whole."""
        return self.state if self.vital or self.state == State.HEALTHY else State.DEGRADED


@dataclass(frozen=True)
class Verdict:
    """The state of the whole, and of its parts."""

    components: tuple[Component, ...]

    @property
    def status(self) -> State:
        """As sick as the sickest vital part."""
        return max((component.weight for component in self.components), key=ORDER.index, default=State.HEALTHY)

    def as_json(self) -> dict[str, Any]:
        """What `/health/ready/` answers."""
        return {"status": self.status, "components": [asdict(component) for component in self.components]}


def limit(name: str) -> int:
    """A threshold, from the setting HEALTH_THRESHOLDS; its name ends with the unit."""
    return int(settings.HEALTH_THRESHOLDS[name])


def by_age(name: str, oldest: datetime | None, at: datetime, remedy: str) -> Component:
    """A part whose work should be done within `late_seconds`; `oldest` is since when something waits, if anything."""
    seconds = max((at - oldest).total_seconds(), 0.0) if oldest else 0.0
    late, very_late = limit("late_seconds"), limit("very_late_seconds")
    state = State.CRITICAL if seconds > very_late else State.DEGRADED if seconds > late else State.HEALTHY
    evidence = _("the oldest has waited %(seconds)d s") % {"seconds": seconds} if oldest else _("empty")
    is_well = state == State.HEALTHY
    return Component(name, state, evidence, "" if is_well else remedy, None if is_well else oldest, seconds, late)
