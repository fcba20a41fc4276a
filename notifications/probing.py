"""Is a channel's sender right again? Asked of Twilio at start, by `check_channels` and while a circuit is open."""

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import configuration, twilio_client
from .channel_health import FAILURE_RATE, SLOW_FOR, STAFF, close_circuit
from .models import Channel, ChannelName
from .routing import SPENT

logger = logging.getLogger(__name__)
LOGIN_REFUSED: Final = (20003, 401)
NOT_ASKED: Final[Mapping[str, Any]] = {
    ChannelName.EMAIL: gettext_lazy("Only a real mail can tell."),
    ChannelName.WEBHOOK: gettext_lazy("Each address tells for itself."),
}
NOT_PROVABLE: Final = (STAFF, FAILURE_RATE, *SPENT)  # no list at Twilio tells when these are over


def probe(channel: Channel) -> tuple[bool | None, str]:
    """Ask Twilio whether this sender is right: True, False, or None (it cannot tell), and one line why.

    WhatsApp: the senders list names `sender` with status ONLINE; a sandbox number is not listed. SMS and accounts: the
    account is active. Calls Twilio, so never inside a transaction.
    """
    wrong = configuration.findings_of(channel.name)
    if wrong:
        return False, wrong[0]
    if channel.name in NOT_ASKED:
        return None, str(NOT_ASKED[channel.name])
    try:
        if channel.name == ChannelName.WHATSAPP:
            return _probe_whatsapp(channel)
        return _probe_account("sms")
    except twilio_client.NO_ANSWER as error:
        if getattr(error, "code", None) in LOGIN_REFUSED:
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
    paused = Channel.objects.filter(is_configured=True, paused_until__gt=at).exclude(pause_code__in=NOT_PROVABLE)
    return sum(note_probe(channel, *probe(channel), at=at) for channel in list(paused))


def probe_all(at: datetime) -> int:
    """Look at every sender and say what is wrong in one line each, as a worker does when it starts; returns 0.

    A channel is not paused for what a probe says: only a message that was refused proves that messages are refused.
    """
    for channel in list(Channel.objects.filter(is_configured=True)):
        is_right, answer = probe(channel)
        note_probe(channel, is_right, answer, at=at)
        if is_right is False:
            logger.error("channel %s is wrong: %s", channel.name, answer)
    return 0


def note_probe(channel: Channel, is_right: bool | None, answer: str, *, at: datetime) -> int:  # noqa: FBT001
    """Store a probe's answer: right closes the circuit, wrong leaves it, unknown lets one message try."""
    with transaction.atomic():
        locked = Channel.objects.select_for_update(no_key=True).get(pk=channel.pk)
        locked.probed_at, locked.probe_answer = at, answer[:200]
        locked.save(update_fields=["probed_at", "probe_answer"])
        if locked.pause_code in ("", *NOT_PROVABLE):
            return 0
        if is_right:
            close_circuit(locked, at)
            return 1
        if is_right is None and locked.is_paused(at) and locked.paused_at and at - locked.paused_at > SLOW_FOR:
            Channel.objects.filter(pk=locked.pk).update(paused_until=at, is_half_open=True)
            return 1
    return 0
