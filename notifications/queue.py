"""Rows and leases: which messages leave now, and what became of leases that ran out.

The claim is one short transaction: it locks accounts and channels, counts budget and tokens, picks due rows with
SKIP LOCKED, asks for each whether we may write, and commits an Attempt for each that leaves. Rows are only locked
here, never during HTTP.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F

from . import channel_health, database_faults, permission, poison, throttling
from .backoff import FIRST_LOOK
from .channels.base import Envelope
from .models import Attempt, Channel, ChannelName, Notification, Outcome, Priority, Status, WaitingFor
from .models.notification import NotificationQuerySet

logger = logging.getLogger(__name__)
BATCH = 500
MOST_WEBHOOKS: Final = 4  # calls to other programs at a time: theirs may be slow, and people must not wait for them
# Both are asked at every claim, so written out: composing them by the ORM takes longer than PostgreSQL does.
# The first row of each channel and priority stands at one place of `notification_due`, and only that index gives them in
# this order. Where another may serve, or for "is there any", PostgreSQL reads all that wait as soon as a million do.
WORK: Final = """
    SELECT channel.name, due.priority
    FROM notifications_channel AS channel CROSS JOIN (VALUES (2), (1), (0)) AS due (priority)
    WHERE channel.is_configured AND (channel.paused_until IS NULL OR channel.paused_until <= %s)
        AND (SELECT message.due_at FROM notification_queue AS message
             WHERE message.status = 'queued' AND message.channel = channel.name AND message.priority = due.priority
             ORDER BY message.due_at, message.id LIMIT 1) <= %s
    ORDER BY channel.id, due.priority DESC
"""
START: Final = """
    INSERT INTO notifications_attempt (public_id, notification_id, receiver, channel, account_id, started_at, sender,
        outcome, error_code, error_message, request_id)
    SELECT call.public_id, call.notification_id, call.receiver, %(channel)s, %(account)s, %(at)s, %(sender)s,
        'in_flight', '', '', ''
    FROM unnest(%(public_ids)s::uuid[], %(notifications)s::bigint[], %(receivers)s::text[])
        AS call (public_id, notification_id, receiver)
    RETURNING notification_id, id
"""


@dataclass(frozen=True)
class Claim:
    """What one worker may send now. `lease` is the token that the rows carry in `leased_by`."""

    lease: str
    envelopes: Sequence[Envelope] = ()
    held_back: int = 0  # rows that were looked at, but do not leave now


def lease_time() -> timedelta:
    """How long a claimed message belongs to its worker."""
    return timedelta(seconds=settings.NOTIFICATION_LEASE_SECONDS)


def claim(worker: str, slots: int, at: datetime) -> Claim:
    """Lease at most `slots` due messages, the most urgent first, and start their Attempts."""
    lease = f"{worker[:60]}/{uuid.uuid4().hex[:12]}"
    work = _channels_with_work(at)
    if not work or slots < 1:
        return Claim(lease)
    try:
        with transaction.atomic():
            return _claim(lease, work, slots, at)
    except Exception as error:
        if database_faults.passes(error):
            raise
        logger.exception("a claim failed; its messages are looked at one by one")
    return Claim(lease, held_back=_bury_unsendable(work, slots, at))


def claim_here(channel: str, worker: str, slots: int, at: datetime) -> Claim:
    """Claim due messages of one channel in the caller's transaction: for self-tests, whose rows are rolled back."""
    lease = f"{worker[:60]}/{uuid.uuid4().hex[:12]}"
    return _claim(lease, {channel: sorted(Priority.values, reverse=True)}, slots, at)


def _claim(lease: str, work: Mapping[str, Sequence[int]], slots: int, at: datetime) -> Claim:
    channels = channel_health.lock_channels()
    envelopes: list[Envelope] = []
    held = 0
    for name, priorities in work.items():
        channel = channels[name]
        if channel.is_paused(at) or not channel.is_configured:
            continue  # another worker paused it since we looked
        rows = _pick(channel, priorities, slots - len(envelopes), at)
        allowed, kept = permission.sort_out(rows, channel, channels, at)
        held += kept
        envelopes += _start(allowed, channel, lease, at)
        if channel.is_half_open and envelopes:
            break
    return Claim(lease, envelopes, held)


def _bury_unsendable(work: Mapping[str, Sequence[int]], slots: int, at: datetime) -> int:
    """Find the messages that break a claim, so that they hold up no others; returns how many became dead letters."""
    buried = 0
    with transaction.atomic():
        channels = channel_health.lock_channels()
        for name, priorities in work.items():
            channel = channels[name]
            buried += poison.bury(_pick(channel, priorities, slots, at), channel, channels, at)
    return buried


