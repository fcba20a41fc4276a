"""The simulated Twilio, as a drill plays with it: over the simulator's control API, like everybody else."""

import json
import urllib.error
import urllib.request
from typing import Any, Final

TIMEOUT: Final = 10.0  # seconds
# No proxy of the environment comes between a drill and its simulator.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class NoSimulatorError(Exception):
    """Nobody answers there, or it is no simulator."""


class SimulatedTwilio:
    """The control API of the simulator at `address`."""

    def __init__(self, address: str) -> None:
        self.address = address.rstrip("/")

    def call(self, path: str, wish: object = None, *, method: str = "") -> Any:
        """GET without a wish, POST with one. Raises `NoSimulatorError` with what went wrong."""
        data = None if wish is None else json.dumps(wish).encode()
        request = urllib.request.Request(  # noqa: S310  the simulator that the operator named
            f"{self.address}/control/{path}",
            data=data,
            headers={"Content-Type": "application/json"} if data else {},
            method=method or ("POST" if data else "GET"),
        )
        try:
            with _opener.open(request, timeout=TIMEOUT) as answer:
                return json.loads(answer.read())
        except (urllib.error.URLError, OSError, ValueError) as error:
            raise NoSimulatorError(
                f"The simulator at {self.address} does not answer /control/{path}: {error}"
            ) from None

    def clear(self) -> None:
        """Switch all faults off."""
        self.call("faults", method="DELETE")

    def advance(self, seconds: float) -> None:
        """Move its clock on."""
        self.call("clock", {"advance_seconds": seconds})

    def born(self, number: str, name: str) -> None:
        """A phone whose owner has just written, so that its 24-hour window is open."""
        self.call("phones", {"number": number, "name": name, "role": "customer", "wrote_seconds_ago": 0})

    def writes(self, number: str, text: str) -> str:
        """A person writes to Djobea; returns the SID of the message."""
        answer = self.call("inbound", {"phone": number, "text": text})
        return str(answer["sid"])

    def has(self, sids: set[str]) -> set[str]:
        """Those of these messages that it knows."""
        return {row["sid"] for row in self.call("messages?limit=100000")["messages"]} & sids
