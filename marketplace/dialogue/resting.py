"""Half-written requests of talks that have ended: they rest, and are offered when the person comes back."""

from providers.models import Service, Zone

from . import asking
from .turn import Draft, Reply, Turn


def told(turn: Turn) -> tuple[Service, Zone | None]:
    """What the draft that rests is about."""
    draft = Draft.from_slots(turn.slots["resting"])
    return asking.offered_services(draft.services)[0], asking.zone_of(draft.zone)


def drop_unknown(turn: Turn) -> None:
    """Forget a draft that rests whose service is offered no more."""
    resting = turn.slots.get("resting")
    if resting and not asking.offered_services(Draft.from_slots(resting).services):
        turn.slots.pop("resting")


def resume(turn: Turn) -> Reply | None:
    """Go on with it; `None`: there is none."""
    resting = turn.slots.pop("resting", None)
    if not resting:
        return None
    turn.draft = Draft.from_slots(resting)
    return asking.next_question(turn)
