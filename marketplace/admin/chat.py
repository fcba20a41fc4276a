"""A conversation as both sides see it: what came in and what went out, with ticks, in the order of time."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from marketplace.models import Conversation, InboundMessage
from notifications import contacts
from notifications.models import Notification, Status
from providers.models import Service, Zone

from . import media
from .reading import INTENTS, URGENCIES

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
    """What the talk's part of the page shows: five queries at most. `version` changes with every message and tick."""
    contact = conversation.contact
    is_open = contacts.window_is_open(contact, at)
    closes = contact.last_inbound_at + contacts.WINDOW if contact.last_inbound_at and is_open else None
    bubbles = sorted([*_theirs(conversation), *_ours(conversation)], key=lambda bubble: bubble.at)
    seen = [(bubble.is_ours, bubble.link_pk, bubble.tick, bubble.is_read, bubble.understood) for bubble in bubbles]
    facts = (seen, conversation.needs_human, conversation.operator_id, conversation.is_open, closes)
    return {
        "conversation": conversation,
        "contact": contact,
        "bubbles": bubbles,
        "window_closes": closes,
        "version": hashlib.sha256(repr(facts).encode()).hexdigest()[:16],
    }


def _theirs(conversation: Conversation) -> list[Bubble]:
    rows = list(InboundMessage.objects.filter(conversation=conversation).order_by("-pk")[:SHOWN])
    names = names_in(row.understood for row in rows)
    return [
        Bubble(
            row.received_at,
            row.body or f"[{row.message_type}]",
            is_ours=False,
            link_pk=row.pk,
            understood=understood_in_words(row.understood, names),
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


def names_in(readings: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The names of the services and zones that were understood, by slug: two queries, or none."""
    readings = list(readings)
    services = {slug for reading in readings for slug in reading.get("services") or ()}
    zones = {slug for reading in readings for slug in reading.get("zones") or ()}
    known = {row.slug: str(row) for row in Service.objects.filter(slug__in=services)} if services else {}
    return known | ({row.slug: row.name for row in Zone.objects.filter(slug__in=zones)} if zones else {})


def understood_in_words(understood: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """What the machine made of a message, in one line; what was not said is left out."""
    if not understood.get("intent"):
        return ""
    facts = [str(INTENTS.get(understood["intent"], understood["intent"]))]
    facts += [names.get(slug, slug) for part in ("services", "zones") for slug in understood.get(part) or ()]
    if (urgency := understood.get("urgency") or "unspecified") != "unspecified":
        facts.append(str(URGENCIES.get(urgency, urgency)))
    return " · ".join(facts)
