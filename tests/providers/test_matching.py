from datetime import datetime, time, timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from providers import availability, geography, matching, matching_query, standing
from providers.matching import Fit, LeftOut, Level, MatchResult, Need, find_candidates
from providers.models import Availability, Provider, ProviderStatus, Standing
from providers.scoring import Weights
from tests.providers.factories import NIGHT, NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db

AKWA = (4.050, 9.699)  # 6.3 km from Bonamoussadi
MAKEPE = (4.079, 9.753)  # 1.8 km
EDEA = (3.800, 10.133)  # 54 km, another city
BONABERI = (4.071, 9.682)
STANDINGS = st.lists(
    st.builds(
        lambda stars, ratings, made, **facts: {
            "rating_sum": stars * ratings,
            "rating_count": ratings,
            "offers_made": made,
            "offers_accepted": made // 3,
            **facts,
        },
        stars=st.integers(1, 5),
        ratings=st.integers(0, 40),
        made=st.integers(0, 500),
        open_jobs=st.integers(0, 4),
        offers_lately=st.sampled_from([0.0, 0.5, 2.0, 60.0]),
        reply_seconds=st.integers(1, 3600),
        last_offer_at=st.sampled_from([None, *(NOON - timedelta(hours=hours) for hours in (-30, 1, 50, 300_000))]),
    ),
    min_size=1,
    max_size=8,
)


def a_need(**facts: Any) -> Need:
    return Need(**({"service_id": a_service().pk, "zone_id": a_zone().pk} | facts))


def found(level: str = Level.EXACT, at: datetime = NOON, limit: int = 5, **facts: Any) -> MatchResult:
    return find_candidates(a_need(**facts), level, at, limit)


def names(result: MatchResult) -> list[str]:
    return [candidate.name for candidate in result.chosen]


def why_not(provider: Provider, result: MatchResult) -> str:
    assert provider.pk not in {candidate.provider_id for candidate in result.chosen}
    return {miss.provider_id: miss.reason for miss in result.near_misses}[provider.pk]


class TestExact:
    def test_whoever_does_the_service_in_the_zone_is_found(self) -> None:
        provider = a_provider(name="Awa")
        a_provider(services=[a_service("menage")])
        a_provider(zones=[a_zone("akwa", at=AKWA)])
        (candidate,) = found().chosen
        assert (candidate.provider_id, candidate.name, candidate.phone_number) == (
            provider.pk,
            "Awa",
            provider.phone_number,
        )
        assert (candidate.level, candidate.reason, candidate.distance_km) == ("exact", Fit.COVERS_ZONE, 0.0)
        assert set(candidate.score_parts) >= {"distance", "rating", "acceptance", "load", "fairness"}

    def test_the_best_come_first_and_the_others_are_near_misses(self) -> None:
        far = a_provider(base_zone=a_zone("akwa", at=AKWA))
        near = a_provider(base_zone=a_zone())
        middle = a_provider(base_zone=a_zone("makepe", at=MAKEPE))
        result = found(limit=2)
        assert [candidate.provider_id for candidate in result.chosen] == [near.pk, middle.pk]
        assert why_not(far, result) == LeftOut.OUTSCORED

    def test_a_shared_location_counts_more_than_the_centre_of_the_zone(self) -> None:
        a_provider(name="Akwa", base_zone=a_zone("akwa", at=AKWA))
        a_provider(name="Makepe", base_zone=a_zone("makepe", at=MAKEPE))
        assert names(found(limit=1)) == ["Makepe"]
        assert names(found(limit=1, latitude=AKWA[0], longitude=AKWA[1])) == ["Akwa"]

    def test_the_distance_is_the_one_of_the_map(self) -> None:
        a_provider(base_zone=a_zone("akwa", at=AKWA))
        expected = geography.haversine_km(4.089, 9.740, *AKWA)
        assert found().chosen[0].distance_km == pytest.approx(expected, abs=0.01)

    def test_somebody_who_covers_the_whole_city_covers_each_of_its_zones(self) -> None:
        a_provider(zones=[a_zone("douala", at=(4.048, 9.704), whole=True)])
        a_provider(zones=[a_zone("yaounde", at=(3.867, 11.517), city="yaounde", whole=True)])
        assert len(found().chosen) == 1

    def test_a_customer_who_names_only_the_city_gets_somebody_from_any_of_its_zones(self) -> None:
        city = a_zone("douala", at=(4.048, 9.704), whole=True)
        a_provider(zones=[a_zone("akwa", at=AKWA)])
        assert len(found(zone_id=city.pk).chosen) == 1

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"status": ProviderStatus.SUSPENDED}, LeftOut.SUSPENDED),
            ({"status": ProviderStatus.ON_HOLD}, LeftOut.ON_HOLD),
            ({"status": ProviderStatus.PENDING}, LeftOut.NOT_APPROVED),
            ({"is_verified": False}, LeftOut.NOT_VERIFIED),
            ({"unavailable_until": NOON + timedelta(minutes=1)}, LeftOut.UNAVAILABLE),
            ({"daily_capacity": 0}, LeftOut.AT_CAPACITY),
        ],
    )
    def test_whoever_may_not_come_is_a_near_miss_with_its_reason(self, facts: dict[str, Any], reason: str) -> None:
        assert why_not(a_provider(**facts), found()) == reason

    def test_an_absence_that_is_over_counts_no_more(self) -> None:
        a_provider(unavailable_until=NOON)
        assert found().chosen

    def test_the_day_is_full_when_its_jobs_are_given_and_empty_the_next_day(self) -> None:
        provider = a_provider(daily_capacity=1)
        standing.note_job_opened(provider.pk, NOON)
        assert why_not(provider, found()) == LeftOut.AT_CAPACITY
        assert found(at=NOON + timedelta(days=1)).chosen

    def test_whoever_was_asked_is_not_asked_again(self) -> None:
        provider = a_provider()
        assert why_not(provider, found(exclude=(provider.pk,))) == LeftOut.ALREADY_ASKED

    def test_a_doubtful_number_comes_after_the_sure_ones_but_comes(self) -> None:
        doubtful = a_provider(phone_doubtful=True)
        assert found().chosen[0].provider_id == doubtful.pk
        a_provider(base_zone=a_zone("makepe", at=MAKEPE))
        assert why_not(doubtful, found(limit=1)) == LeftOut.DOUBTFUL_NUMBER

    def test_an_unknown_place_or_service_finds_nobody(self) -> None:
        a_provider()
        assert found(zone_id=0) == MatchResult("exact", NOON, (), ())
        assert not found(service_id=0).chosen

    def test_one_query_and_one_for_near_misses_however_many_providers(self, django_assert_num_queries: Any) -> None:
        need = a_need()
        for _ in range(8):
            a_provider()
        for level in Level:
            with django_assert_num_queries(1):
                find_candidates(need, level, NOON, 5, near_misses=False)
            with django_assert_num_queries(2):
                find_candidates(need, level, NOON, 5)


