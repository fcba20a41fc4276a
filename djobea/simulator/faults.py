"""What can go wrong, when it is switched on: the table of faults, and the board of those that are on."""

import random
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from djobea.simulator.clock import Clock


class Kind(NamedTuple):
    """A fault that the simulator knows."""

    name: str
    stage: str  # where it strikes: request, create, outcome, answer, callback, list, inbound
    title: dict[str, str]
    parameters: dict[str, Any]  # name -> first value


KINDS: Final = {
    kind.name: kind
    for kind in (
        Kind("unknown_sender", "create", {"fr": "Expéditeur inconnu (63007)", "en": "Unknown sender (63007)"}, {"listed": False}),
        Kind("daily_limit", "create", {"fr": "Limite du jour (63038)", "en": "Daily limit (63038)"}, {"limit": 50, "null_text": False}),
        Kind("window_closed", "outcome", {"fr": "Hors fenêtre de 24 h (63016)", "en": "Outside the window (63016)"}, {"code": 63016}),
        Kind("no_whatsapp", "outcome", {"fr": "Destinataire sans WhatsApp (63024)", "en": "Recipient without WhatsApp (63024)"}, {"code": 63024}),
        Kind("channel_rate", "create", {"fr": "Débit du canal (63018)", "en": "Channel rate (63018)"}, {"code": 63018, "where": "answer"}),
        Kind("opted_out", "create", {"fr": "Désinscrit (21610)", "en": "Opted out (21610)"}, {"code": 21610, "where": "answer"}),
        Kind("bad_credentials", "request", {"fr": "Identifiants refusés (20003)", "en": "Bad credentials (20003)"}, {}),
        Kind("too_many_requests", "request", {"fr": "Trop de requêtes (20429)", "en": "Too many requests (20429)"}, {"retry_after": 2, "above_per_second": 0}),
        Kind("server_error", "request", {"fr": "Panne de Twilio (5xx)", "en": "Twilio is down (5xx)"}, {"http_status": 500, "created": False, "html": False}),
        Kind("error", "create", {"fr": "Code au choix", "en": "Any code"}, {"code": 30008, "where": "callback", "http_status": 0, "message": ""}),
        Kind("slow", "request", {"fr": "Réponse lente", "en": "Slow answer"}, {"seconds": 5.0, "spread": 0.0, "all_calls": False}),
        Kind("cut_before", "create", {"fr": "Coupure avant acceptation", "en": "Cut before acceptance"}, {}),
        Kind("cut_after", "answer", {"fr": "Coupure après acceptation", "en": "Cut after acceptance"}, {}),
        Kind("empty_answer", "answer", {"fr": "201 sans identifiant", "en": "201 without a SID"}, {"body": "empty"}),
        Kind("down", "request", {"fr": "Twilio injoignable", "en": "Twilio unreachable"}, {}),
        Kind("callbacks_lost", "callback", {"fr": "Accusés perdus", "en": "Receipts lost"}, {"statuses": ""}),
        Kind("callbacks_doubled", "callback", {"fr": "Accusés en double", "en": "Receipts doubled"}, {"statuses": "", "copies": 2}),
        Kind("callbacks_reordered", "callback", {"fr": "Accusés en désordre", "en": "Receipts out of order"}, {"statuses": "sent", "hold_seconds": 5.0}),
        Kind("callbacks_delayed", "callback", {"fr": "Accusés en retard", "en": "Receipts late"}, {"statuses": "", "seconds": 10.0}),
        Kind("callbacks_early", "answer", {"fr": "Accusé avant la réponse", "en": "Receipt before the answer"}, {}),
        Kind("list_lag", "list", {"fr": "Liste en retard", "en": "List lags"}, {"seconds": 600.0}),
        Kind("list_silent", "list", {"fr": "Liste muette", "en": "List is silent"}, {}),
        Kind("inbound_lost", "inbound", {"fr": "Webhooks entrants perdus", "en": "Inbound webhooks lost"}, {}),
        Kind("inbound_doubled", "inbound", {"fr": "Webhooks entrants en double", "en": "Inbound webhooks doubled"}, {"copies": 2}),
    )
}  # fmt: skip

# Other names that people use for them.
ALIASES: Final = {
    "63007": "unknown_sender",
    "63038": "daily_limit",
    "63016": "window_closed",
    "63024": "no_whatsapp",
    "63018": "channel_rate",
    "21610": "opted_out",
    "20003": "bad_credentials",
    "20429": "too_many_requests",
    "5xx": "server_error",
}
FILTERS: Final = ("account", "channel", "sender", "recipient")


