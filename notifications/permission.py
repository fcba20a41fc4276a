"""May this message leave now, here, to this person? Each rule is a function; the first that objects decides.

Objections change the row (later, another channel, cancelled, dead) instead of sending it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from . import consequences, contacts, routing, throttling
from .models import Channel, ChannelName, MessageTemplate, Notification, Status, UnreachableMark, WaitingFor
from .models.notification import NotificationQuerySet
from .rendering import (
    Rendered,
    button_titles,
    for_channel,
    for_closed_window,
    for_session,
    session_body,
    session_set,
    templates_for,
)

Templates = dict[tuple[str, str], MessageTemplate]


@dataclass(frozen=True)
class Allowed:
    """A message that may leave, with its text and the receiver's address as the channel writes it."""

    row: Notification
    rendered: Rendered
    receiver: str


@dataclass(frozen=True)
class Facts:
    """What the rules need, fetched once for a whole batch."""

    flooded: set[int]
    marks: Mapping[tuple[int, str], str]
    templates: Templates
    at: datetime


def sort_out(
    rows: Sequence[Notification], channel: Channel, channels: dict[str, Channel], at: datetime
) -> tuple[list[Allowed], int]:
    """Split locked rows into those that leave and those held back (whose change is saved); returns the count too."""
    if not rows:
        return [], 0
    facts = _gather(rows, channel, at)
    allowed: list[Allowed] = []
    alerts = consequences.Alerts()
    for row in rows:
        if _hold_back(row, channel, facts):
            continue
        rendered = _render(row, channel, facts)
        if (row.contact_id or 0, channel.name) in facts.marks:
            consequences.reroute_or_die(row, "unreachable", "", channels, alerts, at)
        elif rendered is None:
            consequences.reroute_or_die(row, "window", "", channels, alerts, at)
        else:
            allowed.append(Allowed(row, rendered, _receiver(row, channel.name)))
    alerts.raise_all(at)
    return allowed, len(rows) - len(allowed)


def _gather(rows: Sequence[Notification], channel: Channel, at: datetime) -> Facts:
    _register_buttons([row for row in rows if row.choices])
    people = {row.contact_id for row in rows if row.contact_id}
    return Facts(
        flooded=throttling.flooded(people, at) if people else set(),
        marks={
            (mark.contact_id, mark.channel): mark.code
            for mark in UnreachableMark.objects.filter(contact__in=people, until__gt=at)
        },
        templates=templates_for([row for row in rows if _may_need_template(row, channel, at)], channel.name),
        at=at,
    )


def _may_need_template(row: Notification, channel: Channel, at: datetime) -> bool:
    """Plain text in an open WhatsApp session needs none, and that is most of what leaves."""
    in_session = channel.name == ChannelName.WHATSAPP and contacts.window_is_open(row.contact, at)
    return bool(row.choices) or not in_session


def _register_buttons(rows: Sequence[Notification]) -> None:
    """Note sets of buttons that are new: the next duty makes them at Twilio, and until then they are numbered lines."""
    sets = {(session_set(row), row.language): row for row in rows if row.channel == ChannelName.WHATSAPP}
    wanted = {key: row for key, row in sets.items() if key[0]}
    if not wanted:
        return
    known = MessageTemplate.objects.filter(name__in={name for name, _ in wanted}).values_list("name", "language")
    MessageTemplate.objects.bulk_create(
        (
            MessageTemplate(
                name=name,
                language=language,
                body=session_body(wanted[(name, language)]),
                buttons=button_titles(wanted[(name, language)]),
            )
            for name, language in sorted(set(wanted) - set(known))
        ),
        ignore_conflicts=True,
    )


def _hold_back(row: Notification, channel: Channel, facts: Facts) -> bool:
    """Apply the rules about time and person; True: the row was changed and saved, and stays here."""
    at, route = facts.at, routing.route_for(row.purpose)
    if channel.name == ChannelName.WEBHOOK and (row.subscription is None or not row.subscription.is_active):
        return bool(
            _alone(row).move(
                Status.CANCELLED,
                settled_at=at,
                news_due=at,
                last_error_code="unsubscribed",
                last_error="The webhook was switched off.",
            )
        )
    if row.expires_at and row.expires_at <= at:
        return bool(_alone(row).move(Status.EXPIRED, settled_at=at, news_due=at))
    if row.contact and row.contact.opted_out_at and not route.answers and channel.name != ChannelName.EMAIL:
        return bool(
            _alone(row).move(
                Status.CANCELLED,
                settled_at=at,
                news_due=at,
                last_error_code="21610",
                last_error="The person opted out.",
            )
        )
    if route.quiet and (morning := routing.is_night(row.contact, at)):
        return bool(_alone(row).update(due_at=morning, waiting_for=WaitingFor.QUIET_HOURS))
    if row.contact_id in facts.flooded and channel.name != ChannelName.EMAIL:
        return bool(_alone(row).update(due_at=at + throttling.FLOOD_WINDOW, waiting_for=WaitingFor.FLOOD))
    return False


def _alone(row: Notification) -> NotificationQuerySet:
    return Notification.objects.filter(pk=row.pk)


def _render(row: Notification, channel: Channel, facts: Facts) -> Rendered | None:
    if channel.name == ChannelName.WEBHOOK:
        return Rendered(row.body)
    if channel.name != ChannelName.WHATSAPP:
        return for_channel(row, channel.name, facts.templates)
    if contacts.window_is_open(row.contact, facts.at):
        return for_session(row, facts.templates)
    return for_closed_window(row, facts.templates)


def _receiver(row: Notification, channel: str) -> str:
    if channel == ChannelName.WEBHOOK:
        return row.endpoint
    if channel == ChannelName.EMAIL:
        return row.email
    if channel == ChannelName.SMS:
        return row.phone_number
    return "whatsapp:" + (row.phone_number or row.whatsapp_id)
