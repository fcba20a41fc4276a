"""What an outcome does to a message: sent, tried again, rerouted, unconfirmed, dead.

Answers of the API and callbacks run through the same policy (`failure_policy`). Locks in one order: accounts and
channels, notifications by id, attempts, alerts last. Settling writes only rows of this app; what other apps must
hear is marked in `news_due` and told after the commit (`tell_news`).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db import DataError, IntegrityError, models, transaction
from django.db.models import F

from . import channel_health, consequences, database_faults, receipts, routing, signals, tracing
from .backoff import FIRST_LOOK
from .channels.base import Accepted, Answer, Envelope, NotSent, Refused, Unknown
from .failure_policy import failure_for
from .failures import recording_failure
from .models import Attempt, Channel, Notification, Outcome, Status
from .models.by_key import ByKey

logger = logging.getLogger(__name__)
NEWS_BATCH: Final = 100
NEEDED_WHEN_ACCEPTED: Final = ("status", "leased_by", "purpose", "channels_left", "must_know_by", "news_due")


@dataclass(frozen=True)
class Result:
    """One answer of a channel, and how long it took."""

    envelope: Envelope
    lease: str
    answer: Answer
    latency_ms: int = 0


def settle(results: Sequence[Result], at: datetime) -> None:
    """Store what became of a batch: one transaction; if one result breaks it, each is settled alone.

    Raises the database's error when the fault is the database's, not a message's: the caller keeps the answers and
    comes again (settling twice changes nothing).
    """
    if not results:
        return
    try:
        with transaction.atomic(durable=True):
            _settle(results, at)
    except Exception as error:
        if database_faults.passes(error):
            raise
        logger.exception("a batch of %d results could not be settled together", len(results))
        for result in results:
            _settle_alone(result, at)
    receipts.apply_waiting([r.answer.sid for r in results if isinstance(r.answer, Accepted) and r.answer.sid], at)


def settle_here(results: Sequence[Result], at: datetime) -> None:
    """Settle in the caller's transaction: for self-tests, whose rows are rolled back."""
    _settle(results, at)


def _settle_alone(result: Result, at: datetime) -> None:
    try:
        with recording_failure(partial(_bury, result, at)):
            _settle([result], at)
    except Exception as error:
        if database_faults.passes(error):
            raise
        logger.exception("notification %d could not be settled", result.envelope.notification_id)


def _bury(result: Result, at: datetime, error: Exception) -> None:
    """The answer cannot be applied to the message: the attempt keeps it, the message is for a person to look at."""
    alerts = consequences.Alerts()
    row = Notification.objects.select_for_update(no_key=True).get(pk=result.envelope.notification_id)
    try:
        with transaction.atomic():
            if isinstance(result.answer, Accepted):
                _complete_accepted([result], at)
            else:
                _complete_other(result, at)
    except (DataError, IntegrityError) as other:  # the answer itself is what cannot be stored
        Attempt.objects.filter(pk=result.envelope.attempt_id, outcome=Outcome.IN_FLIGHT).update(
            outcome=Outcome.UNKNOWN, finished_at=at, error_code="internal", error_message=type(other).__name__
        )
    if not _holds_lease(row, result.lease):
        return
    consequences.die(row, failure_for("internal"), type(error).__name__, alerts, at)
    alerts.raise_all(at)


def _settle(results: Sequence[Result], at: datetime) -> None:
    accepted = [r for r in results if isinstance(r.answer, Accepted)]
    others = [r for r in results if not isinstance(r.answer, Accepted)]
    channels = channel_health.lock_channels() if others else {}
    ids = sorted(r.envelope.notification_id for r in results)
    locked = Notification.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    rows = {row.pk: row for row in (locked if others else locked.only(*NEEDED_WHEN_ACCEPTED))}
    alerts = consequences.Alerts()
    if accepted:
        _settle_accepted(accepted, rows, at)
    for result in others:
        _settle_other(result, rows.get(result.envelope.notification_id), channels, alerts, at)
    alerts.raise_all(at)


def _settle_accepted(results: Sequence[Result], rows: dict[int, Notification], at: datetime) -> None:
    sids = _complete_accepted(results, at)
    mine = {
        r.envelope.notification_id: rows[r.envelope.notification_id]
        for r in results
        if _holds_lease(rows.get(r.envelope.notification_id), r.lease)
    }
    if mine:
        news = {pk: at if _has_news(row) else row.news_due for pk, row in mine.items()}
        waits = {pk: routing.receipt_due(row, at) for pk, row in mine.items()}
        Notification.objects.filter(pk__in=mine).move(
            Status.SENT,
            provider_sid=ByKey({pk: sids[pk] for pk in mine}, models.TextField()),
            receipt_due_at=ByKey(waits, models.DateTimeField()) if any(waits.values()) else None,
            news_due=ByKey(news, models.DateTimeField()) if any(news.values()) else None,
            leased_by="",
            leased_until=None,
            sent_at=at,
        )
    channel_health.note_success({r.envelope.channel for r in results}, at)


