"""Staff give a request to a provider they have called."""

from datetime import datetime, timedelta

import pytest

from marketplace import by_hand, dispatch, jobs
from marketplace.by_hand import Assignment
from marketplace.models import Job, JobStatus, MatchRun, Offer, OfferStatus, RequestStatus
from notifications.models import EscalationAlert
from providers.models import Provider, ProviderStatus, Standing
from tests.factories import a_job, a_request, all_sent, messages_to
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db
AWA = "staff:awa"


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def test_a_waiting_request_is_given_to_somebody_matching_would_not_choose() -> None:
    request = a_request()
    assert request.status == RequestStatus.WAITING or dispatch.start_search(request, at=NOON) == 0
    provider = a_provider(is_verified=False, zones=[])
    assert by_hand.assign(request.pk, provider, by=AWA, at=after(minutes=5)) == Assignment.DONE
    job = Job.objects.get(request=request)
    request.refresh_from_db()
    assert (job.provider, job.status, request.status) == (provider, JobStatus.CONFIRMED, RequestStatus.MATCHED)
    assert messages_to(provider.phone_number, "offer_won")
    assert messages_to(request.customer.contact.phone_number, "provider_found")
    assert request.events.get(name="assigned_by_hand").actor == AWA
    assert request.events.get(name="confirmed").actor == AWA
    assert MatchRun.objects.filter(request=request).latest("pk").chosen[0]["provider_id"] == provider.pk
    assert not EscalationAlert.objects.unresolved().exists()
    assert Standing.objects.get(pk=provider.pk).open_jobs == 1


def test_those_who_were_asked_are_told_kindly() -> None:
    asked, chosen = a_provider(), a_provider(status=ProviderStatus.ON_HOLD)
    request = a_request()
    all_sent()
    assert by_hand.assign(request.pk, chosen, by=AWA, at=after(minutes=1)) == Assignment.DONE
    assert Offer.objects.get(provider=asked).status == OfferStatus.TAKEN
    assert messages_to(asked.phone_number, "offer_taken")


@pytest.mark.parametrize("answer", ["declined", "silent", "asked"])
def test_who_declined_or_was_silent_may_take_it_after_a_call(answer: str) -> None:
    provider = a_provider()
    request = a_request()
    all_sent()
    if answer == "declined":
        dispatch.decline(request.offers.get(), at=after(minutes=1))
    elif answer == "silent":
        dispatch.expire_offers(after(minutes=6))
    assert by_hand.assign(request.pk, provider, by=AWA, at=after(minutes=8)) == Assignment.DONE
    assert Offer.objects.get().status == OfferStatus.ACCEPTED


def test_a_request_that_has_a_provider_or_a_provider_who_failed_it_is_refused() -> None:
    job = a_job(others=1)
    other = Provider.objects.exclude(pk=job.provider_id).get()
    assert by_hand.assign(job.request_id, other, by=AWA, at=NOON) == Assignment.NOT_OPEN
    jobs.cancel(job, reason="ill", by="provider", at=after(minutes=5))
    assert by_hand.assign(job.request_id, job.provider, by=AWA, at=after(minutes=6)) == Assignment.NOT_THIS_ONE
    Provider.objects.filter(pk=other.pk).update(status=ProviderStatus.SUSPENDED)
    other.refresh_from_db()
    assert by_hand.assign(job.request_id, other, by=AWA, at=after(minutes=6)) == Assignment.NOT_THIS_ONE
    assert Job.objects.count() == 1
