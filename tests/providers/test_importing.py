import io
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation
from openpyxl import Workbook  # type: ignore[import-untyped]  # it brings no types

from providers import audit
from providers.importing import ImportReport, Outcome, import_file
from providers.models import Provider, ProviderStatus
from providers.tables import UnreadableTable
from tests.audits import broken_rows
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db

HEAD = "name,phone_number,services,zones\n"
GOOD = "Awa Ngono,677 12 34 56,plomberie,bonamoussadi\n"
BAD = "Nobody,12,plomberie,bonamoussadi\n"


@pytest.fixture(autouse=True)
def network() -> None:
    a_service("plomberie")
    a_service("electricite")
    a_zone("bonamoussadi")
    a_zone("akwa")


def imported(text: str, **options: Any) -> ImportReport:
    return import_file(text.encode(), "list.csv", **options)


def outcomes(report: ImportReport) -> list[str]:
    return [row.outcome.value for row in report.rows]


def why(report: ImportReport, row: int = 0) -> str:
    return " ".join(report.rows[row].problems)


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_good_row_becomes_a_provider_who_waits_for_approval() -> None:
    report = imported(HEAD + "Awa Ngono,677 12 34 56,plomberie|electricite,bonamoussadi|akwa\n")
    assert outcomes(report) == [Outcome.CREATED]
    provider = Provider.objects.get()
    assert (provider.name, provider.phone_number) == ("Awa Ngono", "+237677123456")
    assert (provider.status, provider.is_verified) == (ProviderStatus.PENDING, False)
    assert provider.coverage.count() == 4
    assert broken_rows(audit.AUDITS, NOON) == {}


def test_staff_may_let_new_ones_in_at_once() -> None:
    imported(HEAD + GOOD, activate=True)
    assert Provider.objects.at_work(NOON).exists()


@pytest.mark.parametrize(
    "text",
    [
        "name;phone;service;zone\nAwa;677123456;plomberie;akwa\n",
        "Nom\tTéléphone\tMétier\tQuartier\nAwa\t677123456\tPlomberie\tAkwa\n",
        "\ufeffN°,NOM COMPLET,Numéro de téléphone,Spécialités,Quartiers\n7,Awa,677123456,Plomberie,Akwa\n",
        "\r\nNom , E-mail,Tél.,Services , Zones\r\nAwa,awa@example.com,677123456,plomberie,akwa\r\n",
        'Nom,Tel,Services,Zones\nAwa,"677,12,34,56",plomberie,akwa\n'.replace(",12,34,", "\u00a012\u00a034\u00a0"),
    ],
)
def test_headings_and_delimiters_are_taken_as_people_write_them(text: str) -> None:
    report = imported(text)
    assert outcomes(report) == [Outcome.CREATED], why(report)


def test_services_and_zones_are_known_by_name_accent_and_everyday_word() -> None:
    report = imported(HEAD + "Awa,677123456,Plombier | ÉLECTRICITÉ,Bonamoussadi|AKWA\n")
    assert outcomes(report) == [Outcome.CREATED], why(report)
    provider = Provider.objects.get()
    assert {service.slug for service in provider.services.all()} == {"plomberie", "electricite"}


def test_a_french_list_from_windows_is_read() -> None:
    report = import_file("Nom;Téléphone;Métier;Quartier\nÉlise;677123456;Électricité;Akwa\n".encode("cp1252"), "x.csv")
    assert outcomes(report) == [Outcome.CREATED]
    assert Provider.objects.get().name == "Élise"


def test_a_workbook_is_read_and_its_numbers_stay_numbers() -> None:
    content = workbook(
        ["Nom", "Téléphone", "Services", "Zones"],
        ["Awa", 677123456, "plomberie", "akwa"],
        [None, None, None, None],
        ["Bih", 677123457.0, "plomberie", "akwa"],
    )
    report = import_file(content, "list.xlsx")
    assert outcomes(report) == [Outcome.CREATED, Outcome.CREATED]
    assert [row.line for row in report.rows] == [2, 4]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (",677123456,plomberie,akwa", "name"),
        ("Awa,,plomberie,akwa", "number"),
        ("Awa,12,plomberie,akwa", "12"),
        ("Awa,677123456 / 699123456,plomberie,akwa", "several"),
        ("Awa,677123456,astrologie,akwa", "astrologie"),
        ("Awa,677123456,plomberie,atlantis", "atlantis"),
        ("Awa,677123456,,akwa", "service"),
        ("Awa,677123456,plomberie,", "zone"),
        ("A" * 200 + ",677123456,plomberie,akwa", "120"),
    ],
)
def test_a_bad_row_is_refused_in_plain_words_and_the_others_come_in(row: str, words: str) -> None:
    with translation.override("en"):
        report = imported(HEAD + row + "\n" + "Bih,699123456,plomberie,akwa\n")
    assert outcomes(report) == [Outcome.REFUSED, Outcome.CREATED]
    assert words in why(report)
    assert Provider.objects.get().name == "Bih"


