"""Messages as a CSV file that spreadsheets open as it is meant, and that none of them runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone, translation
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from . import personal_data
from .failure_policy import describe
from .models import Notification

COUNTED: Final = 100_000  # rows; more are said as "more than"
AT_ONCE: Final = 1000  # rows in memory
# A cell that begins so is run by Excel, LibreOffice or Google Sheets (OWASP, "CSV Injection").
RUN_AS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
HEAD: Final = (
    *(_("id"), _("created"), _("recipient"), _("name"), _("purpose"), _("concerns"), _("channel"), _("status")),
    *(_("attempts"), _("next try"), _("last error"), _("SID"), _("text")),
)


def count(rows: QuerySet[Notification]) -> int:
    """How many rows the file will have, counted no further than COUNTED + 1."""
    return rows.order_by()[: COUNTED + 1].count()


def as_csv(rows: QuerySet[Notification]) -> Iterator[str]:
    """All of these messages, the newest first, in pieces of AT_ONCE; semicolons and a byte order mark, as French
    spreadsheets want it.

    Reader and language are those of the call, not of the moment at which a piece is sent. What comes or leaves the
    filter meanwhile is told as it is found.
    """
    return _pieces(rows, get_language() or "fr", is_hidden=personal_data.is_hidden())


def _pieces(rows: QuerySet[Notification], language: str, *, is_hidden: bool) -> Iterator[str]:
    yield "\ufeff" + _written([[str(title) for title in HEAD]])
    last: int | None = None
    while batch := _batch(rows, last):
        last = batch[-1].pk
        with personal_data.shown_to(hidden=is_hidden), translation.override(language):
            piece = _written([safe(cell) for cell in _cells(row)] for row in batch)
        yield piece


def _batch(rows: QuerySet[Notification], last: int | None) -> list[Notification]:
    older = rows if last is None else rows.filter(pk__lt=last)
    return list(older.select_related("contact").order_by("-pk")[:AT_ONCE])


def _written(rows: Iterable[Iterable[Any]]) -> str:
    file = io.StringIO()
    csv.writer(file, delimiter=";").writerows(rows)
    return file.getvalue()


def _cells(row: Notification) -> Iterable[Any]:
    yield row.pk
    yield _moment(row.created_at)
    address = row.phone_number or row.email or row.whatsapp_id or row.endpoint
    yield personal_data.mask_addresses(address) if personal_data.is_hidden() else address
    yield personal_data.name(row.contact.name) if row.contact else ""
    yield from (row.purpose, row.reference, row.channel, row.get_status_display())
    yield row.attempt_count
    yield _moment(row.due_at) if row.status == "queued" else ""
    yield describe(row.last_error_code)
    yield row.provider_sid or ""
    yield personal_data.text(row.body)


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}"


def safe(cell: Any) -> Any:
    """The cell with an apostrophe before whatever a spreadsheet would run."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(RUN_AS_FORMULA) else cell
