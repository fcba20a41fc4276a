"""What the news about a message does to offers and jobs; news may come twice."""

import pytest

from marketplace.models import Job, Offer, OfferStatus
from notifications import settlement
from notifications.models import EscalationAlert, Notification, Status
from notifications.signals import notification_settled
from tests.factories import a_job, a_request, messages_to
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def settle(row: Notification, status: str, *, code: str = "") -> None:
    """The news as the worker tells it, twice."""
    row.status, row.last_error_code, row.attempt_count = status, code or "30003", 1
    row.save(update_fields=["status", "last_error_code", "attempt_count"])
    for _ in range(2):
        notification_settled.send(sender=Notification, notification=row, at=NOON)


def test_an_offer_whose_message_died_ends_and_the_search_goes_on_at_once() -> None:
    first = a_provider()
    request = a_request()
    second = a_provider()
    settle(messages_to(first.phone_number, "offer")[0], Status.DEAD, code="63024")
    assert Offer.objects.get(request=request, provider=first).status == OfferStatus.UNREACHABLE
    assert Offer.objects.get(request=request, provider=second).status == OfferStatus.OPEN
    assert request.events.get(name="offer_not_delivered").facts["code"] == "63024"
    assert request.waves.count() == 2


def test_an_offer_that_was_answered_before_its_message_died_stays_answered() -> None:
    job = a_job()
    settle(messages_to(job.provider.phone_number, "offer")[0], Status.DEAD, code="63024")
    assert Offer.objects.get(pk=job.offer_id).status == OfferStatus.ACCEPTED


@pytest.mark.parametrize("status", [Status.DELIVERED, Status.READ])
def test_a_job_is_handed_over_when_both_contact_messages_arrived(status: str) -> None:
    job = a_job()
    settle(messages_to(job.request.customer.contact.phone_number, "provider_found")[0], status)
    found = Job.objects.get()
    assert (found.customer_told_at, found.provider_told_at) == (NOON, None)
    settle(messages_to(job.provider.phone_number, "offer_won")[0], status)
    assert Job.objects.get().provider_told_at == NOON
    assert job.request.events.filter(name="handed_over").count() == 1


def test_sent_is_not_delivered() -> None:
    job = a_job()
    settle(messages_to(job.provider.phone_number, "offer_won")[0], Status.SENT)
    assert Job.objects.get().provider_told_at is None


@pytest.mark.parametrize("status", [Status.DEAD, Status.EXPIRED])
def test_a_contact_message_that_never_arrived_becomes_a_task_to_call(status: str) -> None:
    job = a_job()
    settle(messages_to(job.provider.phone_number, "offer_won")[0], status, code="30003")
    alert = EscalationAlert.objects.get(fingerprint=f"job:{job.pk}:contact")
    assert "prestataire" in alert.title
    assert "30003" in alert.cause


@pytest.mark.parametrize(
    "reference", ["", "offer:", "offer:x", "offer:0", "job:0:customer", "job:1", "inbound:5", "::"]
)
def test_news_about_something_else_is_let_pass(reference: str) -> None:
    a_provider()
    a_request()
    row = Notification.objects.get(purpose="offer")
    row.reference = reference
    settle(row, Status.DEAD)
    assert Offer.objects.get().status == OfferStatus.OPEN


def test_the_workers_news_reach_the_offer_and_are_then_settled() -> None:
    plumber = a_provider()
    a_request()
    row = messages_to(plumber.phone_number, "offer")[0]
    Notification.objects.filter(pk=row.pk).update(
        status=Status.DEAD, last_error_code="63024", news_due=NOON, settled_at=NOON
    )
    assert settlement.tell_news(NOON) == 1
    assert settlement.tell_news(NOON) == 0
    assert Offer.objects.get().status == OfferStatus.UNREACHABLE
