from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from providers import audit, availability, coverage, standing
from providers.audit import coverage_agrees
from providers.matching import LeftOut
from providers.models import EPOCH, Availability, Coverage, Provider, ProviderStatus, Rank, Standing
from tests.audits import broken_rows
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db


def covered(provider: Provider) -> set[tuple[str, str]]:
    rows = Coverage.objects.filter(provider=provider).values_list("service__slug", "zone__slug")
    return {(service, zone) for service, zone in rows}


def spans_of(provider: Provider) -> list[tuple[int, int]] | None:
    """When the coverage says that somebody works, in seconds of the week."""
    spans = Coverage.objects.values_list("works_at", flat=True).get(provider=provider)
    return None if spans is None else [(span.lower, span.upper) for span in spans]


def test_coverage_is_each_service_in_each_zone() -> None:
    provider = a_provider(
        services=[a_service("plomberie"), a_service("menage")], zones=[a_zone("akwa"), a_zone("bali")]
    )
    assert covered(provider) == {
        ("plomberie", "akwa"),
        ("plomberie", "bali"),
        ("menage", "akwa"),
        ("menage", "bali"),
    }


def test_a_second_refresh_writes_nothing() -> None:
    provider = a_provider()
    assert coverage.refresh(provider) == (0, 0)


def test_only_the_difference_is_written() -> None:
    provider = a_provider(zones=[a_zone("akwa"), a_zone("bali")])
    kept = Coverage.objects.get(provider=provider, zone__slug="akwa")
    provider.zones.set([a_zone("akwa"), a_zone("deido")])
    assert coverage.refresh(provider.pk) == (1, 1)
    assert covered(provider) == {("plomberie", "akwa"), ("plomberie", "deido")}
    kept.refresh_from_db()


def test_the_coverage_of_others_is_left_alone() -> None:
    other, provider = a_provider(), a_provider()
    other.zones.clear()
    coverage.refresh([provider])
    assert covered(other)
    assert coverage.refresh_all() == (0, 1)
    assert not covered(other)


def test_many_providers_take_as_few_statements_as_one(django_assert_num_queries: object) -> None:
    providers = [a_provider() for _ in range(5)]
    for provider in providers:
        provider.zones.add(a_zone("akwa"))
    with django_assert_num_queries(4 + 2):  # type: ignore[operator]  # two locks, delete, insert; a savepoint around them
        assert coverage.refresh(providers) == (5, 0)


def test_the_audit_is_silent_about_a_healthy_coverage() -> None:
    a_provider()
    assert broken_rows(audit.AUDITS, NOON) == {}


def test_the_audit_tells_what_is_missing_and_what_is_too_much() -> None:
    provider = a_provider()
    provider.zones.add(a_zone("akwa"), a_zone("bali"))
    provider.zones.remove(a_zone("bonamoussadi"))
    ((_row, breach),) = coverage_agrees(None)
    assert "2" in breach
    assert "1" in breach


