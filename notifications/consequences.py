"""What a failure does to its message: the policy's actions, one function each.

All of it happens to a locked row inside the caller's transaction, with the channels locked before it; alerts are
collected and raised last.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from . import budget, channel_health, contacts, escalation, routing, subscriptions
from .backoff import retry_delay
from .failure_policy import Action, Failure, failure_for, is_known
from .models import Channel, ChannelName, MessageTemplate, Notification, Severity, Status, WaitingFor
from .models.template import Approval
from .rendering import numbered, wanted_names

SLOW_RETRY: Final = timedelta(seconds=5)
UNKNOWN_TEMPLATE: Final = "21655"


@dataclass
class _Draft:
    title: str
    cause: str
    remedy: str
    severity: str
    ids: list[int] = field(default_factory=list)  # dead letters that point to it
    count: int = 0


class Alerts:
    """Alerts of one transaction, summed per fingerprint and raised at its end, in order (the lock order)."""

    def __init__(self) -> None:
        self.drafts: dict[str, _Draft] = {}

    def add(
        self, fingerprint: str, failure: Failure, *, severity: str = Severity.ERROR, dead: Notification | None = None
    ) -> None:
        """Count one occurrence; a dead letter will point to its alert."""
        title = f"{failure.title} ({failure.code})"
        draft = self.drafts.setdefault(fingerprint, _Draft(title, failure.cause, failure.remedy, severity))
        draft.count += 1
        if dead is not None:
            draft.ids.append(dead.pk)

    def raise_all(self, at: datetime) -> None:
        """Write the alerts, and the dead letters' pointers to them."""
        for fingerprint, draft in sorted(self.drafts.items()):
            alert = escalation.raise_alert(
                fingerprint=fingerprint,
                title=draft.title,
                cause=draft.cause,
                remedy=draft.remedy,
                severity=draft.severity,
                occurrences=draft.count,
                at=at,
            )
            Notification.objects.filter(pk__in=draft.ids).update(alert=alert)
        self.drafts.clear()


@dataclass(frozen=True)
class Case:
    """One failure of one message, with all that its consequence needs."""

    row: Notification
    failure: Failure
    message: str
    channels: dict[str, Channel]
    alerts: Alerts
    at: datetime
    retry_after: float | None = None  # seconds


def apply_failure(
    row: Notification,
    code: str,
    message: str,
    *,
    channels: dict[str, Channel],
    alerts: Alerts,
    retry_after: float | None = None,
    at: datetime,
) -> None:
    """Do what the policy says for `code` to a locked row (sending, unconfirmed or sent); channels are locked too."""
    failure = failure_for(code)
    row.last_error_code, row.last_error = code, message[:2000]
    if not is_known(code):
        alerts.add(f"code:{code}", failure, severity=Severity.WARNING)
    if failure.action in (Action.RETRY, Action.SLOW_DOWN):
        channel_health.note_trial_failed(channels[row.channel], at)
    CONSEQUENCES[failure.action](Case(row, failure, message, channels, alerts, at, retry_after))


def _retry_later(case: Case) -> None:
    _retry(case.row, case.failure, case.channels, case.alerts, case.at)


def _slow_down(case: Case) -> None:
    channel_health.slow_down(case.channels[case.row.channel], case.at)
    wait = timedelta(seconds=case.retry_after) if case.retry_after else SLOW_RETRY
    _requeue(case.row, case.at + wait, WaitingFor.RETRY)


def _wait_for_slot(case: Case) -> None:
    channel = case.channels[case.row.channel]
    budget.spend(channel, case.channels, case.failure.code, case.message, case.alerts, case.at)
    _wait_or_leave(case.row, WaitingFor.BUDGET, case.channels, case.at, leaves=case.row.is_urgent)


def _pause(case: Case) -> None:
    channel = case.channels[case.row.channel]
    channel_health.open_circuit(channel, case.channels, case.failure, case.message, case.alerts, case.at)
    _wait_or_leave(case.row, WaitingFor.CHANNEL, case.channels, case.at, leaves=True)


def _next_channel(case: Case) -> None:
    reroute_or_die(case.row, case.failure.code, case.message, case.channels, case.alerts, case.at)


def _mark_unreachable(case: Case) -> None:
    if case.row.contact:
        contacts.mark_unreachable(case.row.contact, case.row.channel, case.failure.code, at=case.at)
    elif case.row.subscription_id:
        subscriptions.give_up(case.row.subscription_id, case.message)
    _next_channel(case)


def _fix_template(case: Case) -> None:
    if case.failure.code == UNKNOWN_TEMPLATE:  # Twilio has forgotten it: the next duty makes it anew
        MessageTemplate.objects.filter(name__in=wanted_names(case.row)).update(
            content_sid="", approval=Approval.UNSUBMITTED
        )
    else:
        case.alerts.add(f"template:{case.row.purpose}:{case.failure.code}", case.failure)
    if case.row.choices and case.row.channel == ChannelName.WHATSAPP:
        # The buttons are the trouble: the same text with numbered lines needs no template.
        Notification.objects.filter(pk=case.row.pk).update(body=numbered(case.row), choices=[])
        _requeue(case.row, case.at, WaitingFor.NOTHING)
    else:
        _next_channel(case)


