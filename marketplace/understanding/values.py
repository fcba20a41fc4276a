"""What goes into the understanding and what comes out of it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from marketplace.understanding.lexicon import Vocabulary

INTENTS: Final = (
    "request",
    "greeting",
    "status",
    "cancel",
    "help",
    "stop",
    "start",
    "language",
    "accept",
    "decline",
    "complete",
    "rating",
    "available",
    "unavailable",
    "human",
    "thanks",
    "other",
)
URGENCIES: Final = ("unspecified", "scheduled", "today", "emergency")
STATES: Final = ("", "offer", "job", "rating")  # what the dialogue has just asked; empty: nothing in particular
LANGUAGES: Final = ("fr", "en", "pcm")


@dataclass(frozen=True, slots=True)
class Found:
    """One thing understood: its value, how sure we are (0 to 1) and the words that led to it."""

    value: str
    confidence: float
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When the customer wants the visit; the times are None when the phrase could not be dated."""

    words: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    recurring: bool = False

    @property
    def confidence(self) -> float:
        """How sure the time is: named and dated, or named only."""
        return 0.9 if self.starts_at else 0.6


@dataclass(frozen=True, slots=True)
class Context:
    """What is known beside the text.

    `state` is one of STATES, `language` the last one known of this person, `at` the moment of the message (aware);
    without `at`, schedules are recognised but not dated.
    """

    vocabulary: "Vocabulary"
    state: str = ""
    language: str = "fr"
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Understanding:
    """All that a message says."""

    intent: Found
    services: tuple[Found, ...]
    zones: tuple[Found, ...]
    urgency: Found
    language: Found
    schedule: Schedule | None = None
    choice: int | None = None  # a whole message that is a number: "2", "2️⃣", "deux"
    rating: int | None = None  # 1 to 5
    affirmation: bool | None = None  # yes, no, neither
    wanted_language: str = ""  # with the intent "language": which one
    asks_price: bool = False
    tags: frozenset[str] = field(default_factory=frozenset)  # "negation", "payload" ...: for the admin's page

    @property
    def service(self) -> str | None:
        """Slug of the first service, the one to ask about first."""
        return self.services[0].value if self.services else None

    @property
    def zone(self) -> str | None:
        """Slug of the zone where the job is."""
        return self.zones[0].value if self.zones else None
