"""Faults that come and go over time: a list of steps, and some lists ready to run."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from djobea.simulator.faults import WrongFaultError
from djobea.simulator.lifecycle import Lifecycle
from djobea.simulator.state import World

READY_MADE: Final[dict[str, dict[str, Any]]] = {
    "unknown_sender_two_minutes": {
        "title": {"fr": "63007 pendant 2 minutes", "en": "63007 for 2 minutes"},
        "steps": [{"after_seconds": 0, "faults": [{"fault": "unknown_sender", "channel": "whatsapp", "duration_seconds": 120}]}],
    },
    "daily_limit_50": {
        "title": {"fr": "Limite du jour : 50", "en": "Daily limit: 50"},
        "steps": [{"after_seconds": 0, "faults": [{"fault": "daily_limit", "limit": 50}]}],
    },
    "receipts_lost_30": {
        "title": {"fr": "30 % d'accusés perdus", "en": "30% of receipts lost"},
        "steps": [{"after_seconds": 0, "faults": [{"fault": "callbacks_lost", "probability": 0.3}]}],
    },
    "stormy_network": {
        "title": {"fr": "Réseau capricieux, 3 minutes", "en": "Stormy network, 3 minutes"},
        "steps": [
            {
                "after_seconds": 0,
                "faults": [
                    {"fault": "slow", "seconds": 2, "spread": 1.5, "duration_seconds": 180},
                    {"fault": "cut_after", "probability": 0.1, "duration_seconds": 180},
                    {"fault": "callbacks_doubled", "probability": 0.3, "duration_seconds": 180},
                    {"fault": "callbacks_reordered", "probability": 0.3, "duration_seconds": 180},
                ],
            }
        ],
    },
    "twilio_outage": {
        "title": {"fr": "Panne de Twilio : 1 minute de 503, puis 30 s sans réseau", "en": "Twilio outage: 503 for 1 minute, then 30 s of silence"},
        "steps": [
            {"after_seconds": 0, "faults": [{"fault": "server_error", "http_status": 503, "duration_seconds": 60}]},
            {"after_seconds": 60, "faults": [{"fault": "down", "duration_seconds": 30}]},
        ],
    },
}  # fmt: skip


class Director:
    """Runs scripts by the simulator's clock."""

    def __init__(self, world: World, lifecycle: Lifecycle) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._number = 0
        self.running: dict[int, dict[str, Any]] = {}

    def run(self, steps: Sequence[Mapping[str, Any]], name: str = "") -> dict[str, Any]:
        """Start a script: each step switches its `faults` after `after_seconds`. Raises `WrongFaultError`."""
        moments = [self._checked(step) for step in steps]
        self._number += 1
        number = self._number
        script = {"number": number, "name": name, "started": self._world.clock.now(), "steps": len(steps), "done": 0}
        self.running[number] = script
        for seconds, step in zip(moments, steps, strict=True):
            self._lifecycle.later(seconds, partial(self._take, number, step))
        return script

    def stop_all(self) -> None:
        """Steps that are still to come do not come any more; faults that are on stay on."""
        self.running.clear()

    def _checked(self, step: Mapping[str, Any]) -> float:
        """The step's moment, after a try of its faults on a board that nobody looks at."""
        trial = type(self._world.faults)(self._world.clock, self._world.random)
        wishes = step.get("faults", [])
        if not isinstance(wishes, list):
            raise WrongFaultError("The faults of a step are a list.")
        for wish in wishes:
            trial.switch(wish)
        try:
            return float(step.get("after_seconds", 0))
        except (TypeError, ValueError) as error:
            raise WrongFaultError(f"after_seconds: {error}") from error

    def _take(self, number: int, step: Mapping[str, Any]) -> None:
        script = self.running.get(number)
        if not script:
            return
        if step.get("clear"):
            self._world.faults.clear()
        for wish in step.get("faults", []):
            self._world.faults.switch(wish)
        script["done"] += 1
        if script["done"] == script["steps"]:
            del self.running[number]
        self._world.hub.publish("faults", {})
