"""The walk of the product: from a customer's message to an accepted job."""

from collections.abc import Callable
from typing import Any

import pytest

from marketplace.models import InboundMessage, Job, JobStatus, Offer, OfferStatus, RequestStatus, ServiceRequest
from notifications.models import EscalationAlert, Notification, Status
from providers.models import Availability
from tests.phones import Phone
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)
Work = Callable[[], None]


@pytest.fixture
def plumbers(simulator: SimulatorProcess) -> list[Phone]:
    return [
        Phone(simulator, "+237677000001", "Jean-Pierre Mbarga"),
        Phone(simulator, "+237677000002", "Élise Ngo Bayiha"),
        Phone(simulator, "+237677000003", "Samuel Fotso"),
    ]


def ask_for_a_plumber(customer: Phone, work: Work) -> ServiceRequest:
    customer.writes("Bonjour, j'ai une fuite d'eau à Bonamoussadi, c'est urgent")
    work()
    for _ in range(4):
        if ServiceRequest.objects.exists():
            break
        customer.writes("1")
        work()
    return ServiceRequest.objects.get()


def test_a_leak_in_bonamoussadi_is_offered_and_the_first_to_accept_gets_it(
    customer: Phone, plumbers: list[Phone], work: Work
) -> None:
    for plumber in plumbers:
        plumber.writes("bonjour")
    work()
    request = ask_for_a_plumber(customer, work)
    assert (request.service.slug, request.zone.slug, request.urgency) == ("plomberie", "bonamoussadi", "emergency")
    assert all(plumber.has_received("Bonamoussadi") for plumber in plumbers)
    plumbers[1].writes("1")
    work()
    request.refresh_from_db()
    job = Job.objects.get()
    assert (request.status, job.status, job.provider.phone_number) == (
        RequestStatus.MATCHED,
        JobStatus.ASSIGNED,
        plumbers[1].number,
    )
    assert customer.has_received("Élise Ngo Bayiha")
    assert customer.has_received(plumbers[1].number)
    assert plumbers[1].has_received(customer.number)
    assert plumbers[0].has_received("plus rapide")
    job.refresh_from_db()
    assert job.customer_told_at is not None
    assert job.provider_told_at is not None
    plumbers[2].writes("1")
    work()
    assert Job.objects.count() == 1


def test_a_sender_that_is_unknown_holds_messages_with_a_reason_until_it_is_repaired(
    customer: Phone, plumbers: list[Phone], work: Work, simulator: SimulatorProcess, settings: Any
) -> None:
    settings.TWILIO_SMS_FROM = ""
    simulator.fault("unknown_sender")
    customer.writes("Bonjour, j'ai une fuite d'eau à Bonamoussadi, c'est urgent")
    work()
    waiting = Notification.objects.get(purpose="reply")
    assert (waiting.status, waiting.waiting_for) == (Status.QUEUED, "channel")
    alert = EscalationAlert.objects.get(fingerprint="channel:whatsapp:63007")
    assert alert.state == "open"
    assert customer.received() == []
    simulator.clear_faults()
    work()
    alert.refresh_from_db()
    assert alert.state == "resolved"
    assert len(customer.received()) == 1


def test_providers_who_never_wrote_get_the_offer_by_template_or_sms(
    customer: Phone, plumbers: list[Phone], work: Work
) -> None:
    Availability.objects.all().delete()  # at whatever hour this runs
    ask_for_a_plumber(customer, work)
    assert Offer.objects.filter(status=OfferStatus.OPEN).count() == 8, "a whole wave"
    for plumber in plumbers:
        assert plumber.has_received("Bonamoussadi")


def test_every_message_of_the_story_was_stored_and_answered(customer: Phone, work: Work) -> None:
    for text in ("Bonjour", "😀", "x" * 5000, "1'; DROP TABLE --", "STOP", "START"):
        customer.writes(text)
        work()
    assert InboundMessage.objects.filter(status="processed").count() == 6
