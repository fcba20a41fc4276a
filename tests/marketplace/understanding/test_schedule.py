from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from marketplace.understanding.schedule import date_schedule, find_timing

AT = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Africa/Douala"))  # a Tuesday


@pytest.mark.parametrize(
    ("text", "starts", "ends"),
    [
        ("demain matin", "2026-11-25 07:00", "2026-11-25 12:00"),
        ("apres demain", "2026-11-26 08:00", "2026-11-26 18:00"),
        ("samedi 14h", "2026-11-28 14:00", "2026-11-28 16:00"),
        ("mardi", "2026-12-01 08:00", "2026-12-01 18:00"),
        ("dans deux semaines", "2026-12-08 08:00", "2026-12-08 18:00"),
        ("la semaine prochaine", "2026-11-30 08:00", "2026-12-06 18:00"),
        ("le 28", "2026-11-28 08:00", "2026-11-28 18:00"),
        ("on the 5th", "2026-12-05 08:00", "2026-12-05 18:00"),
        ("debut janvier", "2027-01-01 08:00", "2027-01-01 18:00"),
        ("apres 14h", "2026-11-24 14:00", "2026-11-24 21:00"),
        ("dans une heure", "2026-11-24 11:30", "2026-11-24 13:30"),
        ("avant midi", "2026-11-24 10:30", "2026-11-24 12:00"),
        ("today at 4 pm", "2026-11-24 16:00", "2026-11-24 18:00"),
    ],
)
def test_a_phrase_of_time_becomes_a_window(text: str, starts: str, ends: str) -> None:
    schedule = date_schedule(find_timing(text), AT)
    assert schedule is not None
    assert schedule.starts_at is not None
    assert schedule.ends_at is not None
    assert (f"{schedule.starts_at:%Y-%m-%d %H:%M}", f"{schedule.ends_at:%Y-%m-%d %H:%M}") == (starts, ends)


@pytest.mark.parametrize(
    "text", ["depuis 2 jours", "since yesterday", "il y a une semaine", "au 4e etage", "hier soir"]
)
def test_time_that_is_gone_is_no_wish(text: str) -> None:
    assert date_schedule(find_timing(text), AT) is None


def test_a_habit_is_marked_and_a_day_that_does_not_exist_is_passed_over() -> None:
    weekly = date_schedule(find_timing("deux fois par semaine"), AT)
    assert weekly is not None
    assert weekly.recurring
    thirty_first = date_schedule(find_timing("le 31"), AT)
    assert thirty_first is not None
    assert thirty_first.starts_at is not None
    assert f"{thirty_first.starts_at:%m-%d}" == "12-31"


def test_without_a_moment_nothing_is_dated() -> None:
    schedule = date_schedule(find_timing("demain"), None)
    assert schedule is not None
    assert schedule.starts_at is None
