"""Messages that cannot leave where they are: which take another way, which wait and for what, and who must be called.

A channel is closed to a message when its circuit is open, when it is not set up, or when its account's daily limit
(for routine messages: the part that is not kept for urgent ones) is used up.
"""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from . import escalation, routing, throttling
from .channel_health import STAFF, lock_channels
from .failure_policy import failure_for
from .models import Account, Channel, ChannelName, Notification, Priority, Severity, Status, WaitingFor
from .models.notification import ARRIVED, NotificationQuerySet

BATCH: Final = 500
MANY: Final = 10_000  # counting stops here
CALL: Final = "call"
# Channel by channel the first one stands at one place of `notification_unsorted`; see `queue.WORK` for the order.
NEW: Final = """
    SELECT channel.name FROM unnest(%s::text[]) AS channel (name)
    WHERE (SELECT message.due_at FROM notification_queue AS message
           WHERE message.status = 'queued' AND message.waiting_for = '' AND message.channel = channel.name
           ORDER BY message.due_at, message.id LIMIT 1) <= %s
    LIMIT 1
"""


@dataclass(frozen=True)
class Closed:
    """Why nothing of these priorities leaves on a channel now."""

    channel: Channel
    waits_for: str
    priorities: tuple[int, ...]


def closed_channels(channels: Mapping[str, Channel], at: datetime) -> list[Closed]:
    """The channels on which something must wait now."""
    accounts = {account.pk: account for account in Account.objects.all()}
    found = []
    for channel in channels.values():
        account = accounts.get(channel.account_id) if channel.account_id else None
        if channel.is_paused(at) or not channel.is_configured:
            spent = channel.pause_code in routing.SPENT
            found.append(Closed(channel, WaitingFor.BUDGET if spent else WaitingFor.CHANNEL, tuple(Priority.values)))
        elif account and throttling.free_slots(account, urgent=False, at=at) == 0:
            found.append(Closed(channel, WaitingFor.BUDGET, _without_slot(account, at)))
    return found


def _without_slot(account: Account, at: datetime) -> tuple[int, ...]:
    if throttling.free_slots(account, urgent=True, at=at) == 0:
        return tuple(Priority.values)
    return (Priority.BULK, Priority.NORMAL)


def sort_new(at: datetime) -> int:
    """Sort messages that stand before a closed channel for the first time; returns how many took another way.

    Runs every second, so that an urgent message leaves in the second in which it was enqueued.
    """
    with connection.cursor() as cursor:
        cursor.execute(NEW, (ChannelName.values, at))
        is_one_there = cursor.fetchone() is not None
    return _sort(at, new_only=True) if is_one_there else 0


def sort_again(at: datetime) -> int:
    """Look again at those that wait: another channel may have opened since; returns how many took it."""
    return _sort(at, new_only=False)


def _sort(at: datetime, *, new_only: bool) -> int:
    closed = closed_channels({c.name: c for c in Channel.objects.order_by("pk")}, at)
    if not any(_first_before(each, at, new_only=new_only) for each in closed):
        return 0
    with transaction.atomic():
        channels = lock_channels()
        closed = closed_channels(channels, at)
        shut = frozenset((each.channel.name, priority) for each in closed for priority in each.priorities)
        return sum(_leave(each, shut, at, new_only=new_only) for each in closed)


def _first_before(closed: Closed, at: datetime, *, new_only: bool) -> datetime | None:
    """Since when the first has been due, as the index tells."""
    rows = _standing_before(closed, at, new_only=new_only).order_by("due_at", "pk")
    return rows.values_list("due_at", flat=True).first()


def _standing_before(closed: Closed, at: datetime, *, new_only: bool) -> NotificationQuerySet:
    rows = Notification.objects.filter(
        status=Status.QUEUED, channel=closed.channel.name, priority__in=closed.priorities, due_at__lte=at
    )
    return rows.filter(waiting_for=WaitingFor.NOTHING) if new_only else rows.exclude(channels_left=[])


def _leave(closed: Closed, shut: AbstractSet[tuple[str, int]], at: datetime, *, new_only: bool) -> int:
    rows = list(
        _standing_before(closed, at, new_only=new_only)
        .select_for_update(skip_locked=True, no_key=True)
        .order_by("due_at", "pk")[:BATCH]
    )
    stay, moved = [], 0
    for row in rows:
        target = _other_way(row, closed, shut, at)
        if target is None:
            stay.append(row.pk)
        else:
            routing.take_channel(row, target, at=at)
            row.save(update_fields=routing.CHANNEL_FIELDS)
            moved += 1
    waiting = Notification.objects.filter(pk__in=stay).exclude(waiting_for=closed.waits_for)
    waiting.update(waiting_for=closed.waits_for)
    return moved


