"""The first page of the console: is the system well, and if not, why and what to do. Every figure leads to its list.

Counts stop at `MANY`, so that a full table costs no more than a small one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from djobea.status import examine
from djobea.traffic import Hour, begin_of, by_channel, chart, of_a_day
from djobea.verdicts import State, Verdict
from marketplace import degraded
from marketplace.models import Conversation, RequestStatus, ServiceRequest
from notifications import channel_health, clock, throttling
from notifications.failure_policy import Failure, failure_for
from notifications.models import Account, AlertState, Channel, EscalationAlert, Notification, Outcome, Status
from providers.models import City, Provider, ProviderStatus

MANY: Final = 1000
SHOWN_ALERTS: Final = 5
NEARLY_SPENT: Final = 0.8
TONES: Final = {State.HEALTHY: "good", State.DEGRADED: "wait", State.CRITICAL: "bad"}
GOOD_SHARE: Final = 95  # percent of calls that are accepted
FAIR_SHARE: Final = 80


@dataclass(frozen=True)
class Figure:
    """A number that leads to the list behind it."""

    label: str
    value: str
    link: str
    tone: str = ""
    note: str = ""


@dataclass(frozen=True)
class Banner:
    """A channel that is paused: why, since when, and the remedy."""

    channel: Channel
    failure: Failure | None  # none: a person paused it
    link: str


@dataclass(frozen=True)
class Budget:
    """What a Twilio account may still send in the rolling 24 hours."""

    account: Account
    used: int
    left: int | None
    kept: int
    next_slot: datetime | None
    is_low: bool


def callback(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Named by `UNFOLD["DASHBOARD_CALLBACK"]`: everything that the first page shows to who may see the queue."""
    if request.user.has_perm("notifications.view_notification"):
        context["dashboard"] = facts(clock.now())
    return context


def facts(at: datetime) -> dict[str, Any]:
    """What the page says at `at`."""
    verdict, hours = examine(at), of_a_day(at)
    paused = list(banners(at))
    channels = traffic(at, hours)
    told = {f"channel:{banner.channel.name}" for banner in paused}
    return {
        "at": at,
        "headline": headline(verdict),
        "tone": TONES[verdict.status],
        "troubles": [
            {"name": part.label, "part": part}
            for part in verdict.components
            if part.state != State.HEALTHY and part.name not in told
        ],
        "banners": paused,
        "alerts": list(EscalationAlert.objects.filter(state=AlertState.OPEN)[:SHOWN_ALERTS]),
        "queue": [*queue_figures(at), success(channels)],
        "work": work_figures(at),
        "traffic": channels,
        "chart": chart(hours, at),
        "cities": cities(verdict),
        "budgets": [budget(account, at) for account in Account.objects.order_by("pk")],
    }


def headline(verdict: Verdict) -> str:
    """One sentence on the state of the whole."""
    if verdict.status == State.HEALTHY:
        return _("All is well.")
    troubled = [part.label for part in verdict.components if part.state != State.HEALTHY]
    named = ", ".join(troubled)
    if verdict.status == State.CRITICAL:
        return _("Something is broken: %s") % named
    return _("Something is not well: %s") % named


def banners(at: datetime) -> Iterable[Banner]:
    """The channels through which nothing leaves now."""
    for channel in Channel.objects.filter(is_configured=True, paused_until__gt=at):
        by_staff = channel.pause_code == channel_health.STAFF
        failure = None if by_staff else failure_for(channel.pause_code)
        yield Banner(channel, failure, reverse("admin:notifications_channel_change", args=[channel.pk]))


def environment(_request: HttpRequest) -> tuple[str, str] | None:
    """The label at the top of every page of the console while WhatsApp is shut; it goes by itself."""
    if degraded.outage(clock.now()) is None:
        return None
    return _("WhatsApp is down: news go by SMS, waves last longer"), "danger"


def queue_figures(at: datetime) -> list[Figure]:
    """How much waits, moves and has died; the age of the oldest due message tells whether the workers keep up."""
    page = reverse("admin:notifications_notification_changelist")
    waiting = Notification.objects.filter(status=Status.QUEUED)
    oldest = waiting.filter(due_at__lte=at).order_by("due_at").values_list("due_at", flat=True).first()
    figures = []
    for status, tone in ((Status.QUEUED, ""), (Status.SENDING, ""), (Status.UNCONFIRMED, "wait"), (Status.DEAD, "bad")):
        many = _count(Notification.objects.filter(status=status))
        note = ""
        if status == Status.QUEUED and oldest:
            note = _("oldest due for %s") % timesince(oldest, at)
        elif many and status != Status.QUEUED:
            note = _("oldest from %s ago") % timesince(_oldest(status) or at, at)
        figures.append(
            Figure(str(status.label), _words(many), f"{page}?status__exact={status}", tone if many else "", note)
        )
    return figures


def _oldest(status: str) -> datetime | None:
    rows = Notification.objects.filter(status=status).order_by("pk")
    return rows.values_list("created_at", flat=True).first()