def test_a_row_tells_all_its_faults_at_once() -> None:
    report = imported(HEAD + ",12,astrologie,atlantis\n")
    assert len(report.rows[0].problems) == 4


def test_bad_email_and_language_are_refused() -> None:
    report = imported("name,phone,services,zones,email,language\nAwa,677123456,plomberie,akwa,awa(at)x,klingon\n")
    assert len(report.rows[0].problems) == 2


def test_a_doubtful_number_comes_in_with_a_flag() -> None:
    report = imported(HEAD + "Awa,600123456,plomberie,akwa\n")
    assert outcomes(report) == [Outcome.CREATED]
    assert report.rows[0].remarks
    assert Provider.objects.get().phone_doubtful


def test_the_same_number_twice_is_found_however_it_is_written() -> None:
    report = imported(HEAD + GOOD + "Somebody,+237677123456,plomberie,akwa\n")
    assert outcomes(report) == [Outcome.CREATED, Outcome.DUPLICATE]
    assert "2" in why(report, 1)


def test_a_known_number_changes_its_provider_and_empty_cells_change_nothing() -> None:
    a_provider(name="Awa", phone_number="+237677123456", email="awa@example.com")
    text = "name,phone,services,zones,email\nAwa Ngono,677123456,electricite,,\n"
    assert outcomes(imported(text)) == [Outcome.UPDATED]
    provider = Provider.objects.get()
    assert (provider.name, provider.email, provider.status) == ("Awa Ngono", "awa@example.com", ProviderStatus.ACTIVE)
    assert [row.service.slug for row in provider.coverage.all()] == ["electricite"]
    assert outcomes(imported(text)) == [Outcome.UNCHANGED]


def test_a_namesake_with_another_number_is_pointed_out() -> None:
    a_provider(name="Awa Ngono", phone_number="+237699000000")
    report = imported(HEAD + GOOD)
    assert outcomes(report) == [Outcome.CREATED]
    assert "+237699000000" in report.rows[0].remarks[0]


def test_a_dry_run_reports_the_same_and_stores_nothing() -> None:
    report = imported(HEAD + GOOD + BAD, dry_run=True)
    assert outcomes(report) == [Outcome.CREATED, Outcome.REFUSED]
    assert not report.stored
    assert not Provider.objects.exists()


def test_in_strict_mode_one_bad_row_keeps_all_out() -> None:
    assert not imported(HEAD + GOOD + BAD, strict=True).stored
    assert not Provider.objects.exists()
    assert imported(HEAD + GOOD, strict=True).stored
    assert Provider.objects.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"name,services\nAwa,plomberie\n",
        b"name,phone_number\n",
        b"name,phone,telephone\nAwa,1,2\n",
        b"PK\x03\x04 no workbook",
        b"\x00\x01\x02\xff",
        b'name,phone_number\n"' + b"x" * 200_000 + b'",1\n',
    ],
)
def test_a_file_that_makes_no_sense_is_refused_as_a_whole(content: bytes) -> None:
    with pytest.raises(UnreadableTable):
        import_file(content, "list.csv")


class TestCommand:
    def test_good_rows_end_well(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "list.csv").write_text(HEAD + GOOD)
        call_command("import_providers", str(tmp_path / "list.csv"))
        assert ": 1" in capsys.readouterr().out
        assert Provider.objects.exists()

    def test_bad_rows_are_told_and_end_with_an_error(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        (tmp_path / "list.csv").write_text(HEAD + GOOD + BAD)
        with pytest.raises(CommandError):
            call_command("import_providers", str(tmp_path / "list.csv"))
        assert "3" in capsys.readouterr().out
        assert Provider.objects.count() == 1

    def test_strict_and_dry_run_store_nothing(self, tmp_path: Path) -> None:
        (tmp_path / "list.csv").write_text(HEAD + GOOD + BAD)
        for option in ("--strict", "--dry-run"):
            with pytest.raises(CommandError):
                call_command("import_providers", str(tmp_path / "list.csv"), option)
        assert not Provider.objects.exists()

    def test_a_missing_file_is_told_in_one_sentence(self, tmp_path: Path) -> None:
        with pytest.raises(CommandError, match="nowhere"):
            call_command("import_providers", str(tmp_path / "nowhere.csv"))
