"""What an action would do with each message: go, or be left as it is, and why. One expression, in the database.

The dry run counts by it and the execution obeys it (on locked rows), so the two cannot tell different stories.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Final

from django.db import models
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields import BooleanField
from django.utils.translation import gettext_lazy as _

from notifications import contacts, routing
from notifications.models import Attempt, Channel, ChannelName, MessageTemplate, Outcome, StaffDeed, Status
from notifications.models import UnreachableMark as Mark
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
    ChannelName.WEBHOOK: ~Q(endpoint=""),
}
ANSWERS: Final = [name for name, route in routing.ROUTES.items() if route.answers]
MAYBE_TAKEN: Final = (Outcome.IN_FLIGHT, Outcome.UNKNOWN, Outcome.ACCEPTED)  # another copy may reach the person
# Fates that the status alone decides: counted by its index, without a look at the rest of the row.
ENDED: Final = {
    Status.DELIVERED: Fate.SENT,
    Status.READ: Fate.SENT,
    Status.SENDING: Fate.LEAVING,
    Status.CANCELLED: Fate.CANCELLED,
    Status.EXPIRED: Fate.EXPIRED,
}
BY_STATUS: Final[Mapping[str, Mapping[Status, Fate]]] = {
    StaffDeed.RETRY: ENDED | {Status.SENT: Fate.SENT},
    StaffDeed.EDIT: ENDED | {Status.SENT: Fate.SENT},
    StaffDeed.MOVE: ENDED,
    StaffDeed.CANCEL: ENDED | {Status.SENT: Fate.SENT, Status.DEAD: Fate.DEAD},
}


@dataclass(frozen=True)
class Way:
    """How messages would leave: at what time, and on `channel` or (empty) on their own and those left to them."""

    at: datetime
    channel: str = ""

    @cached_property
    def set_up(self) -> list[str]:
        """The channels that have a sender."""
        return list(Channel.objects.filter(is_configured=True).values_list("name", flat=True))

    @cached_property
    def approved(self) -> list[str]:
        """The templates that WhatsApp takes."""
        rows = MessageTemplate.objects.filter(approval=Approval.APPROVED, content_sid__gt="")
        return list(rows.values_list("name", flat=True))

    def is_on(self, name: str) -> Q:
        """Whether the message would leave on this channel."""
        if self.channel:
            return ALWAYS if self.channel == name else NEVER
        return Q(channel=name)


def may_duplicate() -> Combinable:
    """Whether an earlier attempt may have reached the person, so that a new one is possibly a duplicate."""
    taken = Exists(Attempt.objects.filter(notification=OuterRef("pk"), outcome__in=MAYBE_TAKEN))
    return Case(When(Q(possible_duplicate=True) | Q(taken), then=True), default=False, output_field=BooleanField())


def fate(deed: str, way: Way) -> Case:
    """The expression for `deed`. Raises `KeyError` for a deed that does nothing with single messages."""
    whens = [When(status=status, then=Value(found)) for status, found in BY_STATUS[deed].items()]
    if deed == StaffDeed.RETRY:
        whens.append(When(status=Status.QUEUED, due_at__lte=way.at, then=Value(Fate.WAITING)))
    if deed == StaffDeed.MOVE:
        whens.append(When(channel=way.channel, then=Value(Fate.THERE)))
    if deed != StaffDeed.CANCEL:
        whens += _hindered(way)
    return Case(*whens, default=Value(Fate.GO), output_field=CharField())


def _hindered(way: Way) -> list[When]:
    opted_out = Q(contact__opted_out_at__isnull=False) & ~Q(purpose__in=ANSWERS)
    return [
        When(expires_at__lte=way.at, then=Value(Fate.EXPIRED)),
        When(opted_out & ~way.is_on(ChannelName.EMAIL), then=Value(Fate.OPTED_OUT)),
        When(~_has_address(way), then=Value(Fate.NO_ADDRESS)),
        When(_without_way(_is_not_set_up(way), way), then=Value(Fate.NOT_SET_UP)),
        When(_without_way(_is_marked(way), way), then=Value(Fate.UNREACHABLE)),
        When(_without_way(_is_outside_the_window(way), way), then=Value(Fate.WINDOW)),
    ]


def is_blocked(way: Way) -> Q:
    """Whether the channel itself is impossible for this message, so that it takes the next one that is left to it."""
    return _is_not_set_up(way) | _is_marked(way) | _is_outside_the_window(way)


def _without_way(hindrance: Q, way: Way) -> Q:
    """A hindrance counts where no other channel that is set up is left; one that staff chose has no other."""
    return hindrance if way.channel else hindrance & ~Q(channels_left__overlap=way.set_up)


def _has_address(way: Way) -> Q:
    if way.channel:
        return HAS_ADDRESS[ChannelName(way.channel)]
    known = Q()
    for name, has_address in HAS_ADDRESS.items():
        known |= Q(channel=name) & has_address
    return known


def _is_not_set_up(way: Way) -> Q:
    if way.channel:
        return NEVER if way.channel in way.set_up else ALWAYS
    return ~Q(channel__in=way.set_up)


def _is_marked(way: Way) -> Q:
    name = Value(way.channel) if way.channel else OuterRef("channel")
    return Q(Exists(Mark.objects.filter(contact=OuterRef("contact"), channel=name, until__gt=way.at)))


def _is_outside_the_window(way: Way) -> Q:
    """WhatsApp would refuse: the person has not written for a day and no approved template is there.

    Any general template (`notice...`) counts as one that fits; the claim looks more closely.
    """
    if any(name.startswith(NOTICE) for name in way.approved):
        return NEVER
    is_open = Q(contact__last_inbound_at__gt=way.at - contacts.WINDOW)
    return way.is_on(ChannelName.WHATSAPP) & ~Q(purpose__in=way.approved) & ~is_open
