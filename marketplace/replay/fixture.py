"""The file of a saved conversation: JSON lines, the first tells of the talk, then providers, then events by time.

    {"kind": "talk", "format": 1, "started_at": "...", "language": "fr", "zone": "akwa", "is_known": true}
    {"kind": "provider", "name": "P1", "services": ["plomberie"], "zones": ["akwa"], ...}
    {"kind": "message", "at": 0.0, "text": "...", "payload": {...}, "understood": {...}}
    {"kind": "sent", "at": 1.2, "to": "writer", "purpose": "reply", "text": "..."}
    {"kind": "deed", "at": 95.0, "who": "P1", "what": "accepted"}
    {"kind": "outcome", "requests": [...]}

`at` is seconds since the talk began. Messages, deeds and requests are played; "understood", "sent" and "outcome" are what
is compared. In the talk of a provider, `"writer": "P1"` says which one writes, and "request" what customers asked for.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

FORMAT: Final = 1
WRITER: Final = "writer"
NEEDED: Final[Mapping[str, frozenset[str]]] = {
    "talk": frozenset({"format", "started_at"}),
    "provider": frozenset({"name", "services", "zones"}),
    "message": frozenset({"at", "text"}),
    "sent": frozenset({"at", "to", "purpose", "text"}),
    "deed": frozenset({"at", "who", "what"}),
    "request": frozenset({"at", "service", "zone", "urgency"}),
    "outcome": frozenset({"requests"}),
}
MOST_LINES: Final = 5000

Line = dict[str, Any]


class FixtureError(ValueError):
    """The file is not a saved conversation; the text says which line and why."""


@dataclass(frozen=True)
class Fixture:
    """A saved conversation."""

    talk: Line
    providers: tuple[Line, ...]
    events: tuple[Line, ...]  # messages, deeds and requests, by time
    sent: tuple[Line, ...]
    outcome: Line

    @property
    def started_at(self) -> datetime:
        """When the talk began, on the day to which it was moved."""
        return datetime.fromisoformat(self.talk["started_at"])


def write(lines: Iterable[Line]) -> str:
    """The text of the file."""
    return "".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines)


def read(text: str) -> Fixture:
    """The conversation in a file's text. Raises `FixtureError` with the line that is wrong."""
    lines = list(_lines(text))
    if not lines or lines[0]["kind"] != "talk":
        raise FixtureError(_("The first line must tell of the talk."))
    if lines[0]["format"] != FORMAT:
        raise FixtureError(_("Format %(format)s is not known here.") % {"format": lines[0]["format"]})
    by_kind: dict[str, list[Line]] = {kind: [] for kind in NEEDED}
    for line in lines:
        by_kind[line["kind"]].append(line)
    events = sorted(by_kind["message"] + by_kind["deed"] + by_kind["request"], key=lambda line: line["at"])
    outcome = by_kind["outcome"][-1] if by_kind["outcome"] else {"kind": "outcome", "requests": []}
    fixture = Fixture(lines[0], tuple(by_kind["provider"]), tuple(events), tuple(by_kind["sent"]), outcome)
    try:
        if fixture.started_at.tzinfo is None:
            raise FixtureError(_("Line 1: the time needs a zone, as in 2026-01-05T09:00:00+01:00."))
    except (TypeError, ValueError) as error:
        raise FixtureError(_("Line 1: %(error)s") % {"error": error}) from error
    return fixture


def _lines(text: str) -> Iterator[Line]:
    for number, raw in enumerate(text.splitlines(), start=1):
        if not raw.strip():
            continue
        if number > MOST_LINES:
            raise FixtureError(_("More than %(count)d lines.") % {"count": MOST_LINES})
        try:
            line = json.loads(raw)
        except json.JSONDecodeError as error:
            raise FixtureError(_("Line %(line)d: no JSON.") % {"line": number}) from error
        if not isinstance(line, dict) or line.get("kind") not in NEEDED:
            raise FixtureError(_("Line %(line)d: of no known kind.") % {"line": number})
        if missing := NEEDED[line["kind"]] - line.keys():
            raise FixtureError(
                _("Line %(line)d: %(names)s missing.") % {"line": number, "names": ", ".join(sorted(missing))}
            )
        if not isinstance(line.get("at", 0), int | float):
            raise FixtureError(_("Line %(line)d: `at` is a number of seconds.") % {"line": number})
        yield line
