"""The circuit breaker of each channel: what opens it, what closes it, and what is wrong with the configuration."""

import logging
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from . import escalation, throttling, twilio_client
from .failure_policy import Failure, Scope, failure_for
from .models import Account, Channel, ChannelName, EscalationAlert, Severity
from .models.alert import AlertState
from .routing import SPENT

if TYPE_CHECKING:
    from .consequences import Alerts

logger = logging.getLogger(__name__)
OPEN_FOR: Final = timedelta(days=1)  # a probe closes it earlier
SLOW_FOR: Final = timedelta(minutes=1)
UNKNOWN_PAUSE: Final = timedelta(hours=1)  # for a spent budget whose size nobody knows
STAFF: Final = "staff"


def lock_channels() -> dict[str, Channel]:
    """All channels by name, locked after their accounts: the first locks of every settlement that may need them."""
    list(Account.objects.select_for_update(no_key=True).order_by("pk"))
    return {c.name: c for c in Channel.objects.select_for_update(no_key=True).select_related(None).order_by("pk")}


def _fingerprint(channel: Channel, code: str) -> str:
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
        _pause(each, failure.code, message, at + OPEN_FOR, at)
    alerts.add(_fingerprint(channel, failure.code), explained(failure, channel), severity=Severity.CRITICAL)


def _pause(channel: Channel, code: str, reason: str, until: datetime, at: datetime) -> None:
    channel.paused_until, channel.pause_code, channel.pause_reason = until, code[:16], reason[:500]
    channel.paused_at, channel.is_half_open = at, False
    channel.save(update_fields=["paused_until", "pause_code", "pause_reason", "paused_at", "is_half_open"])
    logger.warning("channel %s is paused: %s", channel.name, code)


def explained(failure: Failure, channel: Channel) -> Failure:
    """The same failure; where our own configuration can tell the cause, the text says that first."""
    findings = [text for name, text in configuration_findings() if name == channel.name]
    if not findings:
        return failure
    first = " ".join(findings)
    return Failure(
        failure.code,
        failure.title,
        f"{first} {failure.cause}",
        failure.scope,
        failure.action,
        f"{first} {failure.remedy_en}",
        f"{first} {failure.remedy_fr}",
    )


def spend_budget(
    channel: Channel, channels: dict[str, Channel], code: str, message: str, alerts: "Alerts", at: datetime
) -> None:
    """63038: the whole account waits for the next free slot of the rolling day; the limit is learned from the text."""
    account = channel.account
    if account is None:
        return
    learned = re.search(r"exceeded the (\d+) daily", message)
    if learned and account.daily_limit != int(learned[1]):
        account.daily_limit = int(learned[1])
    until = throttling.next_free_slot(account, at=at) or at + UNKNOWN_PAUSE
    account.paused_until, account.pause_code = until, code
    account.save(update_fields=["daily_limit", "paused_until", "pause_code"])
    for other in channels.values():
        if other.account_id == account.pk:
            _pause(other, code, message, until, at)
    alerts.add(f"account:{account.pk}:{code}", failure_for(code), severity=Severity.CRITICAL)


def slow_down(channel: Channel, at: datetime) -> None:
    """A tenth of the speed for a minute."""
    channel.slowed_until = at + SLOW_FOR
    channel.save(update_fields=["slowed_until"])


def note_success(names: set[str], at: datetime) -> None:
    """A message passed: a half-open circuit closes, and its alert ends."""
    for channel in Channel.objects.filter(name__in=names, is_half_open=True):
        close_circuit(channel, at)


@transaction.atomic
def close_circuit(channel: Channel, at: datetime, *, by: str = "system") -> None:
    """Let traffic flow again and end the alerts about this channel; messages that waited here leave at once."""
    code = channel.pause_code
    Channel.objects.filter(pk=channel.pk).update(
        paused_until=None, pause_code="", pause_reason="", paused_at=None, is_half_open=False
    )
    fingerprints = [_fingerprint(channel, code)]
    if channel.account_id:
        fingerprints.append(f"account:{channel.account_id}:{code}")
        fingerprints += [_fingerprint(other, code) for other in Channel.objects.filter(account=channel.account_id)]
    for fingerprint in sorted(set(fingerprints)):
        escalation.resolve(fingerprint, by=by, at=at)
    logger.info("channel %s is open again", channel.name)


def reopen_channels(at: datetime) -> int:
    """Pauses that ended by time (a spent budget, a long-open circuit): 63038 just ends, others try one message first."""
    count = 0
    with transaction.atomic():
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
    _warn_before_the_end(at)
    return count


def _warn_before_the_end(at: datetime) -> None:
    for account in Account.objects.filter(daily_limit__isnull=False):
        limit = account.daily_limit or 0
        used = throttling.used_slots(account, at)
        fingerprint = f"account:{account.pk}:nearly-spent"
        if limit and used >= throttling.NEARLY_SPENT * limit:
            if not EscalationAlert.objects.filter(fingerprint=fingerprint).exclude(state=AlertState.RESOLVED).exists():
                escalation.raise_alert(
                    fingerprint=fingerprint,
                    title=_("Daily limit nearly used up: %(used)d of %(limit)d") % {"used": used, "limit": limit},
                    cause=_("The account's messages of the last 24 hours come near its limit."),
                    remedy=_(
                        "Urgent messages still pass. Upgrade the Twilio account or wait until old messages fall out."
                    ),
                    severity=Severity.WARNING,
                    at=at,
                )
        else:
            escalation.resolve(fingerprint, at=at)


