"""What the recipient sees: the text that fits the channel, and buttons where they are possible."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .models import ChannelName, MessageTemplate, Notification
from .models.template import Approval
from .sms_letters import fit

MOST_BUTTONS: Final = 3  # quick replies in an open session (Twilio, twilio/quick-reply)
BUTTON_TITLE: Final = 20  # characters of a button's title
NAME_LIMIT: Final = 44  # of the titles together, so that a name fits its column
MOST_LINES: Final = 24
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


def button_titles(row: Notification) -> list[str]:
    """The titles of this message's buttons; empty where they do not fit."""
    titles = [str(choice["title"])[:BUTTON_TITLE] for choice in row.choices]
    fit = len(titles) <= MOST_BUTTONS and len(set(titles)) == len(titles)  # cut titles must still be told apart
    return titles if fit and len("|".join(titles)) <= NAME_LIMIT else []


def button_set(row: Notification) -> str:
    """Name of the Content resource that holds this message's buttons in an open session; empty where they do not fit.

    A variable may hold no line break (Twilio, error 21656), so each line of the text is a variable of its own, and the
    name carries the shape of the text: 1 a line, 0 an empty one.
    """
    titles = button_titles(row)
    shape = "".join("1" if line.strip() else "0" for line in row.body.strip().splitlines())
    return f"buttons:{'|'.join(titles)}#{shape}" if titles and len(shape) <= MOST_LINES else ""


def session_body(row: Notification) -> str:
    """The text of that Content resource: one variable a line."""
    numbers = iter(range(1, MOST_LINES + 1))
    lines = row.body.strip().splitlines()
    return "\n".join(f"{{{{{next(numbers)}}}}}" if line.strip() else "" for line in lines)


def for_session(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered:
    """WhatsApp inside the window: buttons by Content where Twilio knows the set, else numbered lines."""
    template = templates.get((button_set(row), row.language)) if row.choices else None
    if template is None or not template.content_sid:
        return Rendered(numbered(row)[:BODY_LIMIT])
    lines = [line.strip() for line in row.body.splitlines() if line.strip()]
    return Rendered(row.body, template.content_sid, variables(row, lines))


def for_closed_window(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered | None:
    """WhatsApp outside the window: the purpose's approved template, else the general one, else None."""
    names = [row.purpose, notice_with_buttons(row), NOTICE]
    for name in names:
        template = templates.get((name, row.language)) or templates.get((name, "fr"))
        if template is None or template.approval != Approval.APPROVED or not template.content_sid:
            continue
        # A variable of a WhatsApp template may hold neither line breaks nor runs of spaces (Meta).
        text = " ".join((row.body if template.buttons else numbered(row)).split())
        return Rendered(text, template.content_sid, variables(row, [text[:900]]))
    return None


def variables(row: Notification, lines: Sequence[str]) -> dict[str, str]:
    """The lines of the text are `{{1}}`…, the ids of the buttons follow."""
    values = [*lines, *(str(choice["id"]) for choice in row.choices)]
    return {str(number): value for number, value in enumerate(values, 1)}


def for_channel(row: Notification, channel: str) -> Rendered:
    """The text for SMS or email."""
    if channel == ChannelName.SMS:
        return Rendered(sms_text(row))
    return Rendered(numbered(row))


def sms_text(row: Notification) -> str:
    """What the SMS says: its own text where there is one, in letters and length that cost no more than needed."""
    return fit(row.sms_body or row.body)


def notice_with_buttons(row: Notification) -> str:
    """Name of the general template with this message's buttons."""
    return f"{NOTICE}:buttons:{'|'.join(button_titles(row))}"


def wanted_names(row: Notification) -> set[str]:
    """The templates that this message could use."""
    return {row.purpose, NOTICE} | ({button_set(row), notice_with_buttons(row)} if row.choices else set())
