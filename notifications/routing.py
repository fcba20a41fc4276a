"""Which channels a message may take, in which order, after which wait: one row a purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from django.db import transaction

from .models import Channel, ChannelName, Contact, Notification, Priority, Status, WaitingFor

WHATSAPP, SMS, EMAIL = ChannelName.WHATSAPP, ChannelName.SMS, ChannelName.EMAIL
EVERYWHERE: Final = (WHATSAPP, SMS, EMAIL)
RECEIPT_WAIT: Final = timedelta(seconds=120)
BATCH: Final = 500
SPENT: Final = ("63038", "30454", "60728")  # Twilio's codes for a used-up allowance
CHANNEL_FIELDS: Final = ("channel", "channels_left", "retry_count", "due_at", "waiting_for", "receipt_due_at")


@dataclass(frozen=True)
class Route:
    """The way of one purpose.

    `receipt_within`: the next channel is tried when no receipt came within this time (None: never).
    `has_news`: other apps wait to hear what became of the message.
    `quiet`: waits for the morning when it is night at the recipient's.
    `answers`: it answers the person's own message, so it goes out even to one who opted out.
    """

    channels: tuple[str, ...] = EVERYWHERE
    priority: Priority = Priority.NORMAL
    receipt_within: timedelta | None = None
    useful_for: timedelta | None = None
    has_news: bool = False
    quiet: bool = False
    answers: bool = False


ROUTES: Final[dict[str, Route]] = {
    "reply": Route(priority=Priority.URGENT, useful_for=timedelta(hours=24), answers=True),
    "sorry": Route(priority=Priority.URGENT, useful_for=timedelta(hours=6), answers=True),
    "offer": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, has_news=True),
    "offer_won": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, has_news=True),
    "offer_taken": Route(useful_for=timedelta(hours=6)),
    "provider_found": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, has_news=True),
    "nobody_found": Route(priority=Priority.URGENT, has_news=True),
    "job_news": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, has_news=True),
    "reminder": Route(useful_for=timedelta(hours=12)),
    "rating_request": Route(priority=Priority.BULK, quiet=True, useful_for=timedelta(days=3)),
    "staff_alert": Route(channels=(EMAIL,), priority=Priority.URGENT),
}
DEFAULT: Final = Route()


def route_for(purpose: str) -> Route:
    """The row of `purpose`; an unknown one goes everywhere, at normal priority."""
    return ROUTES.get(purpose, DEFAULT)


def receipt_due(row: Notification, at: datetime) -> datetime | None:
    """When the next channel is to be tried for a message sent at `at`; None where it waits for no receipt."""
    within = route_for(row.purpose).receipt_within
    return at + within if within and row.channels_left else None


def passable(channels: Sequence[str], *, phone_number: str, whatsapp_id: str, email: str) -> list[str]:
    """Those of `channels` for which there is an address."""
    has_address = {WHATSAPP: bool(phone_number or whatsapp_id), SMS: bool(phone_number), EMAIL: bool(email)}
    return [channel for channel in channels if has_address.get(ChannelName(channel))]


def is_night(contact: Contact | None, at: datetime) -> datetime | None:
    """When the quiet hours (21:00-07:00 at the recipient's) end, or None by day."""
    local = at.astimezone(ZoneInfo(contact.time_zone if contact else "Africa/Douala"))
    if 7 <= local.hour < 21:  # noqa: PLR2004  the hours of the docstring
        return None
    morning = local.replace(hour=7, minute=0, second=0, microsecond=0)
    return morning if local.hour < 7 else morning + timedelta(days=1)  # noqa: PLR2004


def next_channel(notification: Notification, channels: dict[str, Channel], at: datetime) -> str | None:
    """The first channel still open to this message that is set up; one that is paused comes last."""
    configured = [name for name in notification.channels_left if (c := channels.get(name)) and c.is_configured]
    return next(
        (name for name in configured if not channels[name].is_paused(at)), configured[0] if configured else None
    )


def leave_paused_channels(at: datetime) -> int:
    """Move due messages off broken channels to the next channel that is open; urgent ones off a spent budget too.

    Returns how many moved. A message without another way stays and waits, and says for what.
    """
    moved = 0
    with transaction.atomic():
        channels = {channel.name: channel for channel in Channel.objects.select_for_update(no_key=True).order_by("pk")}
        for channel in channels.values():
            if channel.is_configured and (not channel.is_paused(at) or channel.pause_code == "staff"):
                continue
            moved += _leave(channel, channels, at)
    return moved


def _leave(channel: Channel, channels: dict[str, Channel], at: datetime) -> int:
    budget_is_spent = channel.pause_code in SPENT
    priorities = [Priority.URGENT] if budget_is_spent else list(Priority)
    moved = 0
    open_names = [c.name for c in channels.values() if c.is_configured and not c.is_paused(at)]
    if open_names:
        rows = (
            Notification.objects.select_for_update(skip_locked=True, no_key=True)
            .filter(status=Status.QUEUED, channel=channel.name, priority__in=priorities, due_at__lte=at)
            .filter(channels_left__overlap=open_names)
            .order_by("pk")[:BATCH]
        )
        for row in rows:
            target = next_channel(row, channels, at)
            if target in open_names:
                take_channel(row, str(target), at=at)
                row.save(update_fields=[*CHANNEL_FIELDS])
                moved += 1
    waiting = WaitingFor.BUDGET if budget_is_spent else WaitingFor.CHANNEL
    Notification.objects.filter(status=Status.QUEUED, channel=channel.name, due_at__lte=at).exclude(
        waiting_for=waiting
    ).update(waiting_for=waiting)
    return moved


def take_channel(row: Notification, name: str, *, at: datetime) -> None:
    """Put a message on channel `name` from now on (not saved); its own failures are counted anew there."""
    left = list(row.channels_left)
    row.channels_left = list(left[left.index(name) + 1 :]) if name in left else left
    row.channel = name
    row.retry_count = 0
    row.due_at = at
    row.waiting_for = WaitingFor.NOTHING
    row.receipt_due_at = None
