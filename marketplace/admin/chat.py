"""A conversation as both sides see it: what came in and what went out, with ticks, in the order of time."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.models import Conversation, InboundMessage
from notifications import contacts
from notifications.models import Notification, Status

from . import media

SHOWN: Final = 200  # of each side, the newest
TICKS: Final = {
    Status.QUEUED: ("🕓", _("waits")),
    Status.SENDING: ("🕓", _("is being sent")),
    Status.UNCONFIRMED: ("🕓", _("unconfirmed")),
    Status.SENT: ("✓", _("sent")),
    Status.DELIVERED: ("✓✓", _("delivered")),
    Status.READ: ("✓✓", _("read")),
    Status.DEAD: ("⚠", _("not sent")),
    Status.CANCELLED: ("✗", _("called back")),
    Status.EXPIRED: ("✗", _("too late")),
}


@dataclass(frozen=True)
class Bubble:
    """One message. `tick` and `said` (the tick in words) are empty for what came in."""

    at: datetime
    text: str
    is_ours: bool
    link_pk: int
    tick: str = ""
    said: Any = ""
    is_read: bool = False
    channel: str = ""
    understood: str = ""
    choices: tuple[str, ...] = ()
    attachments: tuple[media.Attachment, ...] = ()


def tell(conversation: Conversation, at: datetime) -> dict[str, Any]:
    """The context of the conversation's page: three queries."""
    contact = conversation.contact
    is_open = contacts.window_is_open(contact, at)
    closes = contact.last_inbound_at + contacts.WINDOW if contact.last_inbound_at and is_open else None
    return {
        "conversation": conversation,
        "contact": contact,
        "bubbles": sorted([*_theirs(conversation), *_ours(conversation)], key=lambda bubble: bubble.at),
        "window_closes": closes,
        "requests": list(conversation.requests.select_related("service", "zone").order_by("-pk")[:5]),
    }


def _theirs(conversation: Conversation) -> list[Bubble]:
    rows = InboundMessage.objects.filter(conversation=conversation).order_by("-pk")[:SHOWN]
    return [
        Bubble(
            row.received_at,
            row.body or f"[{row.message_type}]",
            is_ours=False,
            link_pk=row.pk,
            understood=understood_in_words(row.understood),
            attachments=tuple(media.of_message(row)),
        )
        for row in rows
    ]


def _ours(conversation: Conversation) -> list[Bubble]:
    while_open = Q(created_at__gte=conversation.opened_at)
    if conversation.closed_at:
        while_open &= Q(created_at__lte=conversation.closed_at)
    rows = Notification.objects.filter(while_open, contact=conversation.contact).order_by("-pk")[:SHOWN]
    return [_our_bubble(row) for row in rows]


def _our_bubble(row: Notification) -> Bubble:
    tick, said = TICKS[Status(row.status)]
    return Bubble(
        row.created_at,
        row.body,
        is_ours=True,
        link_pk=row.pk,
        tick=tick,
        said=said,
        is_read=row.status == Status.READ,
        channel=row.channel,
        choices=tuple(choice.get("title", "") for choice in row.choices),
    )


def understood_in_words(understood: dict[str, Any]) -> str:
    """What the machine made of a message, in one line."""
    facts = [understood.get(name) for name in ("intent", "services", "zones", "urgency", "language")]
    return " · ".join(", ".join(fact) if isinstance(fact, list) else str(fact) for fact in facts if fact)
