"""Status callbacks: kept as they come, matched to their Attempt, and then lifted to the message.

Forwards only: a repeated, late or early callback changes nothing that a better one has said. Source of the ranks:
Twilio's message statuses; order is not guaranteed, and `undelivered` after `delivered` is noted only.

Twilio says each thing once, so a receipt is kept whatever becomes of its application, and a duty applies what is left:
callbacks that came before we knew their SID, and those whose application failed.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from . import channel_health, consequences, database_faults, escalation, routing, tracing
from .backoff import doubled
from .failures import recording_failure
from .models import Attempt, Channel, Notification, Outcome, Receipt, Status

logger = logging.getLogger(__name__)
TAKEN: Final = ("queued", "accepted", "scheduled", "sending", "sent")
ARRIVED: Final = {"delivered": Status.DELIVERED, "read": Status.READ, "partially_delivered": Status.DELIVERED}
FAILED: Final = ("failed", "undelivered", "canceled")
FIRST_WAIT: Final = timedelta(minutes=1)  # before a receipt whose application failed is tried again; then 2, 4 ...
TRIED_FOR: Final = timedelta(days=1)
BATCH: Final = 200
ALERT: Final = "receipt:"


@dataclass(frozen=True)
class Callback:
    """What Twilio says of a message; `attempt` is the id that our StatusCallback URL carried, if any."""

    sid: str
    status: str
    attempt: uuid.UUID | None = None
    error_code: str = ""
    error_message: str = ""


def receive(callback: Callback, *, at: datetime) -> bool:
    """Keep a callback and apply it; False: it was known already, its message is not known yet, or applying failed.

    Raises the database's error where not even the callback itself can be kept.
    """
    try:
        with recording_failure(partial(_note_failure, callback, at)):
            receipt = _keep(callback, at)
            return receipt.applied_at is None and _apply(receipt, at)
    except Exception:
        logger.exception("the receipt %s of %s could not be applied", callback.status, callback.sid)
    with transaction.atomic(durable=True):
        _keep(callback, at)
    return False


def has_failed(callback: Callback) -> bool:
    """Whether applying this callback failed, and has not worked since."""
    mine = Receipt.objects.filter(provider_sid=callback.sid, status=callback.status)
    return mine.filter(applied_at__isnull=True, failures__gt=0).exists()


def _keep(callback: Callback, at: datetime) -> Receipt:
    """The callback's row, made unless it is there, and locked."""
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
    if callback.attempt and receipt.attempt_public_id is None:  # it came before without the attempt's id
        receipt.attempt_public_id = callback.attempt
        receipt.save(update_fields=["attempt_public_id"])
    return receipt


def _note_failure(callback: Callback, at: datetime, error: Exception) -> None:
    _put_off(_keep(callback, at), at, error)


def _put_off(receipt: Receipt, at: datetime, error: Exception) -> None:
    """After the rollback: the receipt is tried again by itself, and staff know."""
    fault = type(error).__name__
    wait = doubled(FIRST_WAIT, receipt.failures)
    Receipt.objects.filter(pk=receipt.pk).update(failures=F("failures") + 1, due_at=at + wait)
    escalation.raise_alert(
        fingerprint=f"{ALERT}{fault}",
        title=_("A receipt could not be applied (%s)") % fault,
        cause=_("Twilio told what became of a message, and our own work on it failed. The receipt is kept."),
        remedy=_("It is tried again by itself for a day. The log of the web server or the worker has the whole error."),
        at=at,
    )


def apply_waiting(sids: Sequence[str], at: datetime) -> int:
    """Apply callbacks that came before the API's answer told us their SID; returns how many.

    Each has a transaction of its own, after the one that stored the SIDs: a receipt that fails costs no message its
    settlement.
    """
    return _apply_each(Receipt.objects.filter(provider_sid__in=sids, applied_at__isnull=True).order_by("pk"), at)


def apply_left(at: datetime) -> int:
    """Apply the receipts of the last day that are left though their message is known; returns how many.

    Left are those whose application failed, and those that came in the same moment in which their SID was stored.
    """
    known = Attempt.objects.filter(
        Q(provider_sid=OuterRef("provider_sid")) | Q(public_id=OuterRef("attempt_public_id"))
    )
    left = Receipt.objects.filter(applied_at__isnull=True, received_at__gt=at - TRIED_FOR)
    due = left.filter(Q(due_at__isnull=True) | Q(due_at__lte=at)).filter(Exists(known))
    applied = _apply_each(due.order_by("failures", "pk")[:BATCH], at)
    if not left.filter(failures__gt=0).exists():
        for fingerprint in escalation.open_fingerprints(ALERT):
            escalation.resolve(fingerprint, at=at)
    return applied


def _apply_each(receipts: QuerySet[Receipt], at: datetime) -> int:
    applied = 0
    for receipt in list(receipts):
        try:
            with recording_failure(partial(_put_off, receipt, at)):
                locked = Receipt.objects.select_for_update().filter(pk=receipt.pk, applied_at__isnull=True).first()
                applied += locked is not None and _apply(locked, at)
        except Exception as error:
            if database_faults.passes(error):
                raise
            logger.exception("receipt %d could not be applied", receipt.pk)
    return applied


def _apply(receipt: Receipt, at: datetime) -> bool:
    attempt = _find(receipt)
    if attempt is None:
        return False
    channels = channel_health.lock_channels() if receipt.status in FAILED else {}
    row = Notification.objects.select_for_update(no_key=True).get(pk=attempt.notification_id)
    attempt = Attempt.objects.select_for_update(no_key=True).get(pk=attempt.pk)
    with tracing.bound(row.trace):
        logger.info("notification %d has the receipt %s of attempt %d", row.pk, receipt.status, attempt.pk)
        return _lift(row, attempt, receipt, channels, at)


def _lift(row: Notification, attempt: Attempt, receipt: Receipt, channels: dict[str, Channel], at: datetime) -> bool:
    """What the callback says of the attempt is said of the message; False: it is another's SID."""
    is_fitting = _adopt(attempt, receipt, at)
    Receipt.objects.filter(pk=receipt.pk).update(applied_at=at)
    if not is_fitting:
        return False
    if receipt.status in ARRIVED:
        _arrived(row, attempt, ARRIVED[receipt.status], at)
    elif receipt.status in FAILED:
        _failed(row, attempt, receipt, channels, at)
    else:
        _taken(row, attempt, at)
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
    Attempt.objects.filter(pk=attempt.pk, outcome=Outcome.FAILED).update(  # "undelivered" had come before
        outcome=Outcome.ACCEPTED, error_code="", error_message=""
    )
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
    if Receipt.objects.filter(provider_sid=receipt.provider_sid, status__in=ARRIVED).exists():
        return  # the better word has come: this one is noted only
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
