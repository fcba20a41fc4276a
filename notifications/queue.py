"""Rows and leases: which messages leave now, and what became of leases that ran out.

The claim is one short transaction: it locks accounts and channels, counts budget and tokens, picks due rows with
SKIP LOCKED, asks for each whether we may write, and commits an Attempt for each that leaves. Rows are only locked
here, never during HTTP.
"""

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from . import channel_health, database_faults, permission, poison, throttling
from .backoff import FIRST_LOOK
from .channels.base import Envelope
from .models import Account, Attempt, Channel, Notification, Outcome, Priority, Status, WaitingFor

logger = logging.getLogger(__name__)
BATCH = 500


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
    names = _channels_with_work(at)
    if not names or slots < 1:
        return Claim(lease)
    try:
        with transaction.atomic():
            return _claim(lease, names, slots, at)
    except Exception as error:
        if database_faults.passes(error):
            raise
        logger.exception("a claim failed; its messages are looked at one by one")
    return Claim(lease, held_back=_bury_unsendable(names, slots, at))


def _claim(lease: str, names: Sequence[str], slots: int, at: datetime) -> Claim:
    accounts, channels = _locked()
    envelopes: list[Envelope] = []
    held = 0
    for name in names:
        channel = channels[name]
        if channel.is_paused(at) or not channel.is_configured:
            continue  # another worker paused it since we looked
        account = accounts.get(channel.account_id) if channel.account_id else None
        rows = _pick(channel, account, slots - len(envelopes), at)
        allowed, kept = permission.sort_out(rows, channel, channels, at)
        held += kept
        envelopes += _start(allowed, channel, account, lease, at)
        if channel.is_half_open and envelopes:
            break
    return Claim(lease, envelopes, held)


def _bury_unsendable(names: Sequence[str], slots: int, at: datetime) -> int:
    """Find the messages that break a claim, so that they hold up no others; returns how many became dead letters."""
    buried = 0
    with transaction.atomic():
        accounts, channels = _locked()
        for name in names:
            channel = channels[name]
            account = accounts.get(channel.account_id) if channel.account_id else None
            buried += poison.bury(_pick(channel, account, slots, at), channel, channels, at)
    return buried


def _locked() -> tuple[dict[int, Account], dict[str, Channel]]:
    accounts = {a.pk: a for a in Account.objects.select_for_update(no_key=True).order_by("pk")}
    return accounts, {c.name: c for c in Channel.objects.select_for_update(no_key=True).order_by("pk")}


def _channels_with_work(at: datetime) -> list[str]:
    """Open channels with a due row, found without a lock (priority by priority, so that the index carries it)."""
    due = Notification.objects.filter(channel=OuterRef("name"), status=Status.QUEUED, due_at__lte=at)
    any_due = Q(Exists(due.filter(priority=Priority.URGENT)))
    for priority in (Priority.NORMAL, Priority.BULK):
        any_due |= Q(Exists(due.filter(priority=priority)))
    return list(Channel.objects.open(at).filter(any_due).order_by("pk").values_list("name", flat=True))


def _pick(channel: Channel, account: Account | None, slots: int, at: datetime) -> list[Notification]:
    slots = min(slots, int(throttling.tokens_now(channel, at)))
    if channel.is_half_open:
        slots = 0 if channel_health.trial_is_out(channel, at) else min(slots, 1)
    rows: list[Notification] = []
    for priority in (Priority.URGENT, Priority.NORMAL, Priority.BULK):
        free = throttling.free_slots(account, urgent=priority == Priority.URGENT, at=at) if account else None
        room = slots - len(rows) if free is None else min(slots, free) - len(rows)
        if room < 1:
            continue
        # Ids first, update second: PostgreSQL may run a limited subquery twice and lease more than asked.
        rows += (
            Notification.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
            .select_related("contact")
            .filter(status=Status.QUEUED, channel=channel.name, priority=priority, due_at__lte=at)
            .order_by("due_at", "pk")[:room]
        )
    return rows


def _start(
    allowed: Sequence[permission.Allowed], channel: Channel, account: Account | None, lease: str, at: datetime
) -> list[Envelope]:
    if not allowed:
        return []
    attempts = Attempt.objects.bulk_create(
        Attempt(
            notification=each.row,
            channel=channel.name,
            account=account,
            started_at=at,
            sender=channel.sender,
            receiver=each.receiver,
        )
        for each in allowed
    )
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
            attempt_id=attempt.pk,
            channel=channel.name,
            sender=channel.sender,
            receiver=each.receiver,
            body=each.rendered.body,
            subject=each.row.subject,
            content_sid=each.rendered.content_sid,
            content_variables=each.rendered.content_variables,
            callback_url=f"{settings.PUBLIC_BASE_URL}/webhooks/twilio/status/?attempt={attempt.public_id}",
            valid_seconds=_valid_seconds(each.row, at),
        )
        for each, attempt in zip(allowed, attempts, strict=True)
    ]


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