class TestHours:
    @pytest.fixture
    def by_day(self) -> Provider:
        provider = a_provider()
        Availability.objects.create(provider=provider, weekday=1, opens=time(8), closes=time(17))
        return provider

    def test_outside_working_hours_somebody_is_left_out(self, by_day: Provider) -> None:
        assert found(at=NOON).chosen
        assert why_not(by_day, found(at=NIGHT)) == LeftOut.OUTSIDE_HOURS

    def test_whoever_takes_emergencies_is_on_call_at_night_for_an_emergency_only(self, by_day: Provider) -> None:
        Provider.objects.update(takes_emergencies=True)
        assert why_not(by_day, found(at=NIGHT, urgency="today")) == LeftOut.OUTSIDE_HOURS
        (candidate,) = found(at=NIGHT, urgency="emergency").chosen
        assert candidate.reason == Fit.ON_CALL

    def test_the_query_and_the_row_agree_at_each_half_hour_of_a_week(self, by_day: Provider) -> None:
        Availability.objects.create(provider=by_day, weekday=2, opens=time(20), closes=time(23, 59))
        Availability.objects.create(provider=by_day, weekday=3, opens=time(0), closes=time(6, 30))
        for step in range(2 * 24 * 7):
            at = NIGHT + timedelta(minutes=30 * step)
            assert bool(found(at=at).chosen) is availability.is_open(by_day, at), at


