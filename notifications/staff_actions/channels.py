"""Hold a channel, and let it send again, by hand."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from notifications import channel_health, wake
from notifications.models import ActionStatus, Channel, StaffAction, StaffDeed

from . import forecast

FOR_EVER: Final = timedelta(days=3650)


def foresee_channel(name: str, *, at: datetime) -> forecast.Forecast:
    """The dry run of pausing or resuming: the due messages that wait there now, and how they would leave."""
    return forecast.of_waiting(name, at=at)


@transaction.atomic
def pause_channel(name: str, *, by: str, why: str, at: datetime) -> bool:
    """Hold all messages of a channel until it is resumed; False: there is no such channel."""
    held = Channel.objects.filter(name=name).update(
        paused_until=at + FOR_EVER,
        pause_code=channel_health.STAFF,
        pause_reason=f"{by}: {why.strip()}"[:500],
        paused_at=at,
        is_half_open=False,
    )
    if held:
        _leave_trace(StaffDeed.PAUSE, name, by=by, why=why, at=at)
    return bool(held)


@transaction.atomic
def resume_channel(name: str, *, by: str, why: str, at: datetime) -> bool:
    """Let a channel send again, whatever paused it; False: it was not paused."""
    channel = channel_health.lock_channels().get(name)
    if channel is None or not channel.is_paused(at):
        return False
    _leave_trace(StaffDeed.RESUME, name, by=by, why=why, at=at)
    channel_health.close_circuit(channel, at, by=by)
    wake.notify(wake.OUTBOX)
    return True


def _leave_trace(deed: str, name: str, *, by: str, why: str, at: datetime) -> None:
    StaffAction.objects.create(
        deed=deed,
        status=ActionStatus.DONE,
        channel=name,
        by=by[:150],
        why=why.strip()[:300],
        begun_at=at,
        finished_at=at,
    )
