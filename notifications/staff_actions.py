"""What staff do by hand with messages and channels; each in one short transaction, with its trace."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction

from . import channel_health, wake
from .models import Channel, Notification, Status, WaitingFor

logger = logging.getLogger(__name__)
FOR_EVER = timedelta(days=3650)


@transaction.atomic
def requeue(ids: Sequence[int], *, by: str, at: datetime) -> int:
    """Send dead, unconfirmed or waiting messages now: a new attempt on the same channel; the history stays.

    Returns how many will go; messages that were sent, cancelled or expired are skipped.
    """
    rows = Notification.objects.filter(pk__in=ids)
    facts = {"due_at": at, "retry_count": 0, "waiting_for": WaitingFor.NOTHING, "settled_at": None, "alert": None}
    moved = rows.filter(status=Status.DEAD).move(Status.QUEUED, **facts)
    moved += rows.filter(status=Status.UNCONFIRMED).move(Status.QUEUED, possible_duplicate=True, **facts)
    moved += rows.filter(status=Status.QUEUED, due_at__gt=at).update(due_at=at, waiting_for=WaitingFor.NOTHING)
    wake.notify(wake.OUTBOX)
    transaction.on_commit(lambda: logger.info("%s sends %d messages again", by, moved))
    return moved


@transaction.atomic
def cancel(ids: Sequence[int], *, by: str, at: datetime) -> int:
    """Call back messages that have not left; returns how many."""
    moved = Notification.objects.filter(pk__in=ids).move(Status.CANCELLED, settled_at=at, news_due=at)
    transaction.on_commit(lambda: logger.info("%s cancelled %d messages", by, moved))
    return moved


@transaction.atomic
def pause_channel(name: str, *, by: str, at: datetime) -> bool:
    """Hold all messages of a channel until it is resumed; False: there is no such channel."""
    return bool(
        Channel.objects.filter(name=name).update(
            paused_until=at + FOR_EVER,
            pause_code=channel_health.STAFF,
            pause_reason=by,
            paused_at=at,
            is_half_open=False,
        )
    )


@transaction.atomic
def resume_channel(name: str, *, by: str, at: datetime) -> bool:
    """Let a channel send again, whatever paused it; False: it was not paused."""
    channel = channel_health.lock_channels().get(name)
    if channel is None or not channel.is_paused(at):
        return False
    channel_health.close_circuit(channel, at, by=by)
    wake.notify(wake.OUTBOX)
    return True
