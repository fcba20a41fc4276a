"""Which channels a message may take, in which order, after which wait: one row a purpose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from .channels import selftest
from .models import Channel, ChannelName, Contact, Notification, Priority, WaitingFor

WHATSAPP, SMS, EMAIL = ChannelName.WHATSAPP, ChannelName.SMS, ChannelName.EMAIL
EVERYWHERE: Final = (WHATSAPP, SMS, EMAIL)
RECEIPT_WAIT: Final = timedelta(seconds=120)
LEAD: Final = timedelta(minutes=10)  # this long before a message must be known, its next channel is tried
SPENT: Final = ("63038", "30454", "60728")  # Twilio's codes for a used-up allowance
CHANNEL_FIELDS: Final = ("channel", "channels_left", "retry_count", "due_at", "waiting_for", "receipt_due_at")


@dataclass(frozen=True)
class Route:
    """The way of one purpose.

    `receipt_within`: the next channel is tried when no receipt came within this time (None: never).
    `has_news`: other apps wait to hear what became of the message.
    `quiet`: waits for the morning when it is night at the recipient's.
    `variables`: what its messages bring for templates, beside `text`.
    `answers`: it answers the person's own message, so it goes out even to one who opted out.
    """

    channels: tuple[str, ...] = EVERYWHERE
    priority: Priority = Priority.NORMAL
    receipt_within: timedelta | None = None
    useful_for: timedelta | None = None
    has_news: bool = False
    quiet: bool = False
    answers: bool = False
    variables: tuple[str, ...] = ()


ROUTES: Final[dict[str, Route]] = {
    "reply": Route(priority=Priority.URGENT, useful_for=timedelta(hours=24), answers=True),
    "sorry": Route(priority=Priority.URGENT, useful_for=timedelta(hours=6), answers=True),
    "offer": Route(
        priority=Priority.URGENT,
        receipt_within=RECEIPT_WAIT,
        has_news=True,
        variables=("service", "place", "when", "minutes", "link"),
    ),
    "offer_won": Route(
        priority=Priority.URGENT,
        receipt_within=RECEIPT_WAIT,
        has_news=True,
        variables=("service", "place", "name", "number", "link"),
    ),
    "quote": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, useful_for=timedelta(hours=24)),
    "outage_news": Route(channels=(SMS,), useful_for=timedelta(hours=1)),
    # The code proves that SMS arrive at the number; it answers what the person has just asked for.
    "join_code": Route(channels=(SMS,), priority=Priority.URGENT, useful_for=timedelta(minutes=15), answers=True),
    "offer_taken": Route(useful_for=timedelta(hours=6)),
    "provider_found": Route(
        priority=Priority.URGENT,
        receipt_within=RECEIPT_WAIT,
        has_news=True,
        variables=("service", "place", "name", "number", "link"),
    ),
    "nobody_found": Route(priority=Priority.URGENT, has_news=True),
    "job_news": Route(priority=Priority.URGENT, receipt_within=RECEIPT_WAIT, has_news=True),
    "reminder": Route(useful_for=timedelta(hours=12), variables=("service", "time", "name", "number")),
    "rating_request": Route(priority=Priority.BULK, quiet=True, useful_for=timedelta(days=3), variables=("name",)),
    "selftest": Route(channels=(selftest.NAME,), useful_for=timedelta(hours=1), has_news=True),
    "webhook": Route(channels=(ChannelName.WEBHOOK,), priority=Priority.BULK, useful_for=timedelta(days=1)),
    # Each through its one channel, or not at all: a detour would prove nothing.
    "test_whatsapp": Route(channels=(ChannelName.WHATSAPP,), useful_for=timedelta(minutes=30), answers=True),
    "test_sms": Route(channels=(SMS,), useful_for=timedelta(minutes=30), answers=True),
    "test_email": Route(channels=(EMAIL,), useful_for=timedelta(minutes=30), answers=True),
    "staff_report": Route(channels=(EMAIL,), priority=Priority.BULK, useful_for=timedelta(hours=24)),
    "staff_alert": Route(channels=(EMAIL,), priority=Priority.URGENT),
    "staff_alert_sms": Route(channels=(SMS, EMAIL), priority=Priority.URGENT),
    "staff_alert_whatsapp": Route(channels=EVERYWHERE, priority=Priority.URGENT),
}
DEFAULT: Final = Route()


def route_for(purpose: str) -> Route:
    """The row of `purpose`; an unknown one goes everywhere, at normal priority."""
    return ROUTES.get(purpose, DEFAULT)


def receipt_due(row: Notification, at: datetime) -> datetime | None:
    """When the next channel is to be tried for a message sent at `at`; None where it waits for no receipt."""
    if not row.channels_left:
        return None
    within = route_for(row.purpose).receipt_within
    moments = [at + within] if within else []
    if row.must_know_by and row.must_know_by > at:
        moments.append(max(at + RECEIPT_WAIT, row.must_know_by - LEAD))
    return min(moments, default=None)


def passable(channels: Sequence[str], *, phone_number: str, whatsapp_id: str, email: str) -> list[str]:
    """Those of `channels` for which there is an address."""
    has_address: dict[str, bool] = {
        WHATSAPP: bool(phone_number or whatsapp_id),
        SMS: bool(phone_number),
        EMAIL: bool(email),
    }
    return [channel for channel in channels if has_address.get(channel)]


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


def take_channel(row: Notification, name: str, *, at: datetime) -> None:
    """Put a message on channel `name` from now on (not saved); its own failures are counted anew there."""
    left = list(row.channels_left)
    row.channels_left = list(left[left.index(name) + 1 :]) if name in left else left
    row.channel = name
    row.retry_count = 0
    row.due_at = at
    row.waiting_for = WaitingFor.NOTHING
    row.receipt_due_at = None
