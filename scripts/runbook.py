"""Writes docs/runbook.md from the failure policy, so that what staff read is what the machine does.

python scripts/runbook.py          # writes it; a test fails when it is old
"""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")

from notifications.failure_policy import Action, Failure, table  # noqa: E402  after the path

TARGET: Final = ROOT / "docs" / "runbook.md"
HEAD: Final = """# Runbook

Written from `notifications/failure_policy.py` by `python scripts/runbook.py`; edit the table, not this page. In the
console every alert and dead letter shows its own row, in French too. What to do about alerts that are no single
failure of a message stands in `operations.md`.

Begin at the action: it says what the machine has already done by itself.
"""
DONE_BY_ITSELF: Final = {
    Action.PAUSE: "The channel is paused and staff are told. Messages take the next channel or wait; a probe opens it again.",
    Action.WAIT_FOR_SLOT: "The whole account waits for the next free slot of its 24 hours. Urgent messages take another account or email.",
    Action.SLOW_DOWN: "The channel sends more slowly for a while.",
    Action.RETRY: "The message is tried again, five times with growing rests; then the next channel, then a dead letter with an alert.",
    Action.NEXT_CHANNEL: "The message takes the next channel (WhatsApp, SMS, email); without one it is a dead letter with an alert.",
    Action.MARK_UNREACHABLE: "This address is marked for a while, and the message takes the next channel.",
    Action.FIX_TEMPLATE: "The template is blocked, staff are told, and the message takes the next channel.",
    Action.OPT_OUT: "The person gets nothing more. They can still write.",
    Action.ALERT_ONLY: "Staff are told; no message is touched.",
    Action.DROP: "The message is a dead letter with its reason, without an alert.",
}


def written() -> str:
    """The whole page."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield HEAD
    rows = sorted(table().values(), key=lambda row: (not row.code.isdecimal(), row.code.zfill(8)))
    for action, done in DONE_BY_ITSELF.items():
        chosen = [row for row in rows if row.action == action]
        if chosen:
            yield f"## {action.value.replace('_', ' ').capitalize()}\n\n{done}\n"
            yield "| code | what happened | whose | cause | what to do |\n| --- | --- | --- | --- | --- |"
            yield from (_row(row) for row in chosen)
            yield ""


def _row(row: Failure) -> str:
    cells = (f"`{row.code}`", row.title_en, row.scope.value, row.cause_en, row.remedy_en)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    TARGET.write_text(written(), encoding="utf-8")
