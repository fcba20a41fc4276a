"""The circuit breaker of each channel: what opens it, what lets one message try, and what closes it.

It opens at the first answer that says "this sender is broken" (63007, bad credentials), or when most calls of a few
minutes failed through no fault of the recipients. While it is open nothing leaves here; messages flow to their next
channel or wait. A probe (`probing`) or a trial message closes it (Nygard, "Release It!", 2007: Circuit Breaker).
"""

import logging
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q

from . import configuration, escalation
from .backoff import doubled
from .failure_policy import Action, Failure, Scope, failure_for, table
from .models import Account, Attempt, Channel, Outcome, Severity
from .routing import SPENT

if TYPE_CHECKING:
    from .consequences import Alerts

logger = logging.getLogger(__name__)
OPEN_FOR: Final = timedelta(days=1)  # a probe closes it earlier
SLOW_FOR: Final = timedelta(minutes=1)
FIRST_TRIAL: Final = timedelta(minutes=1)  # then 2, 4 ... minutes after each trial that failed
STAFF: Final = "staff"
FAILURE_RATE: Final = "failure_rate"
RATE_WINDOW: Final = timedelta(minutes=5)
RATE_SAMPLE: Final = 20  # fewer calls in the window prove nothing
RATE_NEWEST: Final = 1000  # more calls in the window prove no more


def lock_channels() -> dict[str, Channel]:
    """All channels by name with their accounts, locked after them: the first locks of every claim and settlement."""
    accounts = {a.pk: a for a in Account.objects.select_for_update(no_key=True).order_by("pk")}
    channels = {c.name: c for c in Channel.objects.select_for_update(no_key=True).select_related(None).order_by("pk")}
    for channel in channels.values():
        if channel.account_id in accounts:
            channel.account = accounts[channel.account_id]
    return channels


def fingerprint_of(channel: Channel, code: str) -> str:
    """The name of the alert about a broken channel."""
    return f"channel:{channel.name}:{code}"


def open_circuit(
    channel: Channel, channels: dict[str, Channel], failure: Failure, message: str, alerts: "Alerts", at: datetime
) -> None:
    """The sender (or its whole account) is broken: burn nothing more on it, raise one alert with the remedy."""
    broken = [channel]
    if failure.scope == Scope.ACCOUNT and channel.account_id:
        broken = [other for other in channels.values() if other.account_id == channel.account_id]
    for each in broken:
        if each.is_paused(at) and each.pause_code == failure.code:
            continue
        if each.is_half_open:
            each.failed_trials += 1
        pause(each, failure.code, message, at + OPEN_FOR, at)
    alerts.add(fingerprint_of(channel, failure.code), explained(failure, channel), severity=Severity.CRITICAL)


def pause(channel: Channel, code: str, reason: str, until: datetime, at: datetime) -> None:
    """Let nothing leave on a locked channel until `until`."""
    channel.paused_until, channel.pause_code, channel.pause_reason = until, code[:16], reason[:500]
    channel.paused_at, channel.is_half_open = at, False
    channel.save(
        update_fields=["paused_until", "pause_code", "pause_reason", "paused_at", "is_half_open", "failed_trials"]
    )
    logger.warning("channel %s is paused: %s", channel.name, code)


def explained(failure: Failure, channel: Channel) -> Failure:
    """The same failure; where our own configuration can tell the cause, the text says that first."""
    first = " ".join(configuration.findings_of(channel.name))
    return failure.beginning_with(first, remedy_too=True) if first else failure


def slow_down(channel: Channel, at: datetime) -> None:
    """A tenth of the speed for a minute."""
    channel.slowed_until = at + SLOW_FOR
    channel.save(update_fields=["slowed_until"])


# --- a share of failures over a window ---------------------------------------------------------------------------


def watch_failure_rates(at: datetime) -> int:
    """Open the circuit of each channel on which most calls of the last minutes failed; returns how many opened."""
    opened = 0
    for channel in Channel.objects.open(at).filter(is_half_open=False):
        if not is_failing(channel, *failures_of(channel, at)):
            continue  # looked at without a lock; under it once more
        with transaction.atomic():
            channels = lock_channels()
            opened += _open_if_failing(channels[channel.name], channels, at)
    return opened


