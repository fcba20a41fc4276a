"""Phones for stories: they write, tap and read through the simulator, as people do."""

from typing import Any, Self

from tests.simulator_process import SimulatorProcess


class Phone:
    """One person's phone on the simulator."""

    def __init__(self, simulator: SimulatorProcess, number: str, name: str, **switches: Any) -> None:
        self.simulator, self.number, self.name = simulator, number, name
        simulator.phone(number, name=name, **switches)

    def writes(self, text: str, **wish: Any) -> Self:
        """Send a WhatsApp message to Djobea."""
        self.simulator.write(self.number, text, **wish)
        return self

    def taps(self, title: str) -> Self:
        """Tap a button of the newest message that has one of this name."""
        self.simulator.write(self.number, "", button=title)
        return self

    def received(self, channel: str = "") -> list[str]:
        """Texts that arrived here, the newest first."""
        facts = {"phone": self.number, "direction": "outbound-api", **({"channel": channel} if channel else {})}
        return [m["body"] for m in self.simulator.messages(**facts) if m["status"] in ("sent", "delivered", "read")]

    @property
    def last(self) -> str:
        """The newest text that arrived."""
        texts = self.received()
        assert texts, f"{self.name} has received nothing."
        return texts[0]

    def has_received(self, words: str, channel: str = "") -> bool:
        """Whether a text with these words arrived."""
        return any(words in text for text in self.received(channel))
