"""What staff would have seen, tick by tick: alerts, what told them, channels, and the health page."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from djobea import status
from notifications.models import Channel, EscalationAlert, Notification

# Heartbeats come by the worker's own clock, which a drill does not speed up: their age means nothing here.
NOT_WATCHED: Final = ("workers",)


@dataclass
class Sight:
    """All that is seen at one moment."""

    alerts: dict[int, tuple[str, str, str]] = field(default_factory=dict)  # fingerprint, title, state
    occurrences: dict[int, int] = field(default_factory=dict)
    told: dict[int, str] = field(default_factory=dict)
    channels: dict[str, str] = field(default_factory=dict)
    health: dict[str, str] = field(default_factory=dict)


def look(at: datetime, *, since: datetime) -> Sight:
    """Look at everything that is not older than the drill."""
    alerts = EscalationAlert.objects.filter(last_seen_at__gte=since)
    told = Notification.objects.filter(purpose__startswith="staff_alert", created_at__gte=since)
    rows = list(alerts.values_list("pk", "fingerprint", "title", "state", "occurrences"))
    return Sight(
        alerts={pk: (fingerprint, title, state) for pk, fingerprint, title, state, _many in rows},
        occurrences={row[0]: row[4] for row in rows},
        told={
            pk: f"{channel}: {reference}" for pk, channel, reference in told.values_list("pk", "channel", "reference")
        },
        channels={
            channel.name: channel.pause_code if channel.is_paused(at) or channel.is_half_open else ""
            for channel in Channel.objects.filter(is_configured=True)
        },
        health={part.name: str(part.state) for part in status.examine(at).components if part.name not in NOT_WATCHED},
    )


def changes(before: Sight, now: Sight) -> Iterator[str]:
    """What is new since the last look, one sentence each."""
    for pk, (fingerprint, title, state) in now.alerts.items():
        old = before.alerts.get(pk)
        if old is None or old[2] != state:
            facts: dict[str, Any] = {"title": title, "fingerprint": fingerprint, "state": state}
            yield _("alert “%(title)s” (%(fingerprint)s): %(state)s") % facts
    for pk, what in now.told.items():
        if pk not in before.told:
            yield _("staff are told by %(what)s") % {"what": what}
    for name, code in now.channels.items():
        if before.channels.get(name, "") != code:
            yield _("channel %(name)s: %(state)s") % {"name": name, "state": code or _("open")}
    for name, state in now.health.items():
        if before.health.get(name, "healthy") != state:
            yield _("health of %(name)s: %(state)s") % {"name": name, "state": state}