def work_figures(at: datetime) -> list[Figure]:
    """What customers, operators and providers wait for."""
    requests = reverse("admin:marketplace_servicerequest_changelist")
    talks = reverse("admin:marketplace_conversation_changelist")
    people = reverse("admin:providers_provider_changelist")
    searching = _count(ServiceRequest.objects.filter(status=RequestStatus.SEARCHING))
    nobody = _count(ServiceRequest.objects.filter(status=RequestStatus.WAITING))
    matched = _count(ServiceRequest.objects.filter(status=RequestStatus.MATCHED))
    human = _count(Conversation.objects.filter(needs_human=True, is_open=True))
    free = _count(Provider.objects.at_work(at))
    pending = _count(Provider.objects.filter(status=ProviderStatus.PENDING))
    return [
        Figure(_("Searching"), _words(searching), f"{requests}?status__exact=searching"),
        Figure(_("Nobody found yet"), _words(nobody), f"{requests}?status__exact=waiting", "wait" if nobody else ""),
        Figure(_("Matched"), _words(matched), f"{requests}?status__exact=matched"),
        Figure(_("Wait for a person"), _words(human), f"{talks}?needs_human__exact=1", "bad" if human else ""),
        Figure(
            _("Providers at work"),
            _words(free),
            f"{people}?status__exact=active&is_verified__exact=1",
            "" if free else "bad",
        ),
        Figure(
            _("Providers to approve"), _words(pending), f"{people}?status__exact=pending", "wait" if pending else ""
        ),
    ]


def traffic(at: datetime, hours: Sequence[Hour] | None = None) -> list[dict[str, Any]]:
    """What left in the last 24 hours, and what failed, channel by channel."""
    counted = by_channel(of_a_day(at) if hours is None else hours)
    page = reverse("admin:notifications_attempt_changelist")
    since = urlencode({"started_at__gte": begin_of(at).isoformat()})
    rows = []
    for channel in Channel.objects.filter(is_configured=True).order_by("pk"):
        went, failed = counted.get(channel.name, (0, 0))
        rows.append(
            {
                "channel": channel,
                "went": went,
                "failed": failed,
                "share": round(100 * went / (went + failed)) if went + failed else None,
                "speed": throttling.speed(channel, at),
                "is_paused": channel.is_paused(at),
                "went_link": f"{page}?channel={channel.name}&outcome__exact={Outcome.ACCEPTED}&{since}",
                "failed_link": f"{page}?channel={channel.name}&outcome__in={Outcome.REFUSED},{Outcome.FAILED}&{since}",
            }
        )
    return rows


def success(rows: Sequence[dict[str, Any]]) -> Figure:
    """The share of all calls of the day that were accepted."""
    went, failed = sum(row["went"] for row in rows), sum(row["failed"] for row in rows)
    page = reverse("admin:notifications_attempt_changelist")
    if not went + failed:
        return Figure(_("Success in 24 hours"), "-", page)
    share = round(100 * went / (went + failed))
    tone = "" if share >= GOOD_SHARE else "wait" if share >= FAIR_SHARE else "bad"
    note = _("%(went)d sent, %(failed)d failed") % {"went": went, "failed": failed}
    return Figure(_("Success in 24 hours"), f"{share}\u00a0%", page, tone, note)


def cities(verdict: Verdict) -> list[Figure]:
    """Who could come, city by city, as the health's check has counted."""
    page = reverse("admin:providers_provider_changelist")
    known = {f"availability:{city.slug}": city for city in City.objects.all()}
    return [
        Figure(
            known[part.name].name,
            _words(int(part.figure or 0)),
            f"{page}?status__exact=active&zones__city__id__exact={known[part.name].pk}",
            "" if part.state == State.HEALTHY else TONES[part.state],
        )
        for part in verdict.components
        if part.name in known and (part.figure or part.state != State.HEALTHY)
    ]


def budget(account: Account, at: datetime) -> Budget:
    """The account's rolling day."""
    used, limit = throttling.used_slots(account, at), account.daily_limit
    return Budget(
        account=account,
        used=used,
        left=None if limit is None else max(0, limit - used),
        kept=0 if limit is None else round(limit * account.urgent_share),
        next_slot=throttling.next_free_slot(account, at=at),
        is_low=limit is not None and used >= NEARLY_SPENT * limit,
    )


def count_alerts(_request: HttpRequest) -> str:
    """The badge beside the alerts: how many nobody takes care of; nothing at all for none."""
    many = _count(EscalationAlert.objects.filter(state=AlertState.OPEN))
    return _words(many) if many else ""


def count_dead_letters(_request: HttpRequest) -> str:
    """The badge beside the dead letters."""
    many = _count(Notification.objects.filter(status=Status.DEAD))
    return _words(many) if many else ""


def _count(rows: QuerySet[Any, Any]) -> int:
    """How many, at most `MANY` + 1: what lies beyond is said as "1000+"."""
    return rows.order_by()[: MANY + 1].count()


def _words(many: int) -> str:
    return f"{MANY}+" if many > MANY else str(many)
