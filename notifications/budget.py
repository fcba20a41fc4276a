"""The daily limit of a Twilio account, when it runs out: who waits until when, who takes another way, who is told.

The count itself is `throttling`'s. Source: Twilio's page on error 63038 (a rolling 24 hours, for the whole account; the
text of the answer may read "null" instead of a number).
"""

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from . import escalation, throttling
from .channel_health import lock_channels, pause
from .failure_policy import Failure, failure_for
from .models import Account, Channel, Severity
from .waiting import many_waiting

if TYPE_CHECKING:
    from .consequences import Alerts

SPENT_CODE: Final = "63038"
UNKNOWN_PAUSE: Final = timedelta(hours=1)  # for a spent budget whose size nobody knows
CALM: Final = timedelta(minutes=10)
LIMIT: Final = re.compile(r"exceeded the (\d+) daily")


def note_limit(account: Account, limit: int | None, at: datetime) -> bool:
    """Let this limit hold from now on: what left before it is not judged by it. The caller saves; False: no change."""
    if account.daily_limit == limit:
        return False
    account.daily_limit, account.limit_since = limit, at
    return True


def spend(
    channel: Channel, channels: dict[str, Channel], code: str, message: str, alerts: "Alerts", at: datetime
) -> None:
    """63038: the whole account waits for the next free slot of the rolling day; the limit is learned from the text."""
    account = channel.account
    if account is None:
        return
    learned = LIMIT.search(message)
    if learned:
        note_limit(account, int(learned[1]), at)
    _close(account, channels, code, message, at)
    alerts.add(fingerprint_of(account, code), failure_for(code), severity=Severity.CRITICAL)


def _close(account: Account, channels: dict[str, Channel], code: str, reason: str, at: datetime) -> None:
    until = throttling.next_free_slot(account, at=at) or at + UNKNOWN_PAUSE
    account.paused_until, account.pause_code = until, code
    account.save(update_fields=["daily_limit", "limit_since", "paused_until", "pause_code"])
    for other in channels.values():
        if other.account_id == account.pk and (not other.is_paused(at) or other.pause_code == code):
            pause(other, code, reason, until, at)


def fingerprint_of(account: Account, code: str) -> str:
    """The name of the alert about a spent limit."""
    return f"account:{account.pk}:{code}"


def watch(at: datetime) -> int:
    """Close each account whose limit is used up before Twilio has to refuse, and keep its alerts true.

    Returns how many accounts were closed.
    """
    closed = 0
    for account in Account.objects.order_by("pk"):
        if account.daily_limit is None:
            _end_alert_of_unknown_limit(account, at)
            continue
        used, limit = throttling.used_slots(account, at), account.daily_limit
        if used >= limit and not account.is_paused(at):
            closed += _close_spent(account.pk, at)
        _keep_alerts(account, used, limit, at)
    return closed


@transaction.atomic
def _close_spent(pk: int, at: datetime) -> bool:
    channels = lock_channels()
    account = Account.objects.get(pk=pk)  # locked with the channels
    if account.is_paused(at) or throttling.free_slots(account, urgent=True, at=at) != 0:
        return False
    _close(account, channels, SPENT_CODE, "", at)
    return True


def _keep_alerts(account: Account, used: int, limit: int, at: datetime) -> None:
    """A warning from 80% on, the alert at the end; both rest only when there is real room again, not one slot."""
    if used >= limit:
        failure = _spent(account, at)
        escalation.hold_alert(
            fingerprint=fingerprint_of(account, SPENT_CODE),
            title=f"{failure.title} ({failure.code})",
            cause=failure.cause,
            remedy=failure.remedy,
            severity=Severity.CRITICAL,
            at=at,
        )
    elif used >= throttling.NEARLY_SPENT * limit:
        escalation.hold_alert(
            fingerprint=f"account:{account.pk}:nearly-spent",
            title=_("Daily limit nearly used up: %(used)d of %(limit)d") % {"used": used, "limit": limit},
            cause=_("The account's messages of the last 24 hours come near its limit."),
            remedy=_("Urgent messages still pass. Upgrade the Twilio account or wait until old messages fall out."),
            severity=Severity.WARNING,
            at=at,
        )
    else:
        _end_alerts(account, at)


def _end_alerts(account: Account, at: datetime) -> None:
    for fingerprint in escalation.open_fingerprints(f"account:{account.pk}:"):
        escalation.resolve(fingerprint, at=at)


def _end_alert_of_unknown_limit(account: Account, at: datetime) -> None:
    """Nobody knows the limit: it is over when messages have been let through for a while and none was refused."""
    calm = at - CALM
    if not account.is_paused(at) and not account.channels.filter(closed_at__gt=calm).exists():
        _end_alerts(account, at)


def _spent(account: Account, at: datetime) -> Failure:
    """The policy's row, with how many wait and until when before its cause."""
    failure = failure_for(SPENT_CODE)
    names = list(account.channels.values_list("name", flat=True))
    until = throttling.next_free_slot(account, at=at)
    many = sum(many_waiting(name, at) for name in names)
    first = _("%(many)d messages wait; the next slot is free at %(until)s.") % {
        "many": many,
        "until": timezone.localtime(until).strftime("%d/%m %H:%M") if until else "?",
    }
    return failure.beginning_with(first)
