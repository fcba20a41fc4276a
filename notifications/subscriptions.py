"""Telling other programs what happened: an event becomes one message of the queue for each that asked for it.

Payloads carry ids, names and states, never numbers or texts of people: whoever needs more asks the API, with its rights.
"""

import json
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from . import tracing, wake
from .models import Channel, ChannelName, EscalationAlert, Notification, Priority, Status
from .models.subscription import EventName, WebhookSubscription, new_secret
from .routing import route_for

PURPOSE: Final = "webhook"
PING: Final = "ping"
OLD_SECRET_FOR: Final = timedelta(hours=24)


def publish(event: str, facts: Mapping[str, Any], *, reference: str = "", at: datetime) -> int:
    """Queue this event for every active subscription to it, in the caller's transaction; returns for how many."""
    wanting = WebhookSubscription.objects.filter(is_active=True, events__contains=[event])
    return _enqueue(list(wanting), event, facts, reference, at)


@transaction.atomic
def ping(subscription: WebhookSubscription, *, at: datetime) -> bool:
    """Queue a call that only says that it works; False: the subscription is not active."""
    if not subscription.is_active:
        return False
    return bool(_enqueue([subscription], PING, {"name": subscription.name}, "", at))


def _enqueue(
    wanting: list[WebhookSubscription], event: str, facts: Mapping[str, Any], reference: str, at: datetime
) -> int:
    if not wanting:
        return 0
    body = json.dumps(
        {"id": f"evt_{uuid.uuid4().hex}", "type": event, "timestamp": at.isoformat(), "data": dict(facts)},
        ensure_ascii=False,
    )
    route, trace = route_for(PURPOSE), tracing.begin()
    Notification.objects.bulk_create(
        Notification(
            purpose=PURPOSE,
            subscription=each,
            endpoint=each.url,
            subject=event,
            body=body,
            priority=Priority.BULK,
            reference=reference,
            trace=trace,
            channel=ChannelName.WEBHOOK,
            status=Status.QUEUED,
            due_at=at,
            expires_at=at + route.useful_for if route.useful_for else None,
            created_at=at,
        )
        for each in wanting
    )
    wake.notify(wake.OUTBOX)
    return len(wanting)


def tell_of_alert(alert: EscalationAlert, event: EventName, at: datetime) -> None:
    """Publish what became of an alert; those about webhooks that fail would call themselves without end."""
    if alert.fingerprint.startswith(f"dead-letter:{ChannelName.WEBHOOK}"):
        return
    facts = {"id": alert.pk, "fingerprint": alert.fingerprint, "severity": alert.severity, "title": alert.title}
    publish(event, facts, reference=f"alert:{alert.pk}", at=at)


def tell_of_dead_letter(row: Notification, code: str, at: datetime) -> None:
    """Publish that a message became a dead letter, unless it was such a call itself."""
    if row.channel == ChannelName.WEBHOOK:
        return
    facts = {"id": row.pk, "purpose": row.purpose, "channel": row.channel, "error_code": code}
    publish(EventName.MESSAGE_DEAD, facts | {"reference": row.reference}, reference=row.reference, at=at)


def give_up(subscription_id: int, why: str) -> bool:
    """Call this address no more, until staff switch it on again; what waits for it is called back at its turn."""
    rows = WebhookSubscription.objects.filter(pk=subscription_id, is_active=True)
    return bool(rows.update(is_active=False, why_inactive=why[:200]))


@transaction.atomic
def rotate_secret(subscription: WebhookSubscription, *, at: datetime) -> str:
    """A new secret, which is returned; the old one signs beside it for a day."""
    row = WebhookSubscription.objects.select_for_update(no_key=True).get(pk=subscription.pk)
    row.old_secret, row.old_secret_until, row.secret = row.secret, at + OLD_SECRET_FOR, new_secret()
    row.save(update_fields=["old_secret", "old_secret_until", "secret"])
    return row.secret


def seed() -> int:
    """The channel's row; returns 1 where it was made."""
    facts = {"is_configured": True, "sender": "Djobea"}
    return int(Channel.objects.get_or_create(name=ChannelName.WEBHOOK, defaults=facts)[1])
