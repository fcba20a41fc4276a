"""What the recipient sees: the text that fits the channel, and buttons where they are possible."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from .models import ChannelName, MessageTemplate, Notification
from .models.template import Approval
from .sms_letters import fit

MOST_BUTTONS: Final = 3  # quick replies in an open session (Twilio, twilio/quick-reply)
BUTTON_TITLE: Final = 20  # characters of a button's title
NAME_LIMIT: Final = 44  # of the titles together, so that a name fits its column
MOST_ITEMS: Final = 10  # lines of a list (Twilio, twilio/list-picker)
ITEM_TITLE: Final = 24  # characters of a line
SESSION_LIMIT: Final = 1024  # characters of a text with choices
BUTTONS: Final = "buttons:"  # the names of what holds choices in an open session begin so
LIST: Final = "list:"
MOST_LINES: Final = 24
NOTICE: Final = "notice"  # the template that carries any short text outside the 24-hour window
CHOSEN: Final = "template"  # in a message's facts: the template that staff chose for it, with its variables beside it
TEXT: Final = "text"  # the variable that stands for the whole message
VARIABLE_LIMIT: Final = 900  # characters of a variable, so that the whole stays below Meta's 1024
PLACEHOLDER: Final = re.compile(r"\{\{([0-9]+)\}\}")
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
    titles, shape = button_titles(row), _shape(row)
    return f"{BUTTONS}{'|'.join(titles)}#{shape}" if titles and len(shape) <= MOST_LINES else ""


def _shape(row: Notification) -> str:
    return "".join("1" if line.strip() else "0" for line in row.body.strip().splitlines())


def item_titles(row: Notification) -> list[str]:
    """The lines of this message's list, where buttons do not fit; empty where a list does not fit either."""
    titles = [str(choice["title"])[:ITEM_TITLE] for choice in row.choices]
    fit = 0 < len(titles) <= MOST_ITEMS and len(set(titles)) == len(titles)
    return titles if fit and not button_titles(row) else []


def list_set(row: Notification) -> str:
    """Name of the Content resource that shows a list of as many lines as this message has choices, in an open session.

    Titles are variables as well, so that a few resources serve all lists; Meta never approves a list for other times.
    """
    titles, shape = item_titles(row), _shape(row)
    is_short = len(shape) <= MOST_LINES and len(row.body) <= SESSION_LIMIT
    return f"{LIST}{len(titles)}#{shape}" if titles and is_short else ""


def session_set(row: Notification) -> str:
    """Name of the Content resource with this message's choices: buttons, else a list; empty where neither fits."""
    return button_set(row) or list_set(row)


def session_body(row: Notification) -> str:
    """The text of that Content resource: one variable a line."""
    numbers = iter(range(1, MOST_LINES + 1))
    lines = row.body.strip().splitlines()
    return "\n".join(f"{{{{{next(numbers)}}}}}" if line.strip() else "" for line in lines)


def for_session(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered:
    """WhatsApp inside the window: buttons or a list by Content where Twilio knows the set, else numbered lines."""
    template = templates.get((session_set(row), row.language)) if row.choices else None
    if template is None or not template.content_sid:
        return Rendered(numbered(row)[:BODY_LIMIT])
    lines = [line.strip() for line in row.body.splitlines() if line.strip()]
    if template.name.startswith(LIST):
        lines += item_titles(row)
    return Rendered(row.body, template.content_sid, variables(row, lines))


def for_closed_window(row: Notification, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered | None:
    """WhatsApp outside the window: the template that staff chose, else the purpose's, else the general one, else None.

    Each only while it is approved.
    """
    for name in [*_chosen(row), row.purpose, notice_with_buttons(row), NOTICE]:
        template = templates.get((name, row.language)) or templates.get((name, "fr"))
        if template is None or template.approval != Approval.APPROVED or not template.content_sid:
            continue
        text = row.body if template.buttons else numbered(row)
        own_words = str(row.context.get(TEXT, text)) if name in _chosen(row) else text
        values = named_values(row, template, own_words)
        if values is not None:
            return Rendered(text, template.content_sid, variables(row, values))
    return None


def named_values(row: Notification, template: MessageTemplate, text: str) -> list[str] | None:
    """What stands for `{{1}}`, `{{2}}`… of this message; None where it brings too little for this template.

    A variable of a WhatsApp template may hold neither line breaks nor runs of spaces (Meta).
    """
    known = {**row.context, TEXT: text}
    names = template.variables or [TEXT]
    if any(not str(known.get(name, "")).strip() for name in names):
        return None
    return [" ".join(str(known[name]).split())[:VARIABLE_LIMIT] for name in names]


def variables(row: Notification, lines: Sequence[str]) -> dict[str, str]:
    """The lines of the text are `{{1}}`…, the ids of the buttons follow."""
    values = [*lines, *(str(choice["id"]) for choice in row.choices)]
    return {str(number): value for number, value in enumerate(values, 1)}


def for_channel(row: Notification, channel: str, templates: dict[tuple[str, str], MessageTemplate]) -> Rendered:
    """The text for SMS or email: the words of the purpose's template where staff wrote one, else the message's own.

    An SMS is written in letters and in a length that cost no more than needed.
    """
    own = (row.sms_body or row.body) if channel == ChannelName.SMS else numbered(row)
    template = templates.get((row.purpose, row.language))
    values = named_values(row, template, own) if template else None
    text = fill(template.body, values) if template and values else own
    return Rendered(fit(text) if channel == ChannelName.SMS else text)


def fill(body: str, values: Sequence[str]) -> str:
    """The text with its placeholders filled."""
    return PLACEHOLDER.sub(lambda found: values[int(found[1]) - 1], body)


def templates_for(rows: Sequence[Notification], channel: str) -> dict[tuple[str, str], MessageTemplate]:
    """The templates of this channel that these messages could use, by name and language."""
    names = set().union(*(wanted_names(row) for row in rows))
    return {(t.name, t.language): t for t in MessageTemplate.objects.filter(name__in=names, channel=channel)}


def notice_with_buttons(row: Notification) -> str:
    """Name of the general template with this message's buttons."""
    return f"{NOTICE}:buttons:{'|'.join(button_titles(row))}"


def _chosen(row: Notification) -> list[str]:
    return [str(name)] if (name := row.context.get(CHOSEN)) else []


def wanted_names(row: Notification) -> set[str]:
    """The templates that this message could use."""
    return {row.purpose, NOTICE, *_chosen(row)} | (
        {session_set(row), notice_with_buttons(row)} if row.choices else set()
    )