def _complete_accepted(results: Sequence[Result], at: datetime) -> dict[int, str | None]:
    """Complete the attempts; returns the SID by notification."""
    answers = {r.envelope.attempt_id: r.answer for r in results if isinstance(r.answer, Accepted)}
    latencies = {r.envelope.attempt_id: r.latency_ms for r in results}
    Attempt.objects.filter(pk__in=answers, outcome__in=[Outcome.IN_FLIGHT, Outcome.UNKNOWN, Outcome.ACCEPTED]).update(
        outcome=Outcome.ACCEPTED,
        finished_at=at,
        provider_sid=ByKey({pk: answer.sid for pk, answer in answers.items()}, models.TextField()),
        request_id=ByKey({pk: answer.request_id for pk, answer in answers.items()}, models.TextField()),
        latency_ms=ByKey(latencies, models.IntegerField()),
        error_code="",
        error_message="",
    )
    return {r.envelope.notification_id: answers[r.envelope.attempt_id].sid for r in results}


def _holds_lease(row: Notification | None, lease: str) -> bool:
    """Whether the row is still this lease's, or was only put aside as unconfirmed."""
    if row is None:
        return False
    return (row.status == Status.SENDING and row.leased_by == lease) or row.status == Status.UNCONFIRMED


def _has_news(row: Notification) -> bool:
    return routing.route_for(row.purpose).has_news


def _settle_other(
    result: Result, row: Notification | None, channels: dict[str, Channel], alerts: consequences.Alerts, at: datetime
) -> None:
    answer = result.answer
    _complete_other(result, at)
    if row is None or not _holds_lease(row, result.lease):
        return  # a callback or another worker was first; the attempt tells what happened here
    if isinstance(answer, NotSent):
        Notification.objects.filter(pk=row.pk).move(
            Status.QUEUED, leased_by="", leased_until=None, attempt_count=F("attempt_count") - 1
        )
    elif isinstance(answer, Unknown):
        channel_health.note_trial_failed(channels[row.channel], at)
        Notification.objects.filter(pk=row.pk).move(
            Status.UNCONFIRMED,
            leased_by="",
            leased_until=None,
            due_at=at + FIRST_LOOK,
            last_error_code=answer.code,
            last_error=answer.message,
        )
    elif isinstance(answer, Refused):
        consequences.apply_failure(
            row, answer.code, answer.message, channels=channels, alerts=alerts, retry_after=answer.retry_after, at=at
        )


def _complete_other(result: Result, at: datetime) -> None:
    answer = result.answer
    if isinstance(answer, Accepted):
        return
    facts: dict[str, object] = {"finished_at": at, "latency_ms": result.latency_ms, "error_message": answer.message}
    if isinstance(answer, NotSent):
        outcome = Outcome.NOT_SENT
    else:
        outcome = Outcome.REFUSED if isinstance(answer, Refused) else Outcome.UNKNOWN
        facts |= {
            "error_code": answer.code,
            "http_status": answer.http_status,
            "request_id": answer.request_id,
        }
    in_flight = Attempt.objects.filter(pk=result.envelope.attempt_id, outcome__in=[Outcome.IN_FLIGHT, Outcome.UNKNOWN])
    in_flight.update(outcome=outcome, **facts)


def fall_back_without_receipt(at: datetime) -> int:
    """Urgent messages that the channel took but nobody confirmed in time go on to the next channel."""
    overdue = Notification.objects.filter(status=Status.SENT, receipt_due_at__lte=at)
    if not overdue.exists():
        return 0
    with transaction.atomic():
        channels = channel_health.lock_channels()
        rows = list(overdue.select_for_update(skip_locked=True, no_key=True).order_by("pk")[:200])
        moved = 0
        for row in rows:
            target = routing.next_channel(row, channels, at)
            if target is None:
                Notification.objects.filter(pk=row.pk).update(receipt_due_at=None)
                continue
            row.last_error_code, row.last_error = "no_receipt", ""
            row.possible_duplicate = True  # the first copy may have arrived without a word about it
            routing.take_channel(row, target, at=at)
            moved += consequences.move(row, Status.QUEUED)
    return moved


def tell_news(at: datetime, limit: int = NEWS_BATCH) -> int:
    """Tell other apps what became of their messages: after the commit, each in a transaction of its own."""
    ids = Notification.objects.filter(news_due__lte=at).order_by("news_due").values_list("pk", flat=True)[:limit]
    told = 0
    for pk in list(ids):
        try:
            with recording_failure(partial(_note_untold, pk)):
                row = Notification.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=pk).first()
                if row is None or row.news_due is None:
                    continue
                Notification.objects.filter(pk=pk).update(news_due=None)
                with tracing.bound(row.trace):
                    signals.notification_settled.send(sender=Notification, notification=row, at=at)
                told += 1
        except Exception as error:
            if database_faults.passes(error):
                raise
            logger.exception("the news of notification %d could not be told", pk)
    return told


def _note_untold(pk: int, error: Exception) -> None:
    """Tell it again a little later, so that one receiver that fails does not block the others."""
    Notification.objects.filter(pk=pk).update(news_due=F("news_due") + timedelta(seconds=10))
    logger.warning("news of notification %d: %s", pk, type(error).__name__)
