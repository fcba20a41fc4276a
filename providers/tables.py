"""Tables as people keep them (CSV from any spreadsheet, XLSX) read into rows of text."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.utils.translation import gettext as _
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it brings no types
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from providers.naming import folded
from providers.sheets import unmarked

DELIMITERS: Final = ",;\t"
MAX_BYTES: Final = 20 * 1024 * 1024
MAX_ROWS: Final = 100_000


class UnreadableTable(ValueError):  # noqa: N818  what it is, not that it is an error
    """The file is no table that we can read; its message says why, in words that an operator can act on."""


class Line(NamedTuple):
    """One line of the table: its number as a spreadsheet shows it, and its cells by column."""

    number: int
    cells: dict[str, str]


def read_table(content: bytes, file_name: str, columns: dict[str, str]) -> list[Line]:
    """The lines of the table, each cell under the name that `columns` gives its (folded) heading.

    Columns with other headings are left out, as are empty lines. Raises `UnreadableTable`.
    """
    filled = read_rows(content, file_name)
    names = _headings(filled[0][1], columns)
    return [Line(number, _cells(names, row)) for number, row in filled[1:]]


def read_rows(content: bytes, file_name: str) -> list[tuple[int, list[str]]]:
    """Every row that is not empty, as it stands, with its number; the first one holds the headings.

    Raises `UnreadableTable`.
    """
    if len(content) > MAX_BYTES:
        raise UnreadableTable(_("The file is larger than 20 MB: split it."))
    is_workbook = Path(file_name).suffix.lower() in {".xlsx", ".xlsm"} or content.startswith(b"PK\x03\x04")
    rows = _workbook_rows(content) if is_workbook else _text_rows(content)
    numbered = ((number, [_text(cell) for cell in row]) for number, row in rows)
    filled = [(number, row) for number, row in numbered if any(row)]
    if not filled:
        raise UnreadableTable(_("The file is empty."))
    if len(filled) > MAX_ROWS:
        raise UnreadableTable(_("The file has more than %(count)d lines: split it.") % {"count": MAX_ROWS})
    return filled


def _headings(row: Sequence[str], columns: dict[str, str]) -> list[str]:
    names = [columns.get(folded(cell), "") for cell in row]
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise UnreadableTable(_("The column %(name)s is there twice.") % {"name": twice[0]})
    return names


def _cells(names: Sequence[str], row: Sequence[str]) -> dict[str, str]:
    return {name: cell for name, cell in zip(names, row, strict=False) if name}


def _text_rows(content: bytes) -> Iterator[tuple[int, Sequence[str]]]:
    text = _decoded(content)
    first_line = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    try:
        for row in reader:
            yield begins, row
            begins = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableTable(_("Line %(number)d cannot be read.") % {"number": begins}) from error


def _decoded(content: bytes) -> str:
    """UTF-8 with or without mark, UTF-16 with one, else what spreadsheets on Windows write."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace").replace("\0", "\ufffd")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = content.decode("cp1252", errors="replace")
    return text.replace("\0", "\ufffd")


def _workbook_rows(content: bytes) -> Iterator[tuple[int, Iterable[Any]]]:
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet = workbook.worksheets[0]
        yield from enumerate(sheet.iter_rows(values_only=True), start=1)
        workbook.close()
    except (InvalidFileException, zipfile.BadZipFile, KeyError, IndexError, ValueError, OSError) as error:
        raise UnreadableTable(_("The file is not a workbook that can be opened: save it as XLSX or CSV.")) from error


def _text(cell: Any) -> str:
    """The cell as it would be typed: 677123456.0 in a workbook is the number 677123456."""
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    return unmarked(str(cell).strip())
