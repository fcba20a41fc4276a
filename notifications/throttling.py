"""How much may leave now: a token bucket per channel, a rolling 24-hour budget per Twilio account, a pause per person.

All of it is counted in the database under the lock of the channel's or account's row, so it holds across workers.
Source of the daily rule: Twilio's page on error 63038 (a rolling 24 hours, for the whole account).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from .models import Account, Attempt, Channel
from .models.notification import UNCOUNTED

DAY: Final = timedelta(hours=24)
BURST_SECONDS: Final = 1.0  # a bucket holds at most this many seconds of its rate, and at least one message
SLOW_FACTOR: Final = 0.1
FLOOD_LIMIT: Final = 20  # messages to one person
FLOOD_WINDOW: Final = timedelta(minutes=1)
NEARLY_SPENT: Final = 0.8
# Asked at every claim, so written out: composing them by the ORM takes longer than PostgreSQL does.
TAKE_TOKENS: Final = "UPDATE notifications_channel SET tokens = %s, tokens_at = %s WHERE id = %s"
FLOODED: Final = """
    SELECT message.contact_id
    FROM notification_queue AS message JOIN notifications_attempt AS call ON call.notification_id = message.id
    WHERE message.contact_id = ANY(%s) AND call.started_at > %s
    GROUP BY message.contact_id HAVING count(*) >= %s
"""


def _counted(account: Account, at: datetime) -> QuerySet[Attempt]:
    return Attempt.objects.filter(account=account, started_at__gt=at - DAY).exclude(outcome__in=UNCOUNTED)


def used_slots(account: Account, at: datetime) -> int:
    """Messages of this account in the last 24 hours: accepted, in flight or of unknown outcome."""
    return _counted(account, at).count()


def free_slots(account: Account, *, urgent: bool, at: datetime) -> int | None:
    """Messages that may still leave; None: no limit is known. Part of the limit is kept for urgent ones."""
    if account.daily_limit is None:
        return None
    limit = account.daily_limit
    if not urgent:
        limit -= round(limit * account.urgent_share)
    return max(0, limit - used_slots(account, at))


def budget_left(*, urgent: bool, at: datetime) -> int | None:
    """Messages that WhatsApp's account may still send in this rolling day; None: no limit is known."""
    channel = Channel.objects.select_related("account").filter(name="whatsapp", account__isnull=False).first()
    if channel is None or channel.account is None:
        return None
    if channel.account.is_paused(at):
        return 0
    return free_slots(channel.account, urgent=urgent, at=at)


def next_free_slot(account: Account, *, at: datetime) -> datetime | None:
    """When the oldest counted message leaves the 24-hour window; None: a slot is free now or nothing is counted."""
    if account.daily_limit is None:
        return None
    over = used_slots(account, at) - account.daily_limit
    if over < 0:
        return None
    starts = _counted(account, at).order_by("started_at").values_list("started_at", flat=True)
    freed = starts[over : over + 1].first()
    return freed + DAY if freed else None


def speed(channel: Channel, at: datetime) -> float:
    """Messages a second now; a tenth of the usual while the channel is slowed down."""
    slowed = channel.slowed_until is not None and channel.slowed_until > at
    return channel.per_second * SLOW_FACTOR if slowed else channel.per_second


def tokens_now(channel: Channel, at: datetime) -> float:
    """What the bucket holds at `at`; the channel's row must be locked if tokens are then taken."""
    rate = speed(channel, at)
    full = max(1.0, rate * BURST_SECONDS)
    if channel.tokens_at is None:
        return full
    return min(full, channel.tokens + rate * max(0.0, (at - channel.tokens_at).total_seconds()))


def take_tokens(channel: Channel, count: int, at: datetime) -> None:
    """Take `count` tokens from a locked channel and save it."""
    channel.tokens, channel.tokens_at = tokens_now(channel, at) - count, at
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TOKENS, (channel.tokens, at, channel.pk))


def flooded(contact_ids: Iterable[int], at: datetime) -> set[int]:
    """Those people who got 20 messages within the last minute and need a pause."""
    with connection.cursor() as cursor:
        cursor.execute(FLOODED, (list(contact_ids), at - FLOOD_WINDOW, FLOOD_LIMIT))
        return {contact for (contact,) in cursor.fetchall()}
