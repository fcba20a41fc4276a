"""Rows written as CSV or XLSX, in cells that no spreadsheet runs as a formula."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from openpyxl import Workbook  # type: ignore[import-untyped]  # it brings no types
from openpyxl.cell import WriteOnlyCell  # type: ignore[import-untyped]

CSV: Final = "csv"
XLSX: Final = "xlsx"
MIME: Final = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV injection"), in its wide forms too.
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001  the wide ones are meant
MARK: Final = "\ufeff"  # tells Excel that the file is UTF-8


def harmless(cell: Any) -> str:
    """The cell as text; what would run as a formula has an apostrophe before it, which imports take off again."""
    text = "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(DANGEROUS) or text.lstrip().startswith(DANGEROUS) else text


def unmarked(text: str) -> str:
    """The text without the apostrophe that `harmless` put before it."""
    bare = text[1:]
    return bare if text.startswith("'") and bare.lstrip().startswith(DANGEROUS) else text


def as_csv(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    """The file, line by line: millions of rows take no more memory than one."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(MARK)
    for row in rows:
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def as_xlsx(rows: Iterable[Sequence[Any]]) -> bytes:
    """The file. Every cell is text, and text that looks like a formula is marked besides."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet("Djobea")
    for row in rows:
        cells = []
        for value in row:
            cell = WriteOnlyCell(sheet, value=_without_controls(harmless(value)))
            cell.data_type = "s"
            cells.append(cell)
        sheet.append(cells)
    buffer = io.BytesIO()
    workbook.save(buffer)
    return buffer.getvalue()


def _without_controls(text: str) -> str:
    """XLSX holds no control characters but these."""
    return "".join(letter for letter in text if letter >= " " or letter in "\t\n\r")
