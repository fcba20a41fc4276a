"""What an action would do with each message: go, or be left as it is, and why. One expression, in the database.

The dry run counts by it and the execution obeys it (on locked rows), so the two cannot tell different stories.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.db import models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields import BooleanField
from django.utils.translation import gettext_lazy as _

from notifications import contacts, routing
from notifications.models import Attempt, Channel, ChannelName, MessageTemplate, Outcome, StaffDeed, Status
from notifications.models import UnreachableMark as Mark
from notifications.models.contact import Contact
from notifications.models.template import Approval
from notifications.rendering import NOTICE

ALWAYS: Final = Q(pk__isnull=False)
NEVER: Final = Q(pk__isnull=True)


class Fate(models.TextChoices):
    """Why a message is left as it is; GO: it is not."""

    GO = "go", _("goes")
    SENT = "sent", _("already sent")
    LEAVING = "leaving", _("is leaving at this moment")
    CANCELLED = "cancelled", _("called back earlier")
    EXPIRED = "expired", _("no longer useful")
    DEAD = "dead", _("a dead letter: nothing is left to call back")
    WAITING = "waiting", _("already waits for its turn")
    OPTED_OUT = "opted_out", _("the person wants no messages")
    NO_ADDRESS = "no_address", _("no address on that channel")
    NOT_SET_UP = "not_set_up", _("the channel is not set up")
    UNREACHABLE = "unreachable", _("the address is marked unreachable")
    WINDOW = "window", _("the 24-hour window is closed, and no approved template fits")
    THERE = "there", _("already on that channel")


HAS_ADDRESS: Final = {
    ChannelName.WHATSAPP: ~Q(phone_number="") | ~Q(whatsapp_id=""),
    ChannelName.SMS: ~Q(phone_number=""),
    ChannelName.EMAIL: ~Q(email=""),
}
ANSWERS: Final = [name for name, route in routing.ROUTES.items() if route.answers]
MAYBE_TAKEN: Final = (Outcome.IN_FLIGHT, Outcome.UNKNOWN, Outcome.ACCEPTED)  # another copy may reach the person


def may_duplicate() -> Combinable:
    """Whether an earlier attempt may have reached the person, so that a new one is possibly a duplicate."""
    taken = Exists(Attempt.objects.filter(notification=OuterRef("pk"), outcome__in=MAYBE_TAKEN))
    return Case(When(Q(possible_duplicate=True) | Q(taken), then=True), default=False, output_field=BooleanField())


def fate(deed: str, at: datetime, *, channel: str = "") -> Case:
    """The expression for `deed`; `channel` is the target of a move. Raises `ValueError` for a deed without messages."""
    if deed == StaffDeed.CANCEL:
        whens = _cancelled()
    elif deed == StaffDeed.RETRY:
        whens = [*_ended(also=(Status.SENT,)), When(_is_on_its_way(at), then=Value(Fate.WAITING)), *_hindered(at)]
    elif deed == StaffDeed.EDIT:
        whens = [*_ended(also=(Status.SENT,)), *_hindered(at)]
    elif deed == StaffDeed.MOVE:
        there = When(channel=channel, then=Value(Fate.THERE))
        whens = [*_ended(), there, *_hindered(at, channel)]
    else:
        raise ValueError(f"{deed!r} does nothing with single messages.")
    return Case(*whens, default=Value(Fate.GO), output_field=CharField())


def _ended(*, also: Sequence[str] = ()) -> list[When]:
    return [
        When(status__in=[Status.DELIVERED, Status.READ, *also], then=Value(Fate.SENT)),
        When(status=Status.SENDING, then=Value(Fate.LEAVING)),
        When(status=Status.CANCELLED, then=Value(Fate.CANCELLED)),
        When(status=Status.EXPIRED, then=Value(Fate.EXPIRED)),
    ]


def _cancelled() -> list[When]:
    return [*_ended(also=(Status.SENT,)), When(status=Status.DEAD, then=Value(Fate.DEAD))]


def _is_on_its_way(at: datetime) -> Q:
    return Q(status=Status.QUEUED, due_at__lte=at)


def _hindered(at: datetime, channel: str = "") -> list[When]:
    """What keeps a message from leaving, on `channel` or (empty) on its own and on those left to it."""
    opted_out = Q(contact__opted_out_at__isnull=False) & ~Q(purpose__in=ANSWERS)
    by_mail = _is_on(ChannelName.EMAIL, channel)
    return [
        When(expires_at__lte=at, then=Value(Fate.EXPIRED)),
        When(opted_out & ~by_mail, then=Value(Fate.OPTED_OUT)),
        When(~_has_address(channel), then=Value(Fate.NO_ADDRESS)),
        When(_without_way(_is_not_set_up(channel), channel), then=Value(Fate.NOT_SET_UP)),
        When(_without_way(_is_marked(at, channel), channel), then=Value(Fate.UNREACHABLE)),
        When(_without_way(_is_outside_the_window(at, channel), channel), then=Value(Fate.WINDOW)),
    ]


def is_blocked(at: datetime, channel: str = "") -> Q:
    """Whether the channel itself is impossible for this message, so that it takes the next one that is left to it."""
    return _is_not_set_up(channel) | _is_marked(at, channel) | _is_outside_the_window(at, channel)


def _without_way(hindrance: Q, channel: str) -> Q:
    """A hindrance counts where no other channel that is set up is left; one that staff chose has no other."""
    return hindrance if channel else hindrance & ~Q(channels_left__overlap=_set_up())


def _is_on(name: str, channel: str) -> Q:
    if channel:
        return ALWAYS if channel == name else NEVER
    return Q(channel=name)


def _has_address(channel: str) -> Q:
    if channel:
        return HAS_ADDRESS[ChannelName(channel)]
    known = Q()
    for name, has_address in HAS_ADDRESS.items():
        known |= Q(channel=name) & has_address
    return known


def _is_not_set_up(channel: str) -> Q:
    if channel:
        return NEVER if channel in _set_up() else ALWAYS
    return ~Q(channel__in=_set_up())


def _set_up() -> list[str]:
    return list(Channel.objects.filter(is_configured=True).values_list("name", flat=True))


def _is_marked(at: datetime, channel: str) -> Q:
    name = Value(channel) if channel else OuterRef("channel")
    return Q(Exists(Mark.objects.filter(contact=OuterRef("contact"), channel=name, until__gt=at)))


def _is_outside_the_window(at: datetime, channel: str) -> Q:
    """WhatsApp would refuse: the person has not written for a day and no approved template is there.

    Any general template (`notice...`) counts as one that fits; the claim looks more closely.
    """
    approved = list(
        MessageTemplate.objects.filter(approval=Approval.APPROVED, content_sid__gt="").values_list("name", flat=True)
    )
    if any(name.startswith(NOTICE) for name in approved):
        return NEVER
    open_window = Exists(Contact.objects.filter(pk=OuterRef("contact"), last_inbound_at__gt=at - contacts.WINDOW))
    return _is_on(ChannelName.WHATSAPP, channel) & ~Q(purpose__in=approved) & ~Q(open_window)
