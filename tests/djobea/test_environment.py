"""A wrong value in the environment is a finding, never a traceback."""

from collections.abc import Callable
from pathlib import Path

import pytest

from djobea.environment import Environment


@pytest.fixture
def env(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "absent")


def test_the_real_environment_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("HOUSE_COLOUR=red\nHOUSE_ROOMS=3\n")
    monkeypatch.setenv("HOUSE_COLOUR", "green")
    monkeypatch.delenv("HOUSE_ROOMS", raising=False)
    env = Environment(file)
    assert env.text("HOUSE_COLOUR") == "green"
    assert env.whole("HOUSE_ROOMS", 1) == 3
    monkeypatch.delenv("HOUSE_ROOMS")


@pytest.mark.parametrize(("written", "meant"), [("1", True), ("on", True), ("True", True), ("0", False), ("no", False)])
def test_switches_are_read_as_people_write_them(
    env: Environment, monkeypatch: pytest.MonkeyPatch, written: str, meant: bool
) -> None:
    monkeypatch.setenv("HOUSE_LIGHT", written)
    assert env.switch("HOUSE_LIGHT", default=not meant) is meant
    assert env.findings == []


def test_an_empty_value_is_the_default(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_ROOMS", "  ")
    assert env.whole("HOUSE_ROOMS", 4) == 4
    assert env.whole_or_none("HOUSE_ROOMS") is None
    assert env.words("HOUSE_ROOMS", ["hall"]) == ["hall"]
    assert env.findings == []


def test_numbers_by_name_change_some_of_a_table(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_ROOMS", "hall=2, attic = 0,")
    assert env.numbers("HOUSE_ROOMS", {"hall": 1, "attic": 1, "bath": 1}) == {"hall": 2, "attic": 0, "bath": 1}
    assert env.findings == []


@pytest.mark.parametrize(
    ("reader", "wrong"),
    [
        ("switch", "maybe"),
        ("whole", "many"),
        ("whole_or_none", "1.5"),
        ("time_zone", "Mars/Olympus"),
        ("choice", "klingon"),
        ("database", "mysql://root@localhost/db"),
        ("database", "postgres://localhost"),
        ("email", "pigeon://loft"),
        ("numbers", "attic=3"),
        ("numbers", "hall"),
        ("numbers", "hall=many"),
    ],
)
def test_a_wrong_value_is_remembered_by_name_with_its_remedy(
    env: Environment, monkeypatch: pytest.MonkeyPatch, reader: str, wrong: str
) -> None:
    monkeypatch.setenv("HOUSE_THING", wrong)
    read: dict[str, Callable[[], object]] = {
        "switch": lambda: env.switch("HOUSE_THING", default=True),
        "whole": lambda: env.whole("HOUSE_THING", 7),
        "whole_or_none": lambda: env.whole_or_none("HOUSE_THING"),
        "time_zone": lambda: env.time_zone("HOUSE_THING", "Africa/Douala"),
        "choice": lambda: env.choice("HOUSE_THING", "fr", ("fr", "en")),
        "database": lambda: env.database("HOUSE_THING"),
        "email": lambda: env.email("HOUSE_THING", "consolemail://"),
        "numbers": lambda: env.numbers("HOUSE_THING", {"hall": 1}),
    }
    read[reader]()
    (finding,) = env.findings
    assert "HOUSE_THING" in finding.problem
    assert finding.remedy


def test_a_wrong_address_with_a_password_is_not_repeated(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_THING", "mysql://root:hunter2@localhost/db")
    env.database("HOUSE_THING")
    assert "hunter2" not in str(env.findings)


def test_a_database_address_keeps_its_options(env: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOUSE_DB", "postgres://me:p%40ss@db.example:5433/djobea?sslmode=require")
    found = env.database("HOUSE_DB")
    assert found is not None
    assert (found["NAME"], found["HOST"], found["PORT"], found["PASSWORD"]) == ("djobea", "db.example", 5433, "p@ss")
    assert found["OPTIONS"] == {"sslmode": "require"}