class TestPlaceInTheLine:
    """Each row of coverage repeats what matching needs to read its line in order; triggers keep it true."""

    @pytest.mark.parametrize(
        ("facts", "rank", "why"),
        [
            ({}, Rank.MAY, ""),
            ({"phone_doubtful": True}, Rank.DOUBTFUL, ""),
            ({"phone_doubtful": True, "is_verified": False}, Rank.MAY_NOT, LeftOut.NOT_VERIFIED),
            ({"status": ProviderStatus.ON_HOLD}, Rank.MAY_NOT, LeftOut.ON_HOLD),
            ({"status": ProviderStatus.SUSPENDED, "is_verified": False}, Rank.MAY_NOT, LeftOut.SUSPENDED),
            ({"status": ProviderStatus.PENDING}, Rank.MAY_NOT, LeftOut.NOT_APPROVED),
            ({"daily_capacity": 0}, Rank.MAY_NOT, ""),  # the capacity itself is the reason
        ],
    )
    def test_the_rank_says_whether_somebody_may_be_asked_from_the_first_and_after_a_change(
        self, facts: dict[str, Any], rank: Rank, why: str
    ) -> None:
        born, changed = a_provider(**facts), a_provider()
        Provider.objects.filter(pk=changed.pk).update(**facts)
        rows = Coverage.objects.filter(provider__in=[born, changed])
        assert list(rows.values_list("rank", "held_back")) == [(rank, why)] * 2

    def test_whoever_was_asked_or_is_away_stands_farther_back(self) -> None:
        newcomer, asked, away = a_provider(), a_provider(), a_provider()
        standing.note_offered([asked.pk], NOON)
        availability.set_unavailable(away.pk, until=NOON + timedelta(days=1))
        line = Coverage.objects.order_by("in_line_since").values_list("provider", "in_line_since")
        assert list(line) == [
            (newcomer.pk, EPOCH),
            (asked.pk, NOON),
            (away.pk, NOON + timedelta(days=1)),
        ]
        standing.note_offered([asked.pk], NOON + timedelta(days=2))
        availability.set_available(away.pk)
        assert list(line.all().values_list("in_line_since", flat=True)) == [EPOCH, EPOCH, NOON + timedelta(days=2)]

    def test_rows_that_come_later_know_what_happened_before(self) -> None:
        provider = a_provider(unavailable_until=NOON)
        standing.note_offered([provider.pk], NOON - timedelta(days=1))
        provider.zones.add(a_zone("akwa"))
        coverage.refresh(provider)
        rows = Coverage.objects.values_list("rank", "away_until", "last_offer_at", "in_line_since")
        assert set(rows) == {(Rank.MAY, NOON, NOON - timedelta(days=1), NOON)}
        assert rows.count() == 2

    def test_the_audit_finds_a_row_that_is_out_of_date_and_a_refresh_of_all_mends_it(self) -> None:
        provider = a_provider()
        Coverage.objects.filter(provider=provider).update(last_offer_at=NOON)
        ((_row, breach),) = coverage_agrees(None)
        assert "1" in breach
        coverage.refresh_all()
        assert list(coverage_agrees(None)) == []
        Coverage.objects.filter(provider=provider).update(rank=Rank.MAY_NOT)
        assert coverage.disagreements() == (0, 0, 1)

    def test_the_head_of_a_line_is_read_from_the_index_alone(self) -> None:
        with connection.cursor() as cursor:
            # Of a table this small any way costs the same: the question is whether the index gives the order.
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
            cursor.execute(
                "EXPLAIN SELECT provider_id FROM providers_coverage WHERE service_id = 1 AND zone_id = 1 AND rank < 2 "
                "ORDER BY rank, in_line_since, provider_id LIMIT 60"
            )
            plan = " ".join(line for (line,) in cursor.fetchall())
        assert "coverage_line" in plan
        assert "Sort" not in plan

    def test_whatever_changes_about_a_provider_the_audit_stays_silent(self) -> None:
        provider, other = a_provider(), a_provider()
        everything = {"base_zone": a_zone("akwa"), "radius_km": 3, "daily_capacity": 2, "takes_emergencies": True}
        Provider.objects.filter(pk=provider.pk).update(**everything)
        hours = Availability.objects.create(provider=provider, weekday=1, opens="08:00", closes="17:00")
        Availability.objects.create(provider=provider, weekday=1, opens="20:00", closes="23:59")
        standing.note_offered([provider.pk], NOON)
        standing.note_accepted(provider.pk)
        standing.note_job_opened(provider.pk, NOON)
        standing.note_rating(provider.pk, 4)
        row = Coverage.objects.get(provider=provider)
        assert (row.base_zone_id, row.radius_km, row.takes_emergencies) == (a_zone("akwa").pk, 3, True)
        day = 24 * 3600
        assert spans_of(provider) == [(day + 8 * 3600, day + 17 * 3600), (day + 20 * 3600, 2 * day)]
        assert (row.open_jobs, row.jobs_today, row.offers_made, row.offers_accepted) == (1, 1, 1, 1)
        assert (row.rating_sum, row.rating_count) == (4, 1)
        Availability.objects.filter(pk=hours.pk).update(provider=other)
        assert [spans_of(one) for one in (provider, other)] == [
            [(day + 20 * 3600, 2 * day)],
            [(day + 8 * 3600, day + 17 * 3600)],
        ]
        other.availability.update(weekday=0, closes="18:00")
        assert spans_of(other) == [(8 * 3600, 18 * 3600)]
        other.availability.all().delete()
        assert spans_of(other) is None
        with connection.cursor() as cursor:  # for the code of before, which runs on during an upgrade
            cursor.execute("SELECT keeps_hours FROM providers_coverage ORDER BY provider_id")
            assert cursor.fetchall() == [(True,), (False,)]
        Standing.objects.create(provider=other, rating_sum=5, rating_count=1)
        assert coverage.disagreements() == (0, 0, 0)
