"""How well the understanding does on labelled messages: per field, per language, and what is taken for what."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.reading import understand
from marketplace.understanding.values import STATES, Context, Understanding

FIELDS: Final = ("intent", "service", "zone", "urgency", "frame_requests", "frame_all")


@dataclass(frozen=True, slots=True)
class Miss:
    """One field of one message that was not understood as labelled."""

    id: str
    text: str
    field: str
    wanted: str
    got: str


@dataclass(slots=True)
class Tally:
    """Right answers and rows per field and language, and the misses."""

    rows: Counter[tuple[str, str]] = field(default_factory=Counter)
    right: Counter[tuple[str, str]] = field(default_factory=Counter)
    misses: list[Miss] = field(default_factory=list)

    def percent(self, name: str, language: str = "") -> float:
        """Share of right answers, 100 when no row asks for this field."""
        rows = self.rows[name, language]
        return round(100 * self.right[name, language] / rows, 1) if rows else 100.0

    def confusions(self, name: str) -> list[tuple[tuple[str, str], int]]:
        """Pairs (wanted, got) with their number, the most frequent first."""
        return Counter((miss.wanted, miss.got) for miss in self.misses if miss.field == name).most_common()

    def summary(self) -> dict[str, float]:
        """The figures by field."""
        return {name: self.percent(name) for name in FIELDS}


def read_messages(path: Path) -> list[dict[str, Any]]:
    """Labelled messages, one JSON object a line. Raises `ValueError` with the line that cannot be read."""
    messages = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ValueError(f"{path}, line {number}: not JSON ({error}).") from error
        if not isinstance(row, dict) or not {"text", "intent"} <= row.keys():
            raise ValueError(f"{path}, line {number}: an object with at least 'text' and 'intent' is needed.")
        messages.append(row)
    return messages


def state_of(note: str) -> str:
    """The dialogue's state that a note names ("ctx:offer menu" -> "offer"); empty when it names none."""
    return next((state for state in STATES if state and f"ctx:{state}" in note), "")


def evaluate(messages: Iterable[Mapping[str, Any]], vocabulary: Vocabulary) -> Tally:
    """Understand every message and compare. Slots count on requests only, as does their frame."""
    tally = Tally()
    for row in messages:
        read = understand(row["text"], Context(vocabulary, state=state_of(row.get("note") or "")))
        answers = {"intent": (row["intent"], read.intent.value)}
        if row["intent"] == "request":
            answers |= _slots(row, read)
        right = {name: wanted == got for name, (wanted, got) in answers.items()}
        frame = all(right.values())
        _count(tally, row, right | {"frame_all": frame} | ({"frame_requests": frame} if len(answers) > 1 else {}))
        tally.misses += [
            Miss(str(row.get("id", "")), row["text"], name, *answers[name]) for name, good in right.items() if not good
        ]
    return tally


def _slots(row: Mapping[str, Any], read: Understanding) -> dict[str, tuple[str, str]]:
    """Wanted and understood value of each slot; any of the zones that the label allows is right."""
    zone = read.zone or "-"
    allowed = {row.get("zone") or "-", *(row.get("zone_alt") or ())}
    wanted = ",".join(row.get("services_all") or [row.get("service") or "-"])
    return {
        "service": (row.get("service") or "-", read.service or "-"),
        "services": (wanted or "-", ",".join(service.value for service in read.services) or "-"),
        "zone": (zone if zone in allowed else row.get("zone") or "-", zone),
        "urgency": (row.get("urgency") or "unspecified", read.urgency.value),
    }


def _count(tally: Tally, row: Mapping[str, Any], right: Mapping[str, bool]) -> None:
    for name, good in right.items():
        for language in ("", str(row.get("lang", ""))):
            tally.rows[name, language] += 1
            tally.right[name, language] += good