def _open_if_failing(channel: Channel, channels: dict[str, Channel], at: datetime) -> bool:
    from .consequences import Alerts  # noqa: PLC0415  consequences stand above the circuit

    failed, total = failures_of(channel, at)
    if channel.is_paused(at) or not is_failing(channel, failed, total):
        return False
    alerts = Alerts()
    open_circuit(channel, channels, failure_for(FAILURE_RATE), f"{failed}/{total}", alerts, at)
    channel.paused_until = at + trial_wait(channel)
    channel.save(update_fields=["paused_until"])
    alerts.raise_all(at)
    return True


def is_failing(channel: Channel, failed: int, total: int) -> bool:
    """Whether the channel's share of failures is reached, by enough calls to prove something."""
    return total >= RATE_SAMPLE and failed >= channel.failure_share * total


def failures_of(channel: Channel, at: datetime) -> tuple[int, int]:
    """(failed, all) of the newest calls of five minutes, since the circuit last closed; recipients' failures are no fault.

    At most 1000 are read, so that it costs the same however fast messages leave.
    """
    since = max(at - RATE_WINDOW, channel.closed_at or at - RATE_WINDOW)
    calls = Attempt.objects.filter(channel=channel.name, started_at__gt=since).exclude(
        outcome__in=[Outcome.IN_FLIGHT, Outcome.NOT_SENT]
    )
    at_fault = Q(outcome=Outcome.UNKNOWN) | Q(outcome__in=[Outcome.REFUSED, Outcome.FAILED]) & ~Q(
        error_code__in=_not_the_channels()
    )
    counted = calls.order_by("-started_at")[:RATE_NEWEST].aggregate(
        failed=Count("pk", filter=at_fault), total=Count("pk")
    )
    return counted["failed"], counted["total"]


def _not_the_channels() -> list[str]:
    """Codes that say nothing about the channel: the recipient, the text, a limit that has its own remedy."""
    blamed = {Action.RETRY, Action.PAUSE}
    return [f.code for f in table().values() if f.action not in blamed or f.scope in (Scope.RECIPIENT, Scope.TEMPLATE)]


# --- trying again ------------------------------------------------------------------------------------------------


def trial_wait(channel: Channel) -> timedelta:
    """How long the circuit stays open before the next trial: 1 minute, then 2, 4 ... at most an hour."""
    return doubled(FIRST_TRIAL, channel.failed_trials)


def trial_is_out(channel: Channel, at: datetime) -> bool:
    """Whether the one message that may try a half-open channel has no answer yet."""
    lease = timedelta(seconds=settings.NOTIFICATION_LEASE_SECONDS)
    calls = Attempt.objects.filter(channel=channel.name, started_at__gt=at - lease)
    return calls.filter(outcome=Outcome.IN_FLIGHT).exists()


def note_trial_failed(channel: Channel, at: datetime) -> None:
    """The message that tried a half-open, locked channel did not pass: open again, for longer."""
    if not channel.is_half_open:
        return
    channel.failed_trials += 1
    pause(channel, channel.pause_code or FAILURE_RATE, channel.pause_reason, at + trial_wait(channel), at)


def note_success(names: set[str], at: datetime) -> None:
    """A message passed: a half-open circuit closes, and its alert ends."""
    for channel in Channel.objects.filter(name__in=names, is_half_open=True):
        close_circuit(channel, at)


@transaction.atomic
def close_circuit(channel: Channel, at: datetime, *, by: str = "system") -> None:
    """Let traffic flow again and end the alerts about this channel; messages that waited here leave at once.

    The alert of a spent daily limit is ended by `budget.watch`, when there is room again and not only one slot.
    """
    code = channel.pause_code
    Channel.objects.filter(pk=channel.pk).update(
        paused_until=None,
        pause_code="",
        pause_reason="",
        paused_at=None,
        is_half_open=False,
        failed_trials=0,
        closed_at=at,
    )
    if code in SPENT:
        return
    same = [channel, *Channel.objects.filter(account=channel.account_id)] if channel.account_id else [channel]
    for fingerprint in sorted({fingerprint_of(each, code) for each in same}):
        escalation.resolve(fingerprint, by=by, at=at)
    logger.info("channel %s is open again", channel.name)


@transaction.atomic
def reopen_channels(at: datetime) -> int:
    """End the pauses whose time is over: a spent budget just ends, any other lets one message try first."""
    count = 0
    for channel in lock_channels().values():
        if channel.paused_until is None or channel.paused_until > at:
            continue
        if channel.pause_code in SPENT:
            count += 1
            Account.objects.filter(channels=channel).update(paused_until=None, pause_code="")
            close_circuit(channel, at)
        elif not channel.is_half_open:
            count += 1
            Channel.objects.filter(pk=channel.pk).update(is_half_open=True)
    return count