def configuration_findings() -> list[tuple[str, str]]:
    """What our own settings already tell: (channel, one sentence that names the setting and the remedy)."""
    findings: list[tuple[str, str]] = []
    sender = settings.TWILIO_WHATSAPP_FROM
    if sender and not sender.startswith("whatsapp:"):
        findings.append(
            (ChannelName.WHATSAPP, _("TWILIO_WHATSAPP_FROM is %s, the “whatsapp:” prefix is missing.") % sender)
        )
    elif sender and not re.fullmatch(r"whatsapp:\+[1-9][0-9]{6,14}", sender):
        findings.append(
            (ChannelName.WHATSAPP, _("TWILIO_WHATSAPP_FROM is %s, but a sender is whatsapp:+ and digits.") % sender)
        )
    sms = settings.TWILIO_SMS_FROM
    if sms.startswith("whatsapp:"):
        findings.append((ChannelName.SMS, _("TWILIO_SMS_FROM is %s, but an SMS sender has no “whatsapp:”.") % sms))
    for name, setting in ((ChannelName.WHATSAPP, sender), (ChannelName.SMS, sms)):
        if setting and not settings.TWILIO_ACCOUNT_SID.startswith("AC"):
            findings.append((name, _("TWILIO_ACCOUNT_SID is empty or does not start with AC.")))
    return findings


def probe(channel: Channel) -> tuple[bool | None, str]:
    """Ask Twilio whether this sender is right: True, False, or None (it cannot tell), and one line why.

    WhatsApp: the senders list names `sender` with status ONLINE; a sandbox number is not listed. SMS and accounts: the
    account is active. Calls Twilio, so never inside a transaction.
    """
    findings = [text for name, text in configuration_findings() if name == channel.name]
    if findings:
        return False, findings[0]
    if channel.name == ChannelName.EMAIL:
        return None, _("Only a real mail can tell.")
    try:
        if channel.name == ChannelName.WHATSAPP:
            return _probe_whatsapp(channel)
        return _probe_account("sms")
    except twilio_client.NO_ANSWER as error:
        code = getattr(error, "code", None)
        if code in (20003, 401):
            return False, _("Twilio refuses the login (20003): check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
        return None, _("Twilio could not be asked (%s).") % type(error).__name__


def _probe_whatsapp(channel: Channel) -> tuple[bool | None, str]:
    senders = twilio_client.ask(
        "main", lambda api: api.messaging.v2.channels_senders.list(channel="whatsapp", limit=200)
    )
    for sender in senders:
        if sender.sender_id == channel.sender:
            status = str(sender.status).split(".")[-1].replace("ONLINE_UPDATING", "ONLINE:UPDATING")
            if status.upper().startswith("ONLINE"):
                return True, _("Twilio lists %s as online.") % channel.sender
            return False, _("Twilio lists %(sender)s as %(status)s.") % {"sender": channel.sender, "status": status}
    if senders:
        return False, _("Twilio's senders of this account do not include %s.") % channel.sender
    return None, _("Twilio lists no WhatsApp sender for this account (the sandbox is never listed).")


def _probe_account(account: str) -> tuple[bool | None, str]:
    sid = twilio_client.account_sid(account)
    answer = twilio_client.get_json(account, f"/2010-04-01/Accounts/{sid}.json")
    status = answer.get("status")
    if status == "active":
        return True, _("The account is active.")
    if answer["http_status"] == 401:  # noqa: PLR2004
        return False, _("Twilio refuses the login (20003): check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN.")
    return (None if status not in ("suspended", "closed") else False), _("The account is %s.") % status


def probe_paused(at: datetime) -> int:
    """Probe the channels whose circuit is open; returns how many closed or went half-open."""
    changed = 0
    for channel in Channel.objects.filter(is_configured=True, paused_until__gt=at).exclude(pause_code=STAFF):
        if channel.pause_code in SPENT:
            continue
        changed += note_probe(channel, *probe(channel), at=at)
    return changed


def note_probe(channel: Channel, is_right: bool | None, answer: str, *, at: datetime) -> int:  # noqa: FBT001
    """Store a probe's answer: right closes the circuit, wrong leaves it, unknown lets one message try."""
    with transaction.atomic():
        locked = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        locked.probed_at, locked.probe_answer = at, answer[:200]
        locked.save(update_fields=["probed_at", "probe_answer"])
        if locked.pause_code in ("", STAFF, *SPENT):
            return 0
        if is_right:
            close_circuit(locked, at)
            return 1
        if is_right is None and locked.is_paused(at) and locked.paused_at and at - locked.paused_at > SLOW_FOR:
            Channel.objects.filter(pk=locked.pk).update(paused_until=at, is_half_open=True)
            return 1
    return 0
