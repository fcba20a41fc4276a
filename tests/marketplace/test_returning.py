"""Providers who want offers again while searches run."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from marketplace import dispatch, returning
from marketplace.models import Offer, OfferStatus, RequestStatus, ServiceRequest, Wave
from marketplace.wave_policy import SILENT_TOO_OFTEN
from notifications.models import EscalationAlert
from providers.models import Provider, ProviderStatus, Standing
from tests.factories import a_request, all_sent, messages_to
from tests.providers.factories import NOON, a_provider, a_service

pytestmark = pytest.mark.django_db


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def away(**facts: Any) -> Provider:
    return a_provider(unavailable_until=after(days=2), **facts)


def silence_alerts() -> int:
    return EscalationAlert.objects.unresolved().filter(fingerprint__endswith=":silent").count()


def a_silent_one() -> Provider:
    """Somebody whom silence has put on hold."""
    provider = a_provider()
    for number in range(SILENT_TOO_OFTEN):
        at = NOON - timedelta(hours=9) + timedelta(hours=number)
        request = a_request(at=at)
        all_sent()
        dispatch.expire_offers(at + timedelta(minutes=6))
        ServiceRequest.objects.filter(pk=request.pk).move(RequestStatus.CANCELLED)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ON_HOLD
    return provider


def test_who_comes_back_in_mid_search_gets_the_offer_at_once() -> None:
    a_provider()
    provider = away()
    request = a_request()
    returning.come_back(provider, at=after(minutes=2))
    assert returning.include_returned(after(minutes=2)) == 1
    assert returning.include_returned(after(minutes=2)) == 0, "nobody is asked twice"
    offer = Offer.objects.get(provider=provider)
    assert (offer.status, offer.expires_at) == (OfferStatus.OPEN, Wave.objects.get().ends_at)
    assert messages_to(provider.phone_number, "offer")
    assert request.events.filter(name="joined_search", actor=f"provider:{provider.pk}").exists()


def test_who_comes_back_is_found_by_a_request_that_waits() -> None:
    provider = away()
    request = a_request()
    assert request.events.filter(name="nobody_found").exists()
    returning.come_back(provider, at=after(minutes=30))
    assert returning.include_returned(after(minutes=30)) == 1
    assert ServiceRequest.objects.get(pk=request.pk).status == RequestStatus.SEARCHING


def test_who_does_something_else_or_is_suspended_gets_nothing() -> None:
    other = away(services=[a_service(slug="serrurerie")])
    suspended = away(status=ProviderStatus.SUSPENDED)
    a_request()
    for provider in (other, suspended):
        returning.come_back(provider, at=after(minutes=2))
    assert returning.include_returned(after(minutes=2)) == 0
    suspended.refresh_from_db()
    assert suspended.status == ProviderStatus.SUSPENDED
    assert not Standing.objects.filter(back_at__isnull=False).exists()


def test_the_word_available_ends_a_hold_for_silence_and_its_alert() -> None:
    provider = a_silent_one()
    returning.come_back(provider, at=NOON)
    returning.include_returned(NOON)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ACTIVE
    assert Standing.objects.get(pk=provider.pk).unanswered_in_a_row == 0
    assert not silence_alerts()


def test_a_hold_by_staff_is_not_ended_by_a_word() -> None:
    provider = a_provider(status=ProviderStatus.ON_HOLD)
    returning.come_back(provider, at=NOON)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ON_HOLD


def test_staff_who_set_a_silent_one_to_active_end_the_alert_and_the_count() -> None:
    provider = a_silent_one()
    soon = after(hours=-4)
    assert returning.include_returned(soon) == 0
    assert silence_alerts() == 1, "still on hold"
    Provider.objects.filter(pk=provider.pk).update(status=ProviderStatus.ACTIVE)
    returning.include_returned(soon)
    assert not silence_alerts()
    assert Standing.objects.get(pk=provider.pk).unanswered_in_a_row == 0


def test_a_hold_for_silence_ends_by_itself_after_half_a_day() -> None:
    provider = a_silent_one()
    held_at = NOON - timedelta(hours=9) + timedelta(hours=SILENT_TOO_OFTEN - 1, minutes=6)
    returning.include_returned(held_at + timedelta(hours=11, minutes=59))
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ON_HOLD
    returning.include_returned(held_at + timedelta(hours=12))
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ACTIVE
    assert not silence_alerts()


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_a_late_answer_ends_a_hold_for_silence_at_once(answer: str) -> None:
    provider = a_silent_one()
    soon = after(hours=-1, minutes=8)
    getattr(dispatch, answer)(Offer.objects.latest("pk"), at=soon)
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ACTIVE
    returning.include_returned(soon)
    assert not silence_alerts()


@pytest.mark.parametrize("answer", ["accept", "decline"])
def test_an_answer_does_not_end_a_hold_by_staff(answer: str) -> None:
    provider = a_provider()
    a_request()
    Provider.objects.filter(pk=provider.pk).update(status=ProviderStatus.ON_HOLD)
    getattr(dispatch, answer)(Offer.objects.get(), at=after(minutes=2))
    returning.include_returned(after(days=1))
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.ON_HOLD


def test_whom_staff_suspended_meanwhile_stays_so() -> None:
    provider = a_silent_one()
    Provider.objects.filter(pk=provider.pk).update(status=ProviderStatus.SUSPENDED)
    returning.include_returned(after(days=1))
    provider.refresh_from_db()
    assert provider.status == ProviderStatus.SUSPENDED
