"""The status report: how the system is, what is wrong, why and what to do; for a person (Markdown) or a program."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from djobea import selftests, status
from djobea.verdicts import ORDER, State, Verdict
from notifications import throttling
from notifications.models import Account, Attempt, Channel, EscalationAlert, Notification, Outcome, Severity, Status
from notifications.models.channel import ChannelName
from providers.models import City, Provider

DAY: Final = timedelta(hours=24)
MANY: Final = 1000  # counts stop here, so that a full table costs no more than a small one
PRIORITIES: Final[Mapping[str, int]] = {Severity.CRITICAL: 1, Severity.ERROR: 2, Severity.WARNING: 3}
WATCHED: Final = (Status.QUEUED, Status.SENDING, Status.UNCONFIRMED, Status.DEAD)
SICK: Final[Mapping[State, int]] = {State.CRITICAL: 1, State.DEGRADED: 2}


def report(at: datetime, tests: Sequence[Any]) -> dict[str, Any]:
    """All facts as plain values. `tests` are the self-tests' results, just run or the last ones."""
    verdict = status.examine(at)
    failed = [test for test in tests if not test.passed]
    return {
        "status": max(verdict.status, State.CRITICAL if failed else State.HEALTHY, key=ORDER.index),
        "at": at,
        "issues": sorted(_issues(verdict, failed), key=lambda issue: issue["priority"]),
        "components": verdict.as_json()["components"],
        "providers": _providers(at),
        "traffic": _traffic(at),
        "queue": {str(state): _count(Notification.objects.filter(status=state)) for state in WATCHED},
        "budgets": [_budget(account, at) for account in Account.objects.order_by("pk")],
        "recovering": list(_recovering(at)),
        "self_tests": [
            {
                "name": test.name,
                "passed": test.passed,
                "detail": test.detail,
                "milliseconds": test.milliseconds,
                "ran_at": getattr(test, "ran_at", at),
            }
            for test in tests
        ],
    }


def _issues(verdict: Verdict, failed: Sequence[Any]) -> Iterator[dict[str, Any]]:
    """What is wrong: alerts that nobody has ended, sick components, self-tests that failed."""
    for alert in EscalationAlert.objects.unresolved()[:50]:
        yield _issue(
            alert.fingerprint,
            alert.title,
            _("%(count)d times since %(when)s") % {"count": alert.occurrences, "when": _moment(alert.first_seen_at)},
            alert.cause,
            alert.remedy,
            PRIORITIES[alert.severity],
        )
    for part in verdict.components:
        if part.state != State.HEALTHY:
            yield _issue(part.name, part.label, str(part.state), part.evidence, part.remedy, SICK[part.weight])
    for test in failed:
        remedy = _("Show this report to an engineer.")
        yield _issue(f"selftest:{test.name}", _("Self-test %s") % test.name, _("failed"), test.detail, remedy, 1)


def _issue(code: str, title: str, impact: str, cause: str, remedy: str, priority: int) -> dict[str, Any]:
    return {"code": code, "title": title, "impact": impact, "cause": cause, "remedy": remedy, "priority": priority}


def _providers(at: datetime) -> list[dict[str, Any]]:
    """Who could come, city by city."""
    at_work = Provider.objects.at_work(at)
    counted = dict(
        at_work.values_list("zones__city").annotate(many=Count("pk", distinct=True)).values_list("zones__city", "many")
    )
    return [{"city": city.name, "at_work": counted.get(city.pk, 0)} for city in City.objects.all()]


def _traffic(at: datetime) -> list[dict[str, Any]]:
    """What left in the last 24 hours, channel by channel; `success_pct` is None where nothing was answered."""
    recent = Attempt.objects.filter(channel__in=ChannelName.values, started_at__gt=at - DAY)  # as the index begins
    groups = recent.order_by().values("channel")
    counted = groups.annotate(
        went=Count("pk", filter=Q(outcome=Outcome.ACCEPTED)),
        failed=Count("pk", filter=Q(outcome__in=[Outcome.REFUSED, Outcome.FAILED])),
    ).order_by("channel")
    return [
        row | {"success_pct": round(100 * row["went"] / total, 1) if (total := row["went"] + row["failed"]) else None}
        for row in counted
    ]


def _budget(account: Account, at: datetime) -> dict[str, Any]:
    used, limit = throttling.used_slots(account, at), account.daily_limit
    return {
        "account": str(account),
        "used": used,
        "limit": limit,
        "left": None if limit is None else max(0, limit - used),
        "next_slot": throttling.next_free_slot(account, at=at),
    }


