"""Djobea's engine against the simulator: settings that point there, and turns of the worker without threads."""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from notifications import clock, outbox, seeding, settlement, twilio_client
from notifications.delivery import Deadline, deliver
from notifications.models import Contact, Notification
from notifications.queue import claim
from tests.simulator_process import SimulatorProcess


def point_at(simulator: SimulatorProcess, settings: Any, **changes: Any) -> None:
    """Let the settings name the simulator, and make the rows of channels and accounts from them."""
    facts = {
        "TWILIO_API_BASE_URL": simulator.base_url,
        "TWILIO_ACCOUNT_SID": simulator.account_sid,
        "TWILIO_AUTH_TOKEN": simulator.auth_token,
        "TWILIO_WHATSAPP_FROM": simulator.whatsapp_from,
        "TWILIO_SMS_FROM": simulator.sms_from,
        "TWILIO_TIMEOUT_SECONDS": 2,
        "EMAIL_URL": "",
        "DEBUG": True,
    }
    for name, value in (facts | changes).items():
        setattr(settings, name, value)
    twilio_client.forget_clients()
    seeding.seed()


def someone(number: str = "+237699000001", **facts: Any) -> Contact:
    """A contact whose 24-hour window is open."""
    defaults = {"phone_number": number, "last_inbound_at": clock.now()}
    return Contact.objects.create(**(defaults | facts))


def a_message(contact: Contact, **facts: Any) -> Notification:
    """A message in the queue, due now."""
    defaults: dict[str, Any] = {"purpose": "reply", "body": "Bonjour", "contact": contact}
    with transaction.atomic():
        return outbox.enqueue(**(defaults | facts))


def turn(*, slots: int = 16, at: datetime | None = None) -> int:
    """One turn of the worker: claim, send, settle; returns how many calls left."""
    at = at or clock.now()
    claimed = claim("test-worker", slots, at)
    results = [deliver(envelope, claimed.lease, Deadline.begin()) for envelope in claimed.envelopes]
    settlement.settle(results, clock.now())
    return len(results)


def drain(*, most: int = 10) -> int:
    """Turns until all that is due has had its chance, on all channels; returns how many calls left."""
    return sum(turn() for _ in range(most))


def later(**delta: float) -> datetime:
    """The database's time, moved on."""
    return clock.now() + timedelta(**delta)
