"""Messages as a CSV file that spreadsheets open as it is meant, and that none of them runs as a formula."""

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from . import personal_data
from .failure_policy import describe
from .models import Notification

MOST: Final = 50_000  # rows of one file
# A cell that begins so is run by Excel, LibreOffice or Google Sheets (OWASP, "CSV Injection").
RUN_AS_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
HEAD: Final = (
    *(_("id"), _("created"), _("recipient"), _("name"), _("purpose"), _("concerns"), _("channel"), _("status")),
    *(_("attempts"), _("next try"), _("last error"), _("SID"), _("text")),
)


def as_csv(rows: QuerySet[Notification]) -> str:
    """The newest MOST of these messages; semicolons and a byte order mark, as French spreadsheets want it."""
    file = io.StringIO()
    file.write("\ufeff")
    writer = csv.writer(file, delimiter=";")
    writer.writerow([str(title) for title in HEAD])
    newest = rows.select_related("contact").order_by("-pk")[:MOST]
    writer.writerows([safe(cell) for cell in _cells(row)] for row in newest.iterator(chunk_size=2000))
    return file.getvalue()


def _cells(row: Notification) -> Iterable[Any]:
    yield row.pk
    yield _moment(row.created_at)
    yield row.phone_number or row.email or row.whatsapp_id or row.endpoint
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
