"""How many are asked at once."""

from datetime import timedelta

import pytest

from marketplace import dispatch, service_requests, wave_size
from marketplace.models import Offer, OfferStatus, ServiceRequest, Urgency
from marketplace.wave_policy import NARROWEST, WAVE_SIZE, WIDEST
from notifications.models import Status
from tests.factories import a_request, all_sent
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def some_offers(*, taken: int, of: int) -> None:
    """Offers that have ended, the given number of them with a job."""
    providers = [a_provider() for _ in range(of // 12)]
    while Offer.objects.count() < of:
        request = a_request()
        if taken > 0:
            taken -= 1
            dispatch.accept(request.offers.all()[0], at=NOON + timedelta(minutes=1))
        service_requests.cancel(request, reason="", by="customer", at=NOON + timedelta(minutes=2))
    assert len(providers) >= WAVE_SIZE[Urgency.EMERGENCY]


def an_emergency() -> ServiceRequest:
    return a_request(urgency=Urgency.EMERGENCY)


def test_a_young_market_asks_as_many_as_the_urgency_wants() -> None:
    for _ in range(12):
        a_provider()
    assert an_emergency().offers.count() == WAVE_SIZE[Urgency.EMERGENCY]
    assert an_emergency().offers.count() == WAVE_SIZE[Urgency.EMERGENCY], "offers that are open say nothing yet"


def test_where_few_offers_are_taken_fewer_are_asked_at_once() -> None:
    some_offers(taken=0, of=200)
    assert wave_size.stretch() == NARROWEST
    assert an_emergency().offers.count() == round(WAVE_SIZE[Urgency.EMERGENCY] * NARROWEST)


def test_offers_that_reached_nobody_say_nothing() -> None:
    for _ in range(12):
        a_provider()
    for _ in range(12):
        request = an_emergency()
        all_sent(Status.DEAD)
        for offer in request.offers.all():
            dispatch.note_unreachable(offer, code="63024", at=NOON)
    Offer.objects.filter(status=OfferStatus.OPEN).delete()
    assert Offer.objects.count() > 90
    assert wave_size.stretch() == 1


def test_where_many_offers_are_taken_more_are_asked_at_once() -> None:
    some_offers(taken=60, of=200)
    assert wave_size.stretch() == WIDEST
    assert an_emergency().offers.count() == round(WAVE_SIZE[Urgency.EMERGENCY] * WIDEST)


def test_somebody_is_asked_however_few_answer() -> None:
    some_offers(taken=0, of=200)
    assert a_request(urgency=Urgency.SCHEDULED).offers.count() == max(
        1, round(WAVE_SIZE[Urgency.SCHEDULED] * NARROWEST)
    )