def _recovering(at: datetime) -> Iterator[str]:
    """What heals by itself right now."""
    for channel in Channel.objects.filter(is_configured=True):
        if channel.is_half_open:
            yield _("%(name)s: one message tries the channel") % {"name": channel.name}
        elif channel.is_paused(at):
            yield _("%(name)s: closed (%(code)s), probed until it answers again") % {
                "name": channel.name,
                "code": channel.pause_code,
            }
    retrying = _count(Notification.objects.filter(status=Status.QUEUED, waiting_for="retry"))
    unknown = _count(Notification.objects.filter(status=Status.UNCONFIRMED))
    if retrying:
        yield _("%(count)d messages are tried again") % {"count": retrying}
    if unknown:
        yield _("%(count)d messages of unknown outcome are looked up") % {"count": unknown}


def _count(rows: Any) -> int:
    """How many, at most one more than `MANY`."""
    return int(rows.order_by()[: MANY + 1].count())


# --- for people -----------------------------------------------------------------------------------------------------


def as_markdown(facts: Mapping[str, Any]) -> str:
    """The same for a person to read."""
    title = _("Status report")  # gettext finds no texts inside f-strings
    lines = [
        f"# {title}: {facts['status']}",
        "",
        _moment(facts["at"]),
        "",
        _section(_("Issues found")),
        "",
        *_issue_lines(facts["issues"]),
        _section(_("Components")),
        "",
        *_table(
            (_("component"), _("state"), _("evidence"), _("figure"), _("threshold"), _("since")),
            _component_rows(facts["components"]),
        ),
        _section(_("Providers at work")),
        "",
        *_table((_("city"), _("providers")), [(row["city"], row["at_work"]) for row in facts["providers"]]),
        _section(_("Messages of 24 hours")),
        "",
        *_table((_("channel"), _("went"), _("failed"), _("success")), _traffic_rows(facts["traffic"])),
        _section(_("Queue")),
        "",
        *_table((_("status"), _("messages")), [(Status(s).label, many(n)) for s, n in facts["queue"].items()]),
        _section(_("Channel budgets")),
        "",
        *_table((_("account"), _("used"), _("left")), _budget_rows(facts["budgets"])),
        _section(_("Recovery in progress")),
        "",
        *([f"- {line}" for line in facts["recovering"]] or [_("Nothing.")]),
        "",
        _section(_("Self-tests")),
        "",
        *_table((_("self-test"), _("verdict"), _("what it found")), _test_rows(facts["self_tests"])),
    ]
    return "\n".join(lines)


def _section(title: str) -> str:
    return f"## {title}"


def _issue_lines(issues: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if not issues:
        yield from (_("None."), "")
    for issue in issues:
        yield f"### P{issue['priority']} · {issue['title']} (`{issue['code']}`)"
        yield ""
        for label, key in ((_("Impact"), "impact"), (_("Root cause"), "cause"), (_("Remedy"), "remedy")):
            yield f"- **{label}**: {issue[key] or '-'}"
        yield ""


def _component_rows(parts: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (p["name"], p["state"], p["evidence"], *map(_figure, (p["figure"], p["threshold"])), _since(p)) for p in parts
    ]


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _since(part: Mapping[str, Any]) -> str:
    return _moment(part["since"]) if part["since"] else ""


def _traffic_rows(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (r["channel"], r["went"], r["failed"], "-" if r["success_pct"] is None else f"{r['success_pct']} %")
        for r in rows
    ]


def _budget_rows(rows: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [(r["account"], r["used"], _("unknown") if r["left"] is None else r["left"]) for r in rows]


def _test_rows(tests: Sequence[Mapping[str, Any]]) -> list[tuple[Any, ...]]:
    return [(t["name"], _("passed") if t["passed"] else _("FAILED"), t["detail"]) for t in tests]


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cell(value) for value in row)} |"
    yield ""


def _cell(value: object) -> str:
    return str(value).replace("|", "\\|").replace("\n", " ")


def many(count: int) -> str:
    """A capped count as people read it."""
    return f"{MANY}+" if count > MANY else str(count)


def _moment(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S} ({settings.TIME_ZONE})"


def last_report(at: datetime) -> dict[str, Any]:
    """The report with what the self-tests said at their last run, for pages and programs that must not wait."""
    return report(at, selftests.last_results())
