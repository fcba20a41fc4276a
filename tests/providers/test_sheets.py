import csv
import io
from typing import Any

import pytest
from openpyxl import load_workbook  # type: ignore[import-untyped]  # it brings no types

from providers import exporting, importing, sheets
from providers.importing import Outcome
from providers.models import Provider
from tests.providers.factories import a_provider

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =cmd|' /C calc'!A0", "＝1"]  # noqa: RUF001  meant


@pytest.mark.parametrize("cell", FORMULAS)
def test_no_cell_runs_as_a_formula(cell: str) -> None:
    written = sheets.harmless(cell)
    assert written.startswith("'")
    assert sheets.unmarked(written) == cell


@pytest.mark.parametrize("cell", ["Awa", "'t Hooft", "a=b", "1-2", "", None, 7])
def test_what_is_no_formula_stays_as_it_is(cell: Any) -> None:
    assert sheets.harmless(cell) == ("" if cell is None else str(cell))
    assert sheets.unmarked(sheets.harmless(cell)) == sheets.harmless(cell)


def test_a_workbook_holds_text_only() -> None:
    rows: list[list[Any]] = [["name", "n"], ["=HYPERLINK(1)", 5], ["a\x00b\x0bc", None]]
    sheet = load_workbook(io.BytesIO(sheets.as_xlsx(rows))).worksheets[0]
    assert [cell.data_type for row in sheet.iter_rows() for cell in row if cell.value] == ["s"] * 5
    assert sheet["A2"].value == "'=HYPERLINK(1)"


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [sheets.CSV, sheets.XLSX])
def test_what_was_exported_can_be_read_in_again_and_changes_nothing(kind: str) -> None:
    for number in range(3):
        a_provider(name=f"=Paul {number}")
    rows = exporting.rows(Provider.objects.all())
    content = "".join(sheets.as_csv(rows)).encode() if kind == sheets.CSV else sheets.as_xlsx(rows)
    report = importing.import_file(content, f"list.{kind}")
    assert [row.outcome for row in report.rows] == [Outcome.UNCHANGED] * 3, report.bad


@pytest.mark.django_db
def test_an_export_takes_few_queries(django_assert_max_num_queries: Any) -> None:
    for _ in range(20):
        a_provider()
    with django_assert_max_num_queries(3):
        assert len(list(exporting.rows(Provider.objects.all()))) == 21


@pytest.mark.django_db
def test_refused_rows_come_back_whole_with_their_reasons() -> None:
    content = (
        "Nom;Téléphone;Métier;Quartier;Remarque\nPaul;12;plomberie;Akwa;à rappeler\n\nJean;677112233;xyz;;\n"
    ).encode()
    report = importing.import_file(content, "liste.csv", dry_run=True)
    text = "".join(sheets.as_csv(importing.rejected_rows(content, "liste.csv", report))).removeprefix(sheets.MARK)
    rows = list(csv.reader(io.StringIO(text)))
    assert rows[0][1:] == ["Nom", "Téléphone", "Métier", "Quartier", "Remarque"]
    assert [row[1:3] for row in rows[1:]] == [["Paul", "12"], ["Jean", "677112233"]]
    assert all(row[0] for row in rows[1:])
    again = importing.import_file(text.encode(), "rejected.csv", dry_run=True)
    assert len(again.bad) == 2
