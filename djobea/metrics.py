"""`/metrics` for Prometheus. All figures are read from the database when they are asked for.

So they are right with any number of processes, and a process that dies takes none with it. What flows (sends,
latencies, matches) is told as a figure of the last five minutes. No label says who anybody is.
"""

import hmac
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from django.conf import settings
from django.db.models import Count, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from djobea import selftests, status, verdicts
from marketplace.models import InboundMessage, MatchRun
from notifications import clock, throttling
from notifications.models import Account, Attempt, EscalationAlert, Notification, Receipt, Status
from notifications.models.channel import ChannelName

WINDOW: Final = timedelta(minutes=5)
LATENCIES: Final = (50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000)  # ms
NEWEST: Final = 1000  # rows that are read of a table without an index by time
WEBHOOK_SECONDS: Final = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
LIVE: Final = (Status.QUEUED, Status.SENDING, Status.UNCONFIRMED, Status.DEAD)


class DatabaseCollector(Collector):
    """Reads every figure at one moment."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the registry need not read the database to know the names."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All figures, one family after the other."""
        verdict = status.examine(self.at)
        yield from self._queue(verdict)
        yield from self._sends()
        yield from self._health(verdict)
        yield self._matches()
        yield self._webhooks()

    def _queue(self, verdict: verdicts.Verdict) -> Iterator[Metric]:
        depth = GaugeMetricFamily(
            "djobea_queue_messages", "Messages that are not settled, by status", labels=["status"]
        )
        for state in LIVE:
            depth.add_metric([state], Notification.objects.filter(status=state).count())
        yield depth
        age = next((part.figure for part in verdict.components if part.name == "queue"), None) or 0.0
        yield GaugeMetricFamily("djobea_queue_oldest_due_seconds", "Age of the oldest due message", value=age)

    def _sends(self) -> Iterator[Metric]:
        # By name, since the index begins with the channel.
        recent = Attempt.objects.filter(channel__in=ChannelName.values, started_at__gt=self.at - WINDOW).order_by()
        sends = GaugeMetricFamily("djobea_sends", "Calls of the last 5 minutes", labels=["channel", "outcome"])
        for channel, outcome, many in recent.values_list("channel", "outcome").annotate(Count("pk")):
            sends.add_metric([channel, outcome], many)
        yield sends
        timed = recent.filter(latency_ms__isnull=False)
        times = GaugeHistogramMetricFamily(
            "djobea_send_milliseconds", "Time until the answer, of the last 5 minutes", labels=["channel"]
        )
        for channel, total in timed.values_list("channel").annotate(Sum("latency_ms")):
            values = [each or 0 for each in timed.filter(channel=channel).values_list("latency_ms", flat=True)]
            buckets = [(str(float(edge)), sum(value <= edge for value in values)) for edge in LATENCIES]
            times.add_metric([channel], [*buckets, ("+Inf", len(values))], total)
        yield times

    def _health(self, verdict: verdicts.Verdict) -> Iterator[Metric]:
        parts = GaugeMetricFamily("djobea_component_state", "0 healthy, 1 degraded, 2 critical", labels=["component"])
        for part in verdict.components:
            parts.add_metric([part.name], verdicts.ORDER.index(part.state))
        yield parts
        alerts = GaugeMetricFamily("djobea_alerts", "Alerts that are not resolved", labels=["severity", "state"])
        for severity, state, many in (
            EscalationAlert.objects.unresolved().order_by().values_list("severity", "state").annotate(Count("pk"))
        ):
            alerts.add_metric([severity, state], many)
        yield alerts
        left = GaugeMetricFamily("djobea_budget_left", "Messages left in the rolling 24 hours", labels=["account"])
        for account in Account.objects.filter(daily_limit__isnull=False):
            left.add_metric(
                [str(account.pk)], max(0, (account.daily_limit or 0) - throttling.used_slots(account, self.at))
            )
        yield left
        tests = GaugeMetricFamily("djobea_self_test_passed", "What a self-test last said", labels=["name"])
        for test in selftests.last_results():
            tests.add_metric([test.name], int(test.passed))
        yield tests

    def _matches(self) -> Metric:
        newest = MatchRun.objects.order_by("-pk").values_list("level", "ran_at")[:NEWEST]
        levels = Counter(level for level, ran_at in newest if ran_at > self.at - WINDOW)
        matches = GaugeMetricFamily("djobea_matches", "Match runs of the last 5 minutes", labels=["level"])
        for level, many in levels.items():
            matches.add_metric([level], many)
        return matches

    def _webhooks(self) -> Metric:
        """From the moment a webhook was stored until it had its effect: a message answered, a receipt applied."""
        sources: dict[str, Iterable[tuple[datetime, datetime | None]]] = {
            "inbound": InboundMessage.objects.order_by("-pk").values_list("received_at", "processed_at")[:NEWEST],
            "status": Receipt.objects.order_by("-pk").values_list("received_at", "applied_at")[:NEWEST],
        }
        times = GaugeHistogramMetricFamily(
            "djobea_webhook_seconds", "From the webhook to its effect, of the last 5 minutes", labels=["webhook"]
        )
        for name, rows in sources.items():
            taken = [(done - came).total_seconds() for came, done in rows if done and done > self.at - WINDOW]
            buckets = [(str(float(edge)), sum(value <= edge for value in taken)) for edge in WEBHOOK_SECONDS]
            times.add_metric([name], [*buckets, ("+Inf", len(taken))], sum(taken))
        return times


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures as text, for whoever may read them."""
    if not _may_read(request):
        return HttpResponseForbidden("Set METRICS_TOKEN and send it as a bearer token.", content_type="text/plain")
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector(clock.now()))
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _may_read(request: HttpRequest) -> bool:
    """With METRICS_TOKEN only its bearer; without it only who asks from a private address, and not through a proxy."""
    if settings.METRICS_TOKEN:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:
        return False
