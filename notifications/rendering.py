"""What the recipient sees: the text that fits the channel, and buttons where they are possible."""

from dataclasses import dataclass, field
from typing import Final

from .models import ChannelName, MessageTemplate, Notification
from .models.template import Approval

MOST_BUTTONS: Final = 3  # quick replies in an open session (Twilio, twilio/quick-reply)
BUTTON_TITLE: Final = 20  # characters of a button's title
NAME_LIMIT: Final = 72  # of a template's name, with room for a prefix
NOTICE: Final = "notice"  # the template that carries any short text outside the 24-hour window
BODY_LIMIT: Final = 1600  # characters of a message (Twilio, error 21617)


@dataclass(frozen=True)
class Rendered:
    """The text, or the Content resource and its variables."""

    body: str
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)


def numbered(row: Notification) -> str:
    """The text with its choices as numbered lines, for where there are no buttons."""
    lines = [f"{number}. {choice['title']}" for number, choice in enumerate(row.choices, 1)]
    return "\n".join([row.body, "", *lines]) if lines else row.body


def button_set(row: Notification) -> str:
    """Name of the Content resource that holds this message's buttons; empty where they do not fit."""
    if not row.choices or len(row.choices) > MOST_BUTTONS:
        return ""
    if len({str(choice["title"])[:BUTTON_TITLE] for choice in row.choices}) < len(row.choices):
        return ""  # cut titles must still be told apart
    name = "buttons:" + "|".join(str(choice["title"])[:BUTTON_TITLE] for choice in row.choices)
    return name if len(name) <= NAME_LIMIT else ""


def for_session(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered:
    """WhatsApp inside the window: buttons by Content where Twilio knows the set, else numbered lines."""
    template = templates.get((button_set(row), row.language)) if row.choices else None
    if template is None or not template.content_sid:
        return Rendered(numbered(row)[:BODY_LIMIT])
    return Rendered(row.body, template.content_sid, variables(row, row.body[:1024]))


def for_closed_window(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered | None:
    """WhatsApp outside the window: the purpose's approved template, else the general one, else None."""
    names = [row.purpose, f"{NOTICE}:{button_set(row)}", NOTICE]
    for name in names:
        template = templates.get((name, row.language)) or templates.get((name, "fr"))
        if template is None or template.approval != Approval.APPROVED or not template.content_sid:
            continue
        # A variable of a WhatsApp template may hold neither line breaks nor runs of spaces (Meta).
        text = " ".join((row.body if template.buttons else numbered(row)).split())
        return Rendered(text, template.content_sid, variables(row, text[:900]))
    return None


def variables(row: Notification, text: str) -> dict[str, str]:
    """`{{1}}` is the text, `{{2}}`… the ids of the buttons."""
    return {"1": text} | {str(number): str(choice["id"]) for number, choice in enumerate(row.choices, 2)}


def for_channel(row: Notification, channel: str) -> Rendered:
    """The text for SMS or email."""
    if channel == ChannelName.SMS:
        return Rendered((row.sms_body or row.body)[:BODY_LIMIT])
    return Rendered(numbered(row))


def wanted_names(row: Notification) -> set[str]:
    """The templates that this message could use."""
    buttons = button_set(row)
    return {row.purpose, NOTICE} | ({buttons, f"{NOTICE}:{buttons}"} if buttons else set())