def _other_way(row: Notification, closed: Closed, shut: AbstractSet[tuple[str, int]], at: datetime) -> str | None:
    """The open channel that this message takes instead; routine ones wait for their slot, and for staff to go on.

    `shut`: (channel, priority). SMS of an account whose limit is used up is no way out of its WhatsApp.
    """
    if closed.waits_for == WaitingFor.BUDGET and not row.is_urgent:
        return None
    if closed.channel.pause_code == STAFF and closed.channel.is_paused(at) and not row.is_urgent:
        return None
    return next((name for name in row.channels_left if (name, row.priority) not in shut), None)


# --- a time by which it must be known ----------------------------------------------------------------------------


def meet_deadlines(at: datetime) -> int:
    """Make messages urgent whose recipient must know soon; returns how many.

    They then pass quiet hours and the reserve of the daily limit, and leave a closed channel.
    """
    near = Notification.objects.filter(status=Status.QUEUED, must_know_by__lte=at + routing.LEAD, must_know_by__gt=at)
    return near.filter(priority__lt=Priority.URGENT).update(
        priority=Priority.URGENT, due_at=at, waiting_for=WaitingFor.NOTHING
    )


@transaction.atomic
def call_the_unknowing(at: datetime) -> int:
    """A person's task for each message that should be known by now and is not; returns how many."""
    late = Notification.objects.filter(must_know_by__lte=at, delivered_at__isnull=True, alert__isnull=True)
    late = late.exclude(status__in=[*ARRIVED, Status.CANCELLED])
    rows = list(late.select_for_update(skip_locked=True, no_key=True).order_by("pk")[:BATCH])
    failure = failure_for("not_known")
    for purpose in sorted({row.purpose for row in rows}):
        ids = [row.pk for row in rows if row.purpose == purpose]
        alert = escalation.raise_alert(
            fingerprint=f"not-known:{purpose}",
            title=failure.title,
            cause=failure.cause,
            remedy=failure.remedy,
            severity=Severity.ERROR,
            occurrences=len(ids),
            at=at,
        )
        Notification.objects.filter(pk__in=ids).update(alert=alert)
    return len(rows)


# --- urgent, and no way out --------------------------------------------------------------------------------------


def many_waiting(channel: str, at: datetime) -> int:
    """How many due messages wait on a channel; counting stops at 10,000."""
    return Notification.objects.filter(status=Status.QUEUED, channel=channel, due_at__lte=at)[:MANY].count()


def call_for_the_urgent(at: datetime) -> int:
    """Keep one alert a channel for as long as urgent messages wait there with no other way; always returns 0."""
    channels = {c.name: c for c in Channel.objects.order_by("pk")}
    blocked = {each.channel.name: each for each in closed_channels(channels, at) if Priority.URGENT in each.priorities}
    many = {name: _urgent_waiting(name, at) for name in blocked}
    for name, count in many.items():
        if count:
            _hold_call(blocked[name], count, at)
    for fingerprint in escalation.open_fingerprints(f"{CALL}:"):
        if not many.get(fingerprint.removeprefix(f"{CALL}:")):
            escalation.resolve(fingerprint, at=at)
    return 0


def _urgent_waiting(channel: str, at: datetime) -> int:
    rows = Notification.objects.filter(status=Status.QUEUED, channel=channel, priority=Priority.URGENT, due_at__lte=at)
    return rows.exclude(waiting_for=WaitingFor.NOTHING).exclude(purpose__startswith="staff_alert")[:MANY].count()


def _hold_call(closed: Closed, many: int, at: datetime) -> None:
    escalation.hold_alert(
        fingerprint=f"{CALL}:{closed.channel.name}",
        title=ngettext(
            "%(many)d urgent message cannot leave: call the person",
            "%(many)d urgent messages cannot leave: call these people",
            many,
        )
        % {"many": many},
        cause=_("%(channel)s is closed (%(code)s) and these people have no other channel that is open.")
        % {"channel": closed.channel.name, "code": closed.channel.pause_code or "-"},
        remedy=_("Open the list of waiting messages, call those people, and cancel what you told them."),
        severity=Severity.CRITICAL,
        at=at,
    )
