"""Demand beside supply, and whom to recruit next."""

import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from marketplace import demand, dispatch, recruiting, service_requests
from marketplace.demand import Cell
from marketplace.models import MatchRun, Offer, RequestStatus, ServiceRequest, Urgency
from notifications import clock
from providers.models import City, Provider, ProviderStatus, Service, Zone
from providers.supply import Supply
from tests.factories import a_request
from tests.providers.factories import NOON, a_city, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db
AKWA = (4.050, 9.699)  # 6.3 km from Bonamoussadi
MAKEPE = (4.079, 9.753)  # 1.8 km
EDEA = (3.800, 10.133)  # 54 km


def cells(service: Service | None = None, *, at: datetime = NOON) -> list[Cell]:
    return list(demand.cells(a_city(), service, at=at))


def the_cell(service: Service | None = None) -> Cell:
    (cell,) = cells(service)
    return cell


def nobody_found(**facts: Any) -> ServiceRequest:
    request = a_request(**facts)
    assert request.status == RequestStatus.WAITING
    return request


class TestSupply:
    @pytest.mark.parametrize(
        ("facts", "supply"),
        [
            ({}, Supply(1, 1, 1)),
            ({"unavailable_until": NOON + timedelta(hours=1)}, Supply(1, 1, 0)),
            ({"unavailable_until": NOON}, Supply(1, 1, 1)),
            ({"daily_capacity": 0}, Supply(1, 1, 0)),
            ({"is_verified": False}, Supply(1, 0, 0)),
            ({"status": ProviderStatus.ON_HOLD}, Supply(0, 0, 0)),
        ],
    )
    def test_active_verified_and_available_are_told_apart(self, facts: dict[str, Any], supply: Supply) -> None:
        a_zone()
        a_provider(**facts)
        assert the_cell(a_service()).supply == supply

    def test_whoever_covers_the_whole_city_counts_once_in_each_of_its_zones(self) -> None:
        a_provider(zones=[a_zone("douala", at=(4.048, 9.704), whole=True), a_zone()])
        a_provider(zones=[a_zone("yaounde", at=(3.867, 11.517), city="yaounde", whole=True)])
        assert [cell.supply.available for cell in cells(a_service())] == [1, 1]


class TestDemand:
    def test_only_requests_of_the_last_30_days_count(self) -> None:
        for days in (0, 29, 31):
            request = a_request()
            ServiceRequest.objects.filter(pk=request.pk).update(created_at=NOON - timedelta(days=days))
        assert the_cell().requests == 2

    def test_without_a_service_only_what_was_asked_for_is_shown_and_the_worst_first(self) -> None:
        a_provider(services=[a_service("menage")])
        a_request(service=a_service("menage"), at=NOON)
        nobody_found(service=a_service("soudure"))
        ServiceRequest.objects.update(created_at=NOON)
        a_service("peinture")
        assert [(cell.service.slug, cell.requests, cell.unmatched, cell.need) for cell in cells()] == [
            ("soudure", 1, 1, "nobody"),
            ("menage", 1, 0, "few"),
        ]

    def test_with_a_service_every_zone_of_the_city_is_shown(self) -> None:
        a_zone("akwa", at=AKWA)
        a_zone("edea", at=EDEA, city="edea")
        for _ in range(3):
            a_provider()
        a_request()
        ServiceRequest.objects.update(created_at=NOON)
        shown = {cell.zone.slug: cell.need for cell in cells(a_service())}
        assert shown == {"bonamoussadi": "enough", "akwa": "none"}

    def test_a_fixed_number_of_queries(self, django_assert_num_queries: Any) -> None:
        for slug in ("menage", "soudure", "peinture"):
            a_provider(services=[a_service(slug)])
            a_request(service=a_service(slug))
        ServiceRequest.objects.update(created_at=NOON)
        city = City.objects.get()
        with django_assert_num_queries(5):
            assert len(demand.cells(city, None, at=NOON)) == 3

    def test_unmatched_is_what_found_nobody_and_not_what_the_customer_gave_up_while_asked(self) -> None:
        waiting, expired, given_up = nobody_found(), nobody_found(), nobody_found()
        service_requests.cancel(given_up, reason="", by="customer", at=NOON)
        ServiceRequest.objects.filter(pk=expired.pk).update(status=RequestStatus.EXPIRED)
        a_provider()
        searching, changed_mind, matched = a_request(), a_request(), a_request()
        service_requests.cancel(changed_mind, reason="", by="customer", at=NOON)
        dispatch.accept(Offer.objects.get(request=matched), at=NOON)
        assert searching.status == RequestStatus.SEARCHING
        assert set(demand.unmatched()) == {waiting, expired, given_up}