class WrongFaultError(ValueError):
    """A fault that nobody can make sense of; the text is for the person who sent it."""


@dataclass(slots=True)
class Fault:
    """A fault that is on: whom it strikes, how often and how long."""

    name: str
    id: str
    parameters: dict[str, Any]
    filters: dict[str, str]
    probability: float = 1.0
    count: int | None = None  # how many times it still strikes; None: without end
    until: float | None = None  # by the simulator's clock
    hits: int = 0
    recent: deque[float] = field(default_factory=deque)  # times of requests, for limits per second

    def concerns(self, facts: Mapping[str, str]) -> bool:
        """Whether the filters fit."""
        return all(facts.get(name) == wanted for name, wanted in self.filters.items())

    def described(self) -> dict[str, Any]:
        """As the control API shows it."""
        numbers = {"probability": self.probability, "count": self.count, "until": self.until, "hits": self.hits}
        return {"fault": self.name, "id": self.id, **self.parameters, **self.filters, **numbers}


class FaultBoard:
    """The faults that are on, in the order in which they were switched on."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance
        self._faults: dict[str, Fault] = {}

    def __iter__(self) -> Iterator[Fault]:
        """The faults that are on now."""
        now = self._clock.now()
        for fault in list(self._faults.values()):
            if fault.until is not None and fault.until <= now:
                del self._faults[fault.id]
            else:
                yield fault

    def switch(self, wish: Mapping[str, Any]) -> None:
        """Switch one fault on, or off with `"on": false`; raises `WrongFaultError`."""
        name = str(wish.get("fault", ""))
        name = ALIASES.get(name, name)
        if name.isdigit():
            name, wish = "error", {"code": int(name), **wish}
        if name not in KINDS:
            raise WrongFaultError(f"There is no fault {name!r}. Known: {', '.join(sorted(KINDS))}.")
        ident = str(wish.get("id") or name)
        if wish.get("on", True):
            self._faults[ident] = self._parsed(name, ident, wish)
        else:
            self._faults.pop(ident, None)

    def clear(self) -> None:
        """Switch everything off."""
        self._faults.clear()

    def strikes(
        self, name: str, facts: Mapping[str, str], fits: Callable[[dict[str, Any]], bool] | None = None
    ) -> Fault | None:
        """The fault of this name that strikes now, if any; it counts as used. `fits` may look at its parameters."""
        if not self._faults:
            return None
        for fault in self:
            if fault.name != name or not fault.concerns(facts) or (fits and not fits(fault.parameters)):
                continue
            if self._chance.random() < fault.probability:
                self._use(fault)
                return fault
        return None

    def standing(self, name: str, facts: Mapping[str, str]) -> Fault | None:
        """The fault of this name that is on for these facts, without using it."""
        return next((fault for fault in self if fault.name == name and fault.concerns(facts)), None)

    def _use(self, fault: Fault) -> None:
        fault.hits += 1
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                del self._faults[fault.id]

    def _parsed(self, name: str, ident: str, wish: Mapping[str, Any]) -> Fault:
        known = KINDS[name].parameters
        meant = {"fault", "id", "on", "probability", "count", "duration_seconds", *FILTERS}
        if strange := set(wish) - meant - set(known):
            raise WrongFaultError(
                f"{name} has no {', '.join(sorted(strange))}. It knows: {', '.join(known) or 'none'}."
            )
        try:
            duration, count = wish.get("duration_seconds"), wish.get("count")
            return Fault(
                name=name,
                id=ident,
                parameters={key: _like(first, wish.get(key, first)) for key, first in known.items()},
                filters={key: str(wish[key]) for key in FILTERS if wish.get(key)},
                probability=float(wish.get("probability", 1.0)),
                count=None if count is None else int(count),
                until=None if duration is None else self._clock.now() + float(duration),
            )
        except (TypeError, ValueError) as error:
            raise WrongFaultError(f"{name}: {error}") from error


def _like(first: object, value: object) -> object:
    """The value in the type of the parameter's first value; a limit may be null."""
    if value is None or isinstance(first, bool):
        return bool(value) if isinstance(first, bool) else None
    if isinstance(first, int) and isinstance(value, (int, float, str)):
        return int(value)
    if isinstance(first, float) and isinstance(value, (int, float, str)):
        return float(value)
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)