class TestBroad:
    def test_neighbours_come_by_distance_and_then_the_city(self) -> None:
        a_provider(name="Akwa", zones=[a_zone("akwa", at=AKWA)])
        a_provider(name="Makepe", zones=[a_zone("makepe", at=MAKEPE)])
        result = found(Level.BROAD)
        assert names(result) == ["Makepe", "Akwa"]
        assert [candidate.reason for candidate in result.chosen] == [Fit.NEIGHBOURING_ZONE, Fit.SAME_CITY]

    def test_it_holds_what_the_exact_level_found(self) -> None:
        a_provider(name="Here", base_zone=a_zone("akwa", at=AKWA), radius_km=1)
        assert names(found(Level.BROAD)) == ["Here"]

    def test_related_trades_come_after_the_right_one(self) -> None:
        pumps = a_service("forage-pompe", related=a_service())
        a_provider(name="Pumps", services=[pumps])
        a_provider(name="Pipes", zones=[a_zone("makepe", at=MAKEPE)])
        result = found(Level.BROAD)
        assert names(result) == ["Pipes", "Pumps"]
        assert result.chosen[1].reason == Fit.RELATED_SERVICE

    def test_a_related_trade_that_is_offered_no_more_is_left_alone(self) -> None:
        pumps = a_service("forage-pompe", related=a_service())
        a_provider(services=[pumps])
        pumps.is_active = False
        pumps.save()
        assert not found(Level.BROAD).chosen

    def test_somebody_who_would_have_to_come_too_far_is_out_of_reach(self) -> None:
        provider = a_provider(zones=[a_zone("akwa", at=AKWA)], radius_km=3)
        assert why_not(provider, found(Level.BROAD)) == LeftOut.OUT_OF_REACH

    def test_somebody_in_both_trades_and_many_zones_is_found_once(self) -> None:
        pumps = a_service("forage-pompe", related=a_service())
        a_provider(
            services=[pumps, a_service()], zones=[a_zone(), a_zone("makepe", at=MAKEPE), a_zone("akwa", at=AKWA)]
        )
        (candidate,) = found(Level.BROAD).chosen
        assert candidate.reason == Fit.COVERS_ZONE

    def test_another_city_far_away_is_not_searched(self) -> None:
        a_provider(zones=[a_zone("edea", at=EDEA, city="edea", whole=True)], radius_km=200)
        assert not found(Level.BROAD).chosen


class TestEmergency:
    def test_whoever_takes_emergencies_is_woken_from_farther_away(self) -> None:
        provider = a_provider(zones=[a_zone("akwa", at=AKWA)], radius_km=3, takes_emergencies=True)
        Availability.objects.create(provider=provider, weekday=4, opens=time(8), closes=time(17))
        assert not found(Level.BROAD, NIGHT).chosen
        (candidate,) = found(Level.EMERGENCY, NIGHT).chosen
        assert candidate.reason == Fit.ON_CALL

    def test_whoever_takes_none_sleeps_on(self) -> None:
        provider = a_provider(zones=[a_zone("akwa", at=AKWA)])
        Availability.objects.create(provider=provider, weekday=4, opens=time(8), closes=time(17))
        assert why_not(provider, found(Level.EMERGENCY, NIGHT)) == LeftOut.OUTSIDE_HOURS

    def test_it_holds_what_the_broad_level_found(self) -> None:
        a_provider(zones=[a_zone("makepe", at=MAKEPE)])
        a_provider(zones=[a_zone("bonaberi", at=BONABERI)])
        broad, emergency = found(Level.BROAD), found(Level.EMERGENCY)
        assert {c.provider_id for c in broad.chosen} <= {c.provider_id for c in emergency.chosen}


class TestReasons:
    def test_at_most_twelve_near_misses_and_not_only_the_outscored(self) -> None:
        for _ in range(25):
            a_provider()
        away = a_provider(unavailable_until=NOON + timedelta(days=1))
        result = found(limit=3)
        assert len(result.chosen) == 3
        assert len(result.near_misses) == 12
        assert why_not(away, result) == LeftOut.UNAVAILABLE

    def test_the_rest_is_counted_by_reason(self) -> None:
        a_provider()
        a_provider()
        a_provider(status=ProviderStatus.SUSPENDED)
        assert matching.count_by_reason(a_need(), Level.EXACT, NOON) == {"": 2, "suspended": 1}

    def test_why_not_this_one_is_answered_for_anybody(self) -> None:
        fitting, away = a_provider(), a_provider(unavailable_until=NOON + timedelta(days=1))
        elsewhere = a_provider(zones=[a_zone("akwa", at=AKWA)])
        answers = [matching.judge(a_need(), Level.EXACT, NOON, who.pk).reason for who in (fitting, away, elsewhere)]
        assert answers == [Fit.COVERS_ZONE, LeftOut.UNAVAILABLE, LeftOut.NOT_COVERING]

    def test_other_weights_give_another_order(self) -> None:
        rated = a_provider(base_zone=a_zone("akwa", at=AKWA))
        for _ in range(20):
            standing.note_rating(rated.pk, 5)
        near = a_provider(base_zone=a_zone())
        orders = [
            [c.provider_id for c in find_candidates(a_need(), Level.EXACT, NOON, 5, weights=weights).chosen]
            for weights in (Weights(1, 0, 0, 0, 0, 0), Weights(0, 1, 0, 0, 0, 0))
        ]
        assert orders == [[near.pk, rated.pk], [rated.pk, near.pk]]

    @given(facts=STANDINGS)
    @settings(max_examples=25, phases=[Phase.generate], deadline=None)
    def test_the_score_that_ranks_is_the_one_that_is_explained(self, facts: list[dict[str, Any]]) -> None:
        with transaction.atomic():
            for place, fact in enumerate(facts):
                who = a_provider(
                    base_zone=a_zone(f"z{place % 4}", at=(3.9 + place % 4, 9.7)), phone_doubtful=place % 5 == 4
                )
                Standing.objects.create(provider=who, **fact)
            result = found(limit=3)
            scores = {one.provider_id: one.score for one in result.chosen}
            scores |= {one.provider_id: one.score for one in result.near_misses}
            judged = {pk: matching.judge(a_need(), Level.EXACT, NOON, pk) for pk in scores}
            transaction.set_rollback(True)
        assert len(scores) == len(facts)
        for pk, score in scores.items():
            assert score == pytest.approx(judged[pk].score, abs=0.00011)
        ranked = [one.score for one in result.chosen]
        assert ranked == sorted(scores.values(), reverse=True)[: len(ranked)]

    def test_a_result_can_be_kept_as_json(self) -> None:
        a_provider(name="Awa")
        a_provider(status=ProviderStatus.SUSPENDED)
        kept = found().as_json()
        assert kept["chosen"][0]["name"] == "Awa"
        assert kept["near_misses"][0]["reason"] == "suspended"

    def test_a_limit_of_none_chooses_nobody(self) -> None:
        provider = a_provider()
        assert why_not(provider, found(limit=0)) == LeftOut.OUTSCORED