class TestRecruiting:
    @pytest.fixture(autouse=True)
    def _places(self) -> None:
        """Nobody lives here yet."""
        for slug, where in (("bonamoussadi", (4.089, 9.740)), ("akwa", AKWA), ("makepe", MAKEPE)):
            a_zone(slug, at=where)
        a_zone("edea", at=EDEA, city="edea")

    def advice(self, many: int = 10) -> list[tuple[str, str, int, int]]:
        ServiceRequest.objects.update(created_at=NOON)
        rows = recruiting.next_ones(at=NOON, many=many)
        return [(row.service.slug, row.zone.slug, row.helped, row.in_the_zone) for row in rows]

    def test_the_trade_and_quarter_that_was_missed_most_comes_first(self) -> None:
        for _ in range(2):
            nobody_found(service=a_service("menage"), zone=Zone.objects.get(slug="akwa"))
        nobody_found(service=a_service("soudure"))
        assert self.advice() == [("menage", "akwa", 2, 2), ("soudure", "bonamoussadi", 1, 1)]

    def test_one_provider_helps_several_quarters_in_reach_and_lives_where_most_is_asked(self) -> None:
        for slug in ("bonamoussadi", "makepe", "makepe", "edea"):
            nobody_found(zone=Zone.objects.get(slug=slug))
        assert self.advice() == [("plomberie", "makepe", 3, 2), ("plomberie", "edea", 1, 1)]

    def test_the_advice_is_true(self) -> None:
        """A provider as advised is found by a new search of each request it would have helped."""
        for slug in ("bonamoussadi", "makepe", "akwa"):
            nobody_found(zone=Zone.objects.get(slug=slug))
        ServiceRequest.objects.update(created_at=NOON)
        (row,) = recruiting.next_ones(at=NOON)
        assert row.helped == 3
        a_provider(services=[row.service], zones=[row.zone], base_zone=row.zone)
        for request in ServiceRequest.objects.all():
            dispatch.start_search(request, at=NOON)
            assert MatchRun.objects.filter(request=request).latest("pk").chosen

    def test_a_search_that_stayed_exact_is_helped_in_its_own_quarter_only(self) -> None:
        request = nobody_found()
        MatchRun.objects.filter(request=request).exclude(level="exact").delete()
        ServiceRequest.objects.update(created_at=NOON)
        assert [row.zone.slug for row in recruiting.next_ones(at=NOON)] == ["bonamoussadi"]

    def test_a_related_trade_counts_but_the_right_one_is_advised(self) -> None:
        pumps = a_service("forage-pompe", related=a_service())
        nobody_found(service=a_service())
        nobody_found(service=a_service())
        nobody_found(service=pumps)
        assert self.advice() == [("plomberie", "bonamoussadi", 3, 3)]

    def test_nobody_does_more_than_six_jobs_a_day(self) -> None:
        for _ in range(8):
            nobody_found()
        assert self.advice() == [("plomberie", "bonamoussadi", 6, 6), ("plomberie", "bonamoussadi", 2, 2)]

    def test_whoever_found_somebody_and_old_stories_count_for_nothing(self) -> None:
        nobody_found(urgency=Urgency.SCHEDULED)
        ServiceRequest.objects.update(created_at=NOON - timedelta(days=31))
        assert list(recruiting.next_ones(at=NOON)) == []
        a_provider()
        a_request()
        assert self.advice(many=1) == [("plomberie", "bonamoussadi", 1, 1)]


class TestPages:
    @pytest.fixture
    def client(self) -> Client:
        user = User.objects.create_user("staff", is_staff=True)
        user.user_permissions.add(Permission.objects.get(codename="view_matchrun"))
        client = Client()
        client.force_login(user)
        return client

    def read(self, client: Client, page: str, **query: str) -> str:
        answer = client.get(reverse(f"admin:marketplace_matchrun_{page}"), query)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_the_map_has_a_circle_for_each_zone_and_no_word_that_runs(self, client: Client) -> None:
        a_zone("evil", at=AKWA)
        Zone.objects.filter(slug="evil").update(name="</script><b>")
        nobody_found(at=clock.now())
        shown = self.read(client, "network", service="plomberie")
        found = re.search(r'<script id="network-circles" type="application/json">(.*?)</script>', shown, re.DOTALL)
        assert found
        circles = json.loads(found[1])
        assert [(circle["tone"], circle["radius"]) for circle in circles] == [("bad", 24), ("quiet", 5)]
        assert circles[1]["name"] == "</script><b>"
        assert "<b></td>" not in shown

    def test_an_empty_house_says_so(self, client: Client) -> None:
        self.read(client, "network")
        assert 'class="dj-advice"' not in self.read(client, "recruit")

    def test_the_advice_leads_to_its_service(self, client: Client) -> None:
        nobody_found(at=clock.now())
        shown = self.read(client, "recruit")
        assert "?city=douala&amp;service=plomberie" in shown
        assert Provider.objects.count() == 0

    @pytest.mark.parametrize("page", ["network", "recruit"])
    def test_only_who_may_see_searches_sees_the_pages(self, page: str) -> None:
        client = Client()
        client.force_login(User.objects.create_user("other", is_staff=True))
        assert client.get(reverse(f"admin:marketplace_matchrun_{page}")).status_code == 403
