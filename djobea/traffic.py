"""What left and what failed, hour by hour and channel by channel, for the dashboard's chart and table.

Hours that are over are counted once in ten minutes for everybody, the last two each time: with a million calls a day
the whole day would take longer than a page may.
"""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.cache import cache
from django.db.models import Count, Q
from django.db.models.functions import TruncHour
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.models import Attempt, ChannelName, Outcome

HOURS: Final = 24
LIVE: Final = timedelta(hours=2)
KEPT: Final = 600  # seconds
WENT: Final = Q(outcome=Outcome.ACCEPTED)
FAILED: Final = Q(outcome__in=[Outcome.REFUSED, Outcome.FAILED])
COLOURS: Final = {
    ChannelName.WHATSAPP: "#16a34a",
    ChannelName.SMS: "#2563eb",
    ChannelName.EMAIL: "#d97706",
    ChannelName.WEBHOOK: "#7c3aed",
}
OPTIONS: Final = {
    "animation": False,
    "responsive": True,
    "maintainAspectRatio": False,
    "plugins": {"legend": {"display": True, "position": "bottom", "labels": {"boxWidth": 12, "color": "#6b7280"}}},
    "scales": {
        "x": {"stacked": True, "grid": {"display": False}, "ticks": {"color": "#6b7280", "maxRotation": 0}},
        "y": {"stacked": True, "beginAtZero": True, "ticks": {"color": "#6b7280", "precision": 0}, "grid": {}},
    },
}


@dataclass(frozen=True)
class Hour:
    """The calls of one channel that began in one hour."""

    begins: datetime
    channel: str
    went: int
    failed: int


def of_a_day(at: datetime) -> list[Hour]:
    """The hour that runs and the 23 before it; hours without calls are left out."""
    first, turn = begin_of(at), _hour(at - LIVE)
    key = f"traffic:{turn:%Y%m%d%H}"
    past: list[Hour] | None = cache.get(key)
    if past is None:
        past = list(_counted(first, turn))
        cache.set(key, past, KEPT)
    return [*past, *_counted(turn, _hour(at) + timedelta(hours=1))]


def begin_of(at: datetime) -> datetime:
    """When the day that is shown at `at` begins."""
    return _hour(at) - timedelta(hours=HOURS - 1)


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def _counted(since: datetime, until: datetime) -> Iterable[Hour]:
    calls = Attempt.objects.filter(channel__in=ChannelName.values, started_at__gte=since, started_at__lt=until)
    groups = calls.order_by().values_list(TruncHour("started_at"), "channel")
    for begins, channel, went, failed in groups.annotate(
        went=Count("pk", filter=WENT), failed=Count("pk", filter=FAILED)
    ):
        yield Hour(begins, channel, went, failed)


def by_channel(hours: Iterable[Hour]) -> dict[str, tuple[int, int]]:
    """(went, failed) of the whole day, channel by channel."""
    went: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    for hour in hours:
        went[hour.channel] += hour.went
        failed[hour.channel] += hour.failed
    return {name: (went[name], failed[name]) for name in {*went, *failed}}


def chart(hours: Iterable[Hour], at: datetime) -> dict[str, str]:
    """Data and options for Chart.js as JSON, and the whole in a sentence for who cannot see it."""
    hours = list(hours)
    begins = [begin_of(at) + timedelta(hours=number) for number in range(HOURS)]
    went = {(hour.begins, hour.channel): hour.went for hour in hours}
    lost: Counter[datetime] = Counter()
    for hour in hours:
        lost[hour.begins] += hour.failed
    shown = [name for name in ChannelName if any(hour.channel == name for hour in hours)] or [ChannelName.WHATSAPP]
    bars: list[dict[str, Any]] = [
        {
            "label": str(name.label),
            "data": [went.get((moment, name.value), 0) for moment in begins],
            "backgroundColor": COLOURS[name],
            "stack": "one",
        }
        for name in shown
    ]
    failed = [lost[moment] for moment in begins]
    bars.append({"label": _("failed"), "data": failed, "backgroundColor": "#dc2626", "stack": "one"})
    labels = [f"{timezone.localtime(moment).hour} h" for moment in begins]
    said = _("In the last 24 hours %(went)d messages left and %(failed)d calls failed.")
    return {
        "data": json.dumps({"labels": labels, "datasets": bars}),
        "options": json.dumps(OPTIONS),
        "words": said % {"went": sum(hour.went for hour in hours), "failed": sum(failed)},
    }