def _opt_out(case: Case) -> None:
    if case.row.contact:
        contacts.opt_out(case.row.contact, at=case.at)
    die(case.row, case.failure, case.message, case.alerts, case.at, severity=Severity.WARNING)


def _drop(case: Case) -> None:
    die(case.row, case.failure, case.message, None, case.at)


CONSEQUENCES: Final[Mapping[Action, Callable[[Case], None]]] = {
    Action.RETRY: _retry_later,
    Action.ALERT_ONLY: _retry_later,
    Action.SLOW_DOWN: _slow_down,
    Action.WAIT_FOR_SLOT: _wait_for_slot,
    Action.NEXT_CHANNEL: _next_channel,
    Action.PAUSE: _pause,
    Action.MARK_UNREACHABLE: _mark_unreachable,
    Action.FIX_TEMPLATE: _fix_template,
    Action.OPT_OUT: _opt_out,
    Action.DROP: _drop,
}


def _retry(row: Notification, failure: Failure, channels: dict[str, Channel], alerts: Alerts, at: datetime) -> None:
    if row.retry_count >= row.max_retries:
        reroute_or_die(row, failure.code, row.last_error, channels, alerts, at)
        return
    row.retry_count += 1
    _requeue(row, at + retry_delay(row.retry_count), WaitingFor.RETRY)


def _requeue(row: Notification, due_at: datetime, waiting_for: str) -> None:
    row.due_at, row.waiting_for = due_at, waiting_for
    move(row, Status.QUEUED)


def _wait_or_leave(
    row: Notification, waiting_for: str, channels: dict[str, Channel], at: datetime, *, leaves: bool
) -> None:
    """The channel's fault costs the message nothing: it takes another way that is open now, or waits here."""
    target = routing.next_channel(row, channels, at)
    if leaves and target and not channels[target].is_paused(at):
        routing.take_channel(row, target, at=at)
        move(row, Status.QUEUED)
    else:
        _requeue(row, at, waiting_for)


def reroute_or_die(
    row: Notification, code: str, message: str, channels: dict[str, Channel], alerts: Alerts, at: datetime
) -> None:
    """On to the next channel that is set up; without one, a dead letter with its alert."""
    target = routing.next_channel(row, channels, at)
    row.last_error_code, row.last_error = code, message[:2000]
    if target is None:
        die(row, failure_for(code), message, alerts, at)
        return
    routing.take_channel(row, target, at=at)
    if row.status == Status.QUEUED:  # the claim itself found that this channel is impossible
        row.save(update_fields=[*routing.CHANNEL_FIELDS, "last_error_code", "last_error"])
    else:
        move(row, Status.QUEUED)


def die(
    row: Notification,
    failure: Failure,
    message: str,
    alerts: Alerts | None,
    at: datetime,
    *,
    severity: str = Severity.ERROR,
) -> None:
    row.last_error_code, row.last_error = failure.code, message[:2000]
    row.settled_at, row.news_due, row.waiting_for = at, at, WaitingFor.NOTHING
    move(row, Status.DEAD, settled_at=at, news_due=at)
    subscriptions.tell_of_dead_letter(row, failure.code, at)
    if alerts is not None:
        source = "staff_alert" if row.purpose.startswith("staff_alert") else row.channel
        alerts.add(f"dead-letter:{source}:{failure.code}", failure, severity=severity, dead=row)


def move(row: Notification, to: str, **facts: object) -> int:
    """Write a locked row's changes with the transition; it leaves its lease behind."""
    return Notification.objects.filter(pk=row.pk).move(
        to,
        leased_by="",
        leased_until=None,
        channel=row.channel,
        channels_left=row.channels_left,
        retry_count=row.retry_count,
        due_at=row.due_at,
        waiting_for=row.waiting_for,
        receipt_due_at=row.receipt_due_at if to == Status.SENT else None,
        last_error_code=row.last_error_code,
        last_error=row.last_error,
        possible_duplicate=row.possible_duplicate,
        **facts,
    )


def send_again(row: Notification, channels: dict[str, Channel], at: datetime) -> None:
    """Queue a message of unknown outcome again, flagged: urgent ones on the next channel where there is one."""
    row.possible_duplicate = True
    target = routing.next_channel(row, channels, at)
    if row.is_urgent and target and not channels[target].is_paused(at):
        routing.take_channel(row, target, at=at)
        move(row, Status.QUEUED)
    elif row.retry_count >= row.max_retries:
        alerts = Alerts()
        reroute_or_die(row, "lost", row.last_error, channels, alerts, at)
        alerts.raise_all(at)
    else:
        row.retry_count += 1
        _requeue(row, at, WaitingFor.NOTHING)
