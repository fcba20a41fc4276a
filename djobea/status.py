"""How the system is: one verdict from a list of checks, for the health probe, the page, the command and the API.

A check is a function that takes the time and yields components; a new one is a new row of `CHECKS`. The whole is as
sick as its sickest vital part. All checks together are a handful of indexed queries.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from djobea.business_checks import audit, availability, matching
from djobea.models import ComponentState
from djobea.verdicts import Component, State, Verdict, by_age, limit
from marketplace.models import InboundMessage
from marketplace.models.conversation import InboundStatus
from notifications import channel_health
from notifications.failure_policy import failure_for
from notifications.models import Channel, Notification
from notifications.models.channel import TO_PEOPLE, ChannelName
from notifications.models.machine import Heartbeat
from notifications.models.notification import Priority, Status


def examine(at: datetime) -> Verdict:
    """Run all checks. Raises `django.db.Error` when the database does not answer."""
    known = {row.name: row for row in ComponentState.objects.all()}
    return Verdict(tuple(_dated(part, known.get(part.name)) for check in CHECKS for part in check(at)))


def _dated(part: Component, row: ComponentState | None) -> Component:
    """Since when it is so: what the check itself knows, else what the worker's watch has noted."""
    if part.since is not None or row is None or row.state != part.state:
        return part
    return replace(part, since=row.since)


def lacking_migrations() -> list[str]:
    """The names of the migrations that the code has and the database has not."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _backwards in plan]


def database_is_writable() -> bool:
    """Whether a write would be taken: false on a standby and while the server is read-only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT pg_is_in_recovery() AND current_setting('transaction_read_only') = 'off'")
        return bool(cursor.fetchone()[0])


def _database(_at: datetime) -> Iterator[Component]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), current_setting('max_connections')::int FROM pg_stat_activity WHERE backend_type = 'client backend'"
        )
        used, most = cursor.fetchone()
    threshold = limit("database_connections_percent") * most / 100
    crowded = used > threshold
    yield Component(
        "database",
        State.DEGRADED if crowded else State.HEALTHY,
        _("%(used)d of %(limit)d connections in use") % {"used": used, "limit": most},
        _("Start fewer processes, or raise max_connections.") if crowded else "",
        figure=used,
        threshold=threshold,
    )


def _pool(_at: datetime) -> Iterator[Component]:
    """The connections that this process shares among its threads, where DATABASE_POOL_SIZE is set."""
    pool = connection.pool  # type: ignore[attr-defined]  # of Django's PostgreSQL backend
    if pool is None:
        return
    figures = pool.get_stats()
    waiting = figures.get("requests_waiting", 0)
    is_short = waiting > limit("pool_waiting")
    yield Component(
        "pool",
        State.DEGRADED if is_short else State.HEALTHY,
        _(
            "%(used)d of %(limit)d connections of this process in use, %(waiting)d wait for one, %(failed)d gave up, %(lost)d replaced"
        )
        % {
            "used": figures["pool_size"] - figures["pool_available"],
            "limit": figures["pool_max"],
            "waiting": waiting,
            "failed": figures.get("requests_errors", 0),
            "lost": figures.get("connections_lost", 0) + figures.get("returns_bad", 0),
        },
        _("Raise DATABASE_POOL_SIZE, or give the web server fewer threads.") if is_short else "",
        figure=waiting,
        threshold=limit("pool_waiting"),
    )


def _workers(at: datetime) -> Iterator[Component]:
    seen = Heartbeat.objects.order_by("-seen_at").values_list("seen_at", flat=True).first()
    quiet = limit("quiet_worker_seconds")
    living = Heartbeat.objects.filter(seen_at__gt=at - timedelta(seconds=quiet)).count()
    yield Component(
        "workers",
        State.HEALTHY if living else State.CRITICAL,
        _("%(count)d workers alive") % {"count": living},
        "" if living else _("Start `manage.py worker`: without it nothing is answered or sent."),
        None if living else seen,
        figure=(at - seen).total_seconds() if seen else None,
        threshold=quiet,
    )


def _inbox(at: datetime) -> Iterator[Component]:
    waiting = InboundMessage.objects.filter(status__in=[InboundStatus.RECEIVED, InboundStatus.PROCESSING])
    oldest = waiting.order_by("received_at").values_list("received_at", flat=True).first()
    yield by_age("inbox", oldest, at, _("Look at the workers and their logs; start more of them."))


def oldest_due(at: datetime) -> datetime | None:
    """Since when the message that waits longest for an open channel is due."""
    open_channels = Channel.objects.open(at).values_list("name", flat=True)
    oldest = [
        # One look into the index each: rows that wait for a paused channel are never read.
        Notification.objects.filter(status=Status.QUEUED, channel=channel, priority=priority, due_at__lte=at)
        .order_by("due_at")
        .values_list("due_at", flat=True)
        .first()
        for channel in open_channels
        for priority in Priority.values
    ]
    return min((due for due in oldest if due is not None), default=None)


def _queue(at: datetime) -> Iterator[Component]:
    yield by_age("queue", oldest_due(at), at, _("Look at the workers and their logs; start more of them."))


def _channels(at: datetime) -> Iterator[Component]:
    rows = {row.name: row for row in Channel.objects.all()}
    others = sorted(name for name, row in rows.items() if row.is_configured and name not in TO_PEOPLE)
    for name in (*TO_PEOPLE, *others):
        yield _channel(name, rows.get(name), at)


def _channel(name: str, channel: Channel | None, at: datetime) -> Component:
    """WhatsApp is vital; the other channels stand in for it, and need not be set up at all."""
    vital = name == ChannelName.WHATSAPP
    if channel is None or not channel.is_configured:
        missing = _("Set TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_WHATSAPP_FROM, then start the worker again.")
        state = State.CRITICAL if vital else State.HEALTHY
        return Component(f"channel:{name}", state, _("not set up"), missing if vital else "", vital=vital)
    failed, total = channel_health.failures_of(channel, at)
    most = channel.failure_share * max(total, channel_health.RATE_SAMPLE)
    counted = _("%(failed)d of %(total)d calls failed in 5 minutes") % {"failed": failed, "total": total}
    part = Component(f"channel:{name}", State.HEALTHY, counted, figure=failed, threshold=most, vital=vital)
    # Half-open is not healed: one message may try, and until it passes staff see the same fault as before.
    if channel.is_paused(at) or channel.is_half_open:
        broken = State.CRITICAL if vital else State.DEGRADED
        said = [_("paused (%(code)s)") % {"code": channel.pause_code}, channel.pause_reason, counted]
        evidence = " · ".join(filter(None, said))
        return replace(part, state=broken, evidence=evidence, remedy=_cure(channel), since=channel.paused_at)
    if failed >= most:
        remedy = failure_for(channel_health.FAILURE_RATE).remedy
        return replace(part, state=State.DEGRADED, remedy=remedy)
    return part


def _cure(channel: Channel) -> str:
    """What opens a paused channel again."""
    if channel.pause_code == channel_health.STAFF:
        return _("Somebody of the team has paused it: its page in the console opens it again.")
    return channel_health.explained(failure_for(channel.pause_code), channel).remedy


Check = Callable[[datetime], Iterable[Component]]
CHECKS: Final[tuple[Check, ...]] = (
    _database, _pool, _workers, _inbox, _queue, _channels, matching, availability, audit,
)  # fmt: skip
