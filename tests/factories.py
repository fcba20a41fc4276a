"""Rows of the marketplace for tests: each function shows only what matters to its caller.

The network's own (`a_provider`, `a_zone`, `a_service`) come from `tests.providers.factories`.
"""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, TypeVar

from django.db import connection, connections, transaction

from marketplace import dispatch, service_requests
from marketplace.dispatch import Acceptance
from marketplace.models import (
    Customer,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Offer,
    RequestStatus,
    ServiceRequest,
    Urgency,
    Wave,
)
from notifications.models import Contact, Notification, Status
from providers import standing
from providers.models import Provider
from tests.providers.factories import NOON, a_provider, a_service, a_zone

WHATSAPP_SENDER: Final = "whatsapp:+14155238886"
_numbers = count(1)
T = TypeVar("T")


def a_contact(**facts: Any) -> Contact:
    """Somebody who wrote to us a moment ago."""
    defaults: dict[str, Any] = {"phone_number": f"+237699{next(_numbers):06d}", "last_inbound_at": NOON}
    return Contact.objects.create(**(defaults | facts))


def a_customer(**facts: Any) -> Customer:
    """A customer named Awa; `facts` are the contact's."""
    return Customer.objects.create(contact=a_contact(**({"name": "Awa"} | facts)))


def a_request(*, urgency: str = Urgency.TODAY, at: datetime = NOON, **facts: Any) -> ServiceRequest:
    """A leak in Bonamoussadi as a customer asks for it: its first wave is out, if there is anybody."""
    defaults: dict[str, Any] = {
        "customer": facts.pop("customer", None) or a_customer(),
        "conversation": None,
        "service": a_service(),
        "zone": a_zone(),
        "description": "une fuite sous l'évier",
        "place_note": "derrière la pharmacie",
    }
    return service_requests.open_request(**(defaults | facts), urgency=urgency, at=at)


def a_silent_request(**facts: Any) -> ServiceRequest:
    """A searching request without any wave."""
    defaults: dict[str, Any] = {
        "customer": facts.get("customer") or a_customer(),
        "service": a_service(),
        "zone": a_zone(),
        "status": RequestStatus.SEARCHING,
        "searching_since": NOON,
        "expires_at": NOON + timedelta(hours=12),
    }
    return ServiceRequest.objects.create(**(defaults | facts))


def offers_to(request: ServiceRequest, providers: list[Provider], *, at: datetime = NOON) -> list[Offer]:
    """One open offer to each, in one wave of ten minutes."""
    ends = at + timedelta(minutes=10)
    run = MatchRun.objects.create(request=request, level="exact", ran_at=at)
    wave = Wave.objects.create(request=request, match_run=run, number=1, started_at=at, ends_at=ends)
    facts: dict[str, Any] = {"request": request, "wave": wave, "level": "exact", "created_at": at, "expires_at": ends}
    with transaction.atomic():
        standing.note_offered([provider.pk for provider in providers], at)
        return [Offer.objects.create(provider=provider, **facts) for provider in providers]


def a_job(*, at: datetime = NOON, others: int = 0, **facts: Any) -> Job:
    """A job that the first of the asked providers has accepted; `others` more wait beside."""
    for _ in range(others + 1):
        a_provider()
    request = a_request(at=at, **facts)
    offer = request.offers.order_by("pk")[0]
    assert dispatch.accept(offer, at=at) == Acceptance.WON
    return Job.objects.select_related("provider", "request__customer__contact", "request__zone").get(offer=offer)


def inbound_fields(text: str = "bonjour", *, sender: str = "whatsapp:+237699000001", **facts: str) -> dict[str, str]:
    """The form of an inbound WhatsApp message, with a MessageSid of its own."""
    return {
        "MessageSid": f"SM{next(_numbers):032x}",
        "From": sender,
        "To": WHATSAPP_SENDER,
        "Body": text,
        "NumMedia": "0",
        "MessageType": "text",
        "ProfileName": "Awa",
    } | facts


def an_inbound(contact: Contact, text: str = "bonjour", *, at: datetime = NOON, **facts: Any) -> InboundMessage:
    """A stored message that waits for its answer."""
    defaults: dict[str, Any] = {
        "message_sid": f"SM{next(_numbers):032x}",
        "from_address": f"whatsapp:{contact.phone_number}",
        "to_address": WHATSAPP_SENDER,
        "body": text,
        "payload": {"Body": text, "NumMedia": "0"},
        "received_at": at,
        "due_at": at,
        "status": InboundStatus.RECEIVED,
    }
    return InboundMessage.objects.create(contact=contact, **(defaults | facts))


def messages_to(number: str | None, purpose: str = "") -> list[Notification]:
    """What the queue holds for this number, the oldest first."""
    rows = Notification.objects.filter(phone_number=number or "").order_by("pk")
    return list(rows.filter(purpose=purpose) if purpose else rows)


def all_sent(status: str = Status.DELIVERED) -> int:
    """Whatever waits in the queue has left and arrived; returns how many messages."""
    waiting = Notification.objects.filter(status=Status.QUEUED)
    return waiting.update(status=status, attempt_count=1, last_error_code="30003" if status == Status.DEAD else "")


def in_threads(deeds: list[Callable[[], T]]) -> list[T]:
    """Do all of it at the same moment, each in a thread with a connection of its own; the results in order."""
    results: dict[int, T] = {}
    errors: list[BaseException] = []
    gate = threading.Barrier(len(deeds))

    def run(number: int, deed: Callable[[], T]) -> None:
        try:
            gate.wait(30)
            results[number] = deed()
        except BaseException as error:  # noqa: BLE001  raised again below, in the test's own thread
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(deeds)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    return [results[number] for number in range(len(deeds))]


def wait_for_a_waiter() -> None:
    """Until another connection to this database waits for a lock."""
    for _ in range(400):
        with connection.cursor() as cursor:
            # Inside a transaction the view would keep its first answer.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