def _channels_with_work(at: datetime) -> dict[str, list[int]]:
    """Open channels with a due row, and the priorities that have one, the highest first; found without a lock."""
    work: dict[str, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(WORK, (at, at))
        for name, priority in cursor.fetchall():
            work.setdefault(name, []).append(priority)
    return work


def _pick(channel: Channel, priorities: Sequence[int], slots: int, at: datetime) -> list[Notification]:
    slots = min(slots, int(throttling.tokens_now(channel, at)))
    if channel.name == ChannelName.WEBHOOK:
        slots = min(slots, MOST_WEBHOOKS - _calls_out(channel, at))
    if channel.is_half_open:
        slots = 0 if channel_health.trial_is_out(channel, at) else min(slots, 1)
    rows: list[Notification] = []
    for priority in priorities:
        account = channel.account
        free = throttling.free_slots(account, urgent=priority == Priority.URGENT, at=at) if account else None
        room = slots - len(rows) if free is None else min(slots, free) - len(rows)
        if room < 1:
            continue
        # Ids first, update second: PostgreSQL may run a limited subquery twice and lease more than asked.
        due = (
            Notification.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("contact", "subscription")
            .filter(status=Status.QUEUED, channel=channel.name, priority=priority, due_at__lte=at)
        )
        rows += _in_turn(due, room, is_scarce=free is not None and free < slots)
    return rows


def _calls_out(channel: Channel, at: datetime) -> int:
    """How many calls of this channel have no answer yet."""
    calls = Attempt.objects.filter(channel=channel.name, started_at__gt=at - lease_time())
    return calls.filter(outcome=Outcome.IN_FLIGHT).count()


def _in_turn(due: NotificationQuerySet, room: int, *, is_scarce: bool) -> list[Notification]:
    """Whose turn it is: who waits longest, or, while the daily limit is nearly used up, what expires first."""
    if not is_scarce:
        return list(due.order_by("due_at", "pk")[:room])
    soon = list(due.filter(expires_at__isnull=False).order_by("expires_at", "pk")[:room])
    return soon + list(due.filter(expires_at__isnull=True).order_by("due_at", "pk")[: room - len(soon)])


def _start(allowed: Sequence[permission.Allowed], channel: Channel, lease: str, at: datetime) -> list[Envelope]:
    if not allowed:
        return []
    public_ids = [uuid.uuid4() for _ in allowed]
    attempts = _start_attempts(allowed, public_ids, channel, at)
    Notification.objects.filter(pk__in=[each.row.pk for each in allowed]).move(
        Status.SENDING,
        leased_by=lease,
        leased_until=at + lease_time(),
        attempt_count=F("attempt_count") + 1,
        waiting_for=WaitingFor.NOTHING,
    )
    throttling.take_tokens(channel, len(allowed), at)
    return [
        Envelope(
            notification_id=each.row.pk,
            attempt_id=attempts[each.row.pk],
            channel=channel.name,
            sender=channel.sender,
            receiver=each.receiver,
            body=each.rendered.body,
            subject=each.row.subject,
            content_sid=each.rendered.content_sid,
            content_variables=each.rendered.content_variables,
            callback_url=f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/status/?attempt={public_id}",
            valid_seconds=_valid_seconds(each.row, at),
            signing_keys=each.row.subscription.signing_keys(at) if each.row.subscription else (),
            trace=each.row.trace,
        )
        for each, public_id in zip(allowed, public_ids, strict=True)
    ]


def _start_attempts(
    allowed: Sequence[permission.Allowed], public_ids: Sequence[uuid.UUID], channel: Channel, at: datetime
) -> dict[int, int]:
    """One Attempt a message, committed with the claim; returns their ids by notification."""
    facts: dict[str, Any] = {
        "public_ids": list(public_ids),
        "notifications": [each.row.pk for each in allowed],
        "receivers": [each.receiver for each in allowed],
        "channel": channel.name,
        "account": channel.account_id,
        "sender": channel.sender,
        "at": at,
    }
    with connection.cursor() as cursor:
        cursor.execute(START, facts)
        return dict(cursor.fetchall())


def _valid_seconds(row: Notification, at: datetime) -> int | None:
    """Twilio gives up on a message that it could not send within its use (ValidityPeriod: 1-36000 s)."""
    if row.expires_at is None:
        return None
    return max(6, min(36000, int((row.expires_at - at).total_seconds())))


def recover_leases(at: datetime) -> int:
    """Messages whose worker vanished: their outcome is unknown, so they are looked up before anything else."""
    with transaction.atomic():
        rows = Notification.objects.select_for_update(skip_locked=True, no_key=True)
        stale = rows.filter(status=Status.SENDING, leased_until__lt=at).order_by("pk")[:BATCH]
        ids = list(stale.values_list("pk", flat=True))
        if not ids:
            return 0
        Attempt.objects.filter(notification__in=ids, outcome=Outcome.IN_FLIGHT).update(
            outcome=Outcome.UNKNOWN, finished_at=at, error_code="lost", error_message="The worker vanished."
        )
        moved = Notification.objects.filter(pk__in=ids).move(
            Status.UNCONFIRMED,
            leased_by="",
            leased_until=None,
            due_at=at + FIRST_LOOK,
            last_error_code="lost",
            last_error="The worker vanished while it was sending.",
        )
    logger.warning("%d leases ran out; their messages are looked up", moved)
    return moved


def expire(at: datetime) -> int:
    """End messages that are no longer useful, visibly, instead of sending them late."""
    rows = Notification.objects.filter(expires_at__lte=at)
    return rows.move(Status.EXPIRED, settled_at=at, news_due=at, waiting_for=WaitingFor.NOTHING)
