from datetime import UTC, datetime, time, timedelta

import pytest

from providers import availability
from providers.models import Availability, Provider, ProviderStatus
from tests.providers.factories import DOUALA, NIGHT, NOON, a_provider

pytestmark = pytest.mark.django_db


def hours(provider: Provider, weekday: int, opens: time, closes: time) -> None:
    Availability.objects.create(provider=provider, weekday=weekday, opens=opens, closes=closes)


def both_ways(provider: Provider, at: datetime) -> bool:
    """One rule, two forms: the row's and the query's must agree."""
    is_open = availability.is_open(provider, at)
    assert availability.available_now(at).filter(pk=provider.pk).exists() is is_open
    return is_open


def test_somebody_without_hours_works_at_all_hours() -> None:
    assert both_ways(a_provider(), NIGHT)


def test_hours_begin_at_their_first_minute_and_end_before_their_last() -> None:
    provider = a_provider()
    hours(provider, 1, time(8), time(17))
    day = NOON.replace(hour=8)
    assert both_ways(provider, day)
    assert not both_ways(provider, day - timedelta(seconds=1))
    assert both_ways(provider, NOON.replace(hour=16, minute=59))
    assert not both_ways(provider, NOON.replace(hour=17))


def test_another_day_has_its_own_hours() -> None:
    provider = a_provider()
    hours(provider, 0, time(8), time(17))
    assert not both_ways(provider, NOON)


def test_hours_are_local_time() -> None:
    provider = a_provider()
    hours(provider, 1, time(0), time(1))
    assert both_ways(provider, datetime(2026, 11, 23, 23, 30, tzinfo=UTC))  # Tuesday 0:30 in Douala


def test_a_night_shift_is_two_rows_and_has_no_gap_at_midnight() -> None:
    provider = a_provider()
    hours(provider, 0, time(20), time(23, 59))
    hours(provider, 1, time(0), time(6))
    assert both_ways(provider, datetime(2026, 11, 23, 23, 59, 30, tzinfo=DOUALA))
    assert both_ways(provider, datetime(2026, 11, 24, 0, 0, tzinfo=DOUALA))


def test_an_absence_ends_by_itself() -> None:
    provider = a_provider()
    assert availability.set_unavailable(provider.pk, until=NOON)
    assert not availability.available_now(NOON - timedelta(seconds=1)).exists()
    assert availability.available_now(NOON).exists()


def test_coming_back_early_is_told_apart_from_never_having_been_away() -> None:
    provider = a_provider()
    assert not availability.set_available(provider.pk)
    availability.set_unavailable(provider.pk, until=NOON)
    assert not availability.set_unavailable(provider.pk, until=NOON)
    assert availability.set_available(provider.pk)
    assert availability.available_now(NOON - timedelta(hours=1)).exists()


@pytest.mark.parametrize("status", [status for status in ProviderStatus if status != ProviderStatus.ACTIVE])
def test_only_the_active_are_available(status: str) -> None:
    a_provider(status=status)
    assert not availability.available_now(NOON).exists()


def test_somebody_whose_identity_was_not_checked_is_not_available() -> None:
    a_provider(is_verified=False)
    assert not availability.available_now(NOON).exists()
