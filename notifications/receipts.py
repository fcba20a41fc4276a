"""Status callbacks: kept as they come, matched to their Attempt, and then lifted to the message.

Forwards only: a repeated, late or early callback changes nothing that a better one has said. Source of the ranks:
Twilio's message statuses; order is not guaranteed, and `undelivered` after `delivered` is noted only.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction

from . import channel_health, consequences, routing
from .models import Attempt, Channel, Notification, Outcome, Receipt, Status

TAKEN: Final = ("queued", "accepted", "scheduled", "sending", "sent")
ARRIVED: Final = {"delivered": Status.DELIVERED, "read": Status.READ, "partially_delivered": Status.DELIVERED}
FAILED: Final = ("failed", "undelivered", "canceled")


@dataclass(frozen=True)
class Callback:
    """What Twilio says of a message; `attempt` is the id that our StatusCallback URL carried, if any."""

    sid: str
    status: str
    attempt: uuid.UUID | None = None
    error_code: str = ""
    error_message: str = ""


@transaction.atomic
def receive(callback: Callback, *, at: datetime) -> bool:
    """Keep a callback and apply it; False: it was known already, or its message is not known yet."""
    fresh = Receipt(
        provider_sid=callback.sid,
        status=callback.status,
        attempt_public_id=callback.attempt,
        error_code=callback.error_code,
        error_message=callback.error_message[:500],
        received_at=at,
    )
    Receipt.objects.bulk_create([fresh], ignore_conflicts=True)
    receipt = Receipt.objects.select_for_update().get(provider_sid=callback.sid, status=callback.status)
    return receipt.applied_at is None and _apply(receipt, at)


def apply_waiting(sids: Sequence[str], at: datetime) -> int:
    """Apply callbacks that came before the API's answer told us their SID."""
    waiting = Receipt.objects.filter(provider_sid__in=sids, applied_at__isnull=True).order_by("pk")
    return sum(_apply(receipt, at) for receipt in waiting)


def _apply(receipt: Receipt, at: datetime) -> bool:
    attempt = _find(receipt)
    if attempt is None:
        return False
    channels = channel_health.lock_channels() if receipt.status in FAILED else {}
    row = Notification.objects.select_for_update(no_key=True).get(pk=attempt.notification_id)
    attempt = Attempt.objects.select_for_update(no_key=True).get(pk=attempt.pk)
    if not _adopt(attempt, receipt, at):
        return False
    if receipt.status in ARRIVED:
        _arrived(row, attempt, ARRIVED[receipt.status], at)
    elif receipt.status in FAILED:
        _failed(row, attempt, receipt, channels, at)
    else:
        _taken(row, attempt, at)
    Receipt.objects.filter(pk=receipt.pk).update(applied_at=at)
    return True


def _find(receipt: Receipt) -> Attempt | None:
    by_sid = Attempt.objects.filter(provider_sid=receipt.provider_sid).first()
    if by_sid is not None or receipt.attempt_public_id is None:
        return by_sid
    return Attempt.objects.filter(public_id=receipt.attempt_public_id).first()


def _adopt(attempt: Attempt, receipt: Receipt, at: datetime) -> bool:
    """Give the attempt the SID that the callback proves. A SID is adopted once; an attempt has one SID."""
    if attempt.provider_sid not in (None, receipt.provider_sid):
        return False
    if attempt.provider_sid is None:
        attempt.provider_sid = receipt.provider_sid
        attempt.outcome, attempt.finished_at = Outcome.ACCEPTED, at
        attempt.error_code = attempt.error_message = ""
        attempt.save(update_fields=["provider_sid", "outcome", "finished_at", "error_code", "error_message"])
    return True


def _is_current(row: Notification, attempt: Attempt) -> bool:
    """Whether the message rides on this attempt now, not on a later one."""
    return not row.attempts.filter(pk__gt=attempt.pk).exclude(outcome=Outcome.NOT_SENT).exists()


def _taken(row: Notification, attempt: Attempt, at: datetime) -> None:
    if row.status in (Status.SENDING, Status.UNCONFIRMED) and _is_current(row, attempt):
        Notification.objects.filter(pk=row.pk).move(
            Status.SENT,
            provider_sid=attempt.provider_sid,
            leased_by="",
            leased_until=None,
            sent_at=at,
            receipt_due_at=routing.receipt_due(row, at),
            news_due=at if routing.route_for(row.purpose).has_news else row.news_due,
        )


def _arrived(row: Notification, attempt: Attempt, status: Status, at: datetime) -> None:
    """Delivered or read, whichever copy it was: nothing more goes out."""
    newest = attempt.provider_sid if _is_current(row, attempt) or row.provider_sid is None else row.provider_sid
    facts: dict[str, object] = {
        "leased_by": "",
        "leased_until": None,
        "provider_sid": newest,
        "receipt_due_at": None,
        "waiting_for": "",
        "settled_at": row.settled_at or at,
        "sent_at": row.sent_at or at,
        "delivered_at": row.delivered_at or at,
    }
    if routing.route_for(row.purpose).has_news:
        facts["news_due"] = at
    if status == Status.READ:
        facts["read_at"] = at
    Notification.objects.filter(pk=row.pk).move(status, **facts)


def _failed(row: Notification, attempt: Attempt, receipt: Receipt, channels: dict[str, Channel], at: datetime) -> None:
    code = receipt.error_code or "lost"
    Attempt.objects.filter(pk=attempt.pk).exclude(outcome=Outcome.FAILED).update(
        outcome=Outcome.FAILED, error_code=code, error_message=receipt.error_message
    )
    rides = row.status in (Status.SENT, Status.SENDING, Status.UNCONFIRMED) and _is_current(row, attempt)
    if not rides or row.channel != attempt.channel:
        return  # it arrived after all, or another copy is on its way: noted on the attempt only
    row.provider_sid = attempt.provider_sid
    alerts = consequences.Alerts()
    if row.status in (Status.SENDING, Status.UNCONFIRMED):
        _taken(row, attempt, at)
        row.refresh_from_db()
    consequences.apply_failure(
        row, code, receipt.error_message or receipt.status, channels=channels, alerts=alerts, at=at
    )
    alerts.raise_all(at)