class TestLongLines:
    """More people in one cell than are compared."""

    @pytest.fixture
    def crowd(self) -> list[int]:
        """Ever better rated ones: by their score alone the first of them would never be asked."""
        people = [a_provider().pk for _ in range(3 * matching_query.POOL)]
        Standing.objects.bulk_create(
            Standing(provider_id=pk, rating_sum=100 if place >= matching_query.POOL else 20, rating_count=20)
            for place, pk in enumerate(people)
        )
        return people

    def test_an_offer_reaches_everybody_in_the_end(self, crowd: list[int]) -> None:
        asked: set[int] = set()
        for minute in range(len(crowd)):
            at = NOON + timedelta(minutes=minute)
            chosen = [candidate.provider_id for candidate in found(at=at, limit=3).chosen]
            assert len(chosen) == 3
            standing.note_offered(chosen, at)
            asked |= set(chosen)
            if len(asked) == len(crowd):
                break
        assert asked == set(crowd)

    def test_one_place_goes_to_whoever_has_waited_longest(self, crowd: list[int]) -> None:
        standing.note_offered(crowd[1:], NOON - timedelta(days=30))
        standing.note_offered([crowd[0]], NOON - timedelta(days=31))
        Standing.objects.filter(pk__in=crowd[1:6]).update(rating_sum=100)
        result = found(limit=3)
        assert crowd[0] in {candidate.provider_id for candidate in result.chosen}
        scores = [candidate.score for candidate in result.chosen]
        assert scores == sorted(scores, reverse=True)
        assert found(limit=1).chosen[0].provider_id in crowd[1:6], "a single place goes to the best"

    def test_those_who_are_away_or_asleep_hide_nobody(self, crowd: list[int]) -> None:
        awake = crowd[-1]
        for pk in crowd[:-1]:
            Availability.objects.create(provider_id=pk, weekday=1, opens=time(8), closes=time(17))
        assert [candidate.provider_id for candidate in found(at=NIGHT).chosen] == [awake]
        Availability.objects.all().delete()
        Provider.objects.exclude(pk=awake).update(unavailable_until=NOON + timedelta(days=1))
        assert [candidate.provider_id for candidate in found().chosen] == [awake]

    def test_those_who_were_asked_already_hide_nobody(self, crowd: list[int]) -> None:
        left = found(exclude=tuple(crowd[:-2]), limit=5)
        assert {candidate.provider_id for candidate in left.chosen} == set(crowd[-2:])
        assert {miss.reason for miss in left.near_misses} == {LeftOut.ALREADY_ASKED}

    def test_in_a_short_line_the_score_alone_decides(self) -> None:
        first = a_provider()
        best = [a_provider().pk for _ in range(3)]
        Standing.objects.bulk_create(Standing(provider_id=pk, rating_sum=50, rating_count=10) for pk in best)
        assert first.pk not in {candidate.provider_id for candidate in found(limit=3).chosen}


def test_the_function_in_the_database_is_put_back_by_the_next_migrate() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DROP FUNCTION providers_match")
    call_command("migrate", verbosity=0)
    a_provider()
    assert found().chosen
