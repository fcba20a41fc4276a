"""One turn of the talk: a message that came, the talk it belongs to, and what is known so far."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any, Final, Self, TypedDict

from django.db import models
from django.utils.translation import gettext_lazy as _

from marketplace.models import Conversation, InboundMessage
from notifications.models import Contact
from providers.models import Provider

NOTE_LIMIT: Final = 270  # characters of a landmark


class Step(models.TextChoices):
    """The question that was asked last; the answer to it is read first."""

    START = "start", _("Nothing asked")
    SERVICE = "service", _("Which service")
    ORDER = "order", _("Which service first")
    ZONE = "zone", _("Which quarter")
    PHONE = "phone", _("Which number to call")
    CONFIRM = "confirm", _("Is this right")
    CHANGE = "change", _("What to change")
    PLACE = "place", _("Which landmark")
    TIME = "time", _("When")
    CANCEL = "cancel", _("Why cancel")
    QUOTE = "quote", _("How much the work costs")
    MENU = "menu", _("One of several choices")
    JOIN_NAME = "join_name", _("Name of the new provider")
    JOIN_SERVICES = "join_services", _("Services of the new provider")
    JOIN_ZONES = "join_zones", _("Quarters of the new provider")
    JOIN_IDENTITY = "join_identity", _("Identity of the new provider")
    JOIN_NUMBER = "join_number", _("Number of the new provider")
    JOIN_CODE = "join_code", _("Code that proves the number")


class Choice(TypedDict):
    """One answer that a tap, its number or its words give."""

    id: str
    title: str


@dataclass(frozen=True)
class Reply:
    """What is said back. An empty text: somebody else's words (a notice) are the answer."""

    text: str
    choices: tuple[Choice, ...] = ()


NOTHING_TO_ADD = Reply("")


@dataclass(frozen=True)
class Heard:
    """What a message says, as far as it was understood."""

    text: str = ""
    choice: str = ""  # id of the choice that was tapped, numbered or named
    intent: str = "other"
    services: tuple[str, ...] = ()  # slugs, the surest first
    zones: tuple[str, ...] = ()
    urgency: str = "unspecified"
    scheduled_for: datetime | None = None
    until: datetime | None = None  # end of the time that was named
    language: str = ""
    language_is_sure: bool = False
    wanted_language: str = ""
    number: int | None = None  # the whole message is this number
    stars: int | None = None
    latitude: float | None = None
    longitude: float | None = None
    media: tuple[dict[str, str], ...] = ()

    @property
    def has_location(self) -> bool:
        return self.latitude is not None and self.longitude is not None


@dataclass
class Draft:
    """The request that is being put together; lives in the slots of the conversation until it is confirmed."""

    services: list[str] = field(default_factory=list)  # asked about: the first one is (or is asked to be) this request
    ordered: bool = False  # the customer said which service comes first
    zone: str = ""
    urgency: str = "unspecified"
    scheduled_for: str = ""  # ISO
    description: str = ""
    place_note: str = ""
    latitude: float | None = None
    longitude: float | None = None
    media: list[dict[str, str]] = field(default_factory=list)
    phone_asked: bool = False
    call_number: str = ""  # where WhatsApp hides the person's own; unproven, so it never joins contacts
    replaces: int | None = None  # the request that this one changes

    @classmethod
    def from_slots(cls, slots: Mapping[str, Any]) -> Self:
        known = {item.name for item in fields(cls)}
        return cls(**{key: value for key, value in slots.items() if key in known})

    @property
    def is_empty(self) -> bool:
        return not (self.services or self.zone or self.media or self.replaces or self.has_location)

    @property
    def has_location(self) -> bool:
        return self.latitude is not None and self.longitude is not None

    def to_slots(self) -> dict[str, Any]:
        return asdict(self)


@dataclass
class Turn:
    """Everything that a step needs; steps change `draft`, ask with `ask()` and return replies."""

    message: InboundMessage
    conversation: Conversation
    contact: Contact
    at: datetime
    heard: Heard
    draft: Draft
    provider: Provider | None = None
    is_new_person: bool = False

    @property
    def slots(self) -> dict[str, Any]:
        slots: dict[str, Any] = self.conversation.slots
        return slots

    @property
    def step(self) -> str:
        return self.conversation.step

    @property
    def choices(self) -> Sequence[Choice]:
        """The choices that were offered last."""
        offered: list[Choice] = self.slots.get("choices", [])
        return offered

    @property
    def language(self) -> str:
        return self.conversation.language

    def ask(self, step: str, reply: Reply) -> Reply:
        """Remember that this was asked, with its choices."""
        self.conversation.step = step
        self.slots["choices"] = [dict(choice) for choice in reply.choices]
        self.slots["asked_at"] = self.at.isoformat()
        return reply

    def rest(self) -> None:
        """Nothing is asked any more and nothing is half done."""
        self.draft = Draft()
        self.conversation.step = Step.START
        for name in ("choices", "asked_at", "reminded_at"):
            self.slots.pop(name, None)

    def understood(self) -> None:
        self.slots.pop("misses", None)

    def missed(self) -> int:
        """Count one more message that led nowhere and return how many there were in a row."""
        misses = int(self.slots.get("misses", 0)) + 1
        self.slots["misses"] = misses
        return misses
