"""What an app's audit says of the rows of a test."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from notifications.audit_scope import Look


def broken_rows(audits: Iterable[Any], at: datetime, *, is_full: bool = True) -> dict[str, list[int]]:
    """The keys of the broken rows, by the name of the check that found them; empty where all is well."""
    found = {name: [row for row, _sentence in find(Look(at, is_full))] for name, _title, find in audits}
    return {name: rows for name, rows in found.items() if rows}
