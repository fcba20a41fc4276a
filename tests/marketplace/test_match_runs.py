"""Every look for providers is kept, counted afterwards, and can be asked about and tried otherwise."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from marketplace import dispatch, match_runs, what_if
from marketplace.models import MatchRun, Offer, ServiceRequest, Urgency
from providers.matching import Fit, LeftOut, Level
from providers.models import Provider, ProviderStatus
from providers.scoring import DEFAULT_WEIGHTS, Weights
from tests.factories import a_customer, a_request, all_sent
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db


def a_question(request: ServiceRequest, **facts: Any) -> what_if.Question:
    """The search that the request would make at noon, or as `facts` have it."""
    defaults: dict[str, Any] = {
        "zone_id": request.zone_id,
        "level": Level.EXACT,
        "urgency": request.urgency,
        "at": NOON,
        "limit": 4,
        "weights": DEFAULT_WEIGHTS,
    }
    return what_if.Question(**(defaults | facts))


def rows() -> tuple[int, int, list[Any]]:
    """What a question must not touch."""
    return Offer.objects.count(), MatchRun.objects.count(), list(ServiceRequest.objects.values())


def test_whoever_a_run_does_not_name_is_counted_by_reason_after_the_offers_went_out() -> None:
    for _ in range(40):
        a_provider()
    for _ in range(30):
        a_provider(status=ProviderStatus.SUSPENDED)
    request = a_request()
    run = MatchRun.objects.get(request=request)
    assert (run.counted_at, run.counts, request.offers.count()) == (None, {}, 5)
    assert match_runs.explain(NOON + timedelta(seconds=5)) == 1
    run.refresh_from_db()
    named = [miss["reason"] for miss in run.near_misses]
    assert run.counts == {
        "outscored": 40 - 5 - named.count("outscored"),
        "suspended": 30 - named.count("suspended"),
    }
    assert len(run.chosen) + len(run.near_misses) + sum(run.counts.values()) == 70
    assert match_runs.explain(NOON + timedelta(seconds=10)) == 0, "each run is counted once"


def test_the_count_is_of_the_moment_of_the_run_not_of_the_counting() -> None:
    for _ in range(6):
        a_provider()
    request = a_request()
    all_sent()
    dispatch.expire_offers(NOON + timedelta(minutes=6))
    match_runs.explain(NOON + timedelta(minutes=7))
    first = MatchRun.objects.filter(request=request).earliest("pk")
    assert [miss["reason"] for miss in first.near_misses] == ["outscored"] * 1
    assert first.counts == {}, "the five who were asked then were not asked before"


def test_a_run_of_before_its_question_was_kept_is_passed_over() -> None:
    request = a_request()
    old = MatchRun.objects.create(request=request, level="exact", ran_at=NOON)
    match_runs.explain(NOON)
    old.refresh_from_db()
    assert (old.counts, old.counted_at) == ({}, NOON)


def test_what_if_the_zone_were_another_touches_nothing() -> None:
    here, elsewhere = a_provider(), a_provider(zones=[a_zone("akwa", at=(4.05, 9.699))])
    request = a_request(latitude=4.089, longitude=9.740)
    before = rows()
    found = what_if.search(request, a_question(request)).result.chosen
    moved = what_if.search(request, a_question(request, zone_id=a_zone("akwa").pk)).result.chosen
    assert [candidate.provider_id for candidate in found] == [here.pk], "as if nobody had been asked yet"
    assert [(candidate.provider_id, candidate.distance_km) for candidate in moved] == [(elsewhere.pk, 0.0)]
    assert rows() == before


def test_what_if_it_were_an_emergency_at_night_with_other_weights() -> None:
    on_call = a_provider(takes_emergencies=True, base_zone=a_zone("akwa", at=(4.05, 9.699)))
    near = a_provider(base_zone=a_zone())
    near.availability.create(weekday=1, opens="08:00", closes="17:00")
    on_call.availability.create(weekday=1, opens="08:00", closes="17:00")
    request = a_request()
    night = a_question(request, at=NOON + timedelta(hours=9))
    assert [miss.reason for miss in what_if.search(request, night).result.near_misses] == [LeftOut.OUTSIDE_HOURS] * 2
    urgent = what_if.search(request, replace(night, level=Level.EMERGENCY, urgency=Urgency.EMERGENCY))
    assert [(one.provider_id, one.reason) for one in urgent.result.chosen] == [(on_call.pk, Fit.ON_CALL)]
    only_distance = a_question(
        request, weights=Weights(**dict.fromkeys(DEFAULT_WEIGHTS.names(), 0.0) | {"distance": 1})
    )
    assert [one.provider_id for one in what_if.search(request, only_distance).result.chosen] == [near.pk, on_call.pk]


def test_what_if_counts_whoever_it_does_not_name() -> None:
    for _ in range(25):
        a_provider(is_verified=False)
    request = a_request()
    answer = what_if.search(request, a_question(request))
    assert len(answer.result.near_misses) == 12
    assert answer.counts == {"not_verified": 13}


def test_of_those_who_were_asked_already_it_says_so_only_when_asked_for_the_rest() -> None:
    provider = a_provider()
    request = a_request()
    rest = what_if.search(request, a_question(request, as_if_new=False)).result
    assert (rest.chosen, rest.near_misses[0].reason) == ((), LeftOut.ALREADY_ASKED)
    assert what_if.search(request, a_question(request)).result.chosen[0].provider_id == provider.pk


@pytest.mark.parametrize("asked", ["Awa", "awa pl", "677 99 88", "#{pk}"])
def test_why_not_this_one_is_answered_by_name_number_or_id(asked: str) -> None:
    provider = a_provider(name="Awa Plombier", phone_number="+237677998811", is_verified=False)
    a_provider(name="Somebody else")
    request = a_request()
    ((who, verdict),) = what_if.why_not(request, a_question(request), asked.format(pk=provider.pk))
    assert (who, verdict.may_come, verdict.reason) == (provider, False, LeftOut.NOT_VERIFIED)
    assert verdict.score > 0, "the score is told as if nothing spoke against it"


def test_why_not_is_answered_for_whoever_does_another_trade_and_for_the_own_self() -> None:
    a_provider(name="Menage", services=[a_service("menage")])
    own = a_provider(name="Self")
    request = a_request(customer=a_customer(phone_number=own.phone_number))
    question = a_question(request)
    reasons = [what_if.why_not(request, question, name)[0][1].reason for name in ("Menage", "Self")]
    assert reasons == [LeftOut.NOT_COVERING, LeftOut.ALREADY_ASKED]
    assert what_if.why_not(request, question, "nobody of this name") == []
    assert what_if.why_not(request, question, " ") == []
    assert Provider.objects.count() == 2
