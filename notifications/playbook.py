"""The channels' settings, one by one: what stands in ours, what Twilio says of it, and how to mend what is wrong.

`of_settings()` asks nobody; `of_twilio()` calls Twilio, so never inside a transaction. Sources: Twilio's API reference
(Accounts, IncomingPhoneNumbers, Channels Senders v2) and its page on trial accounts (50 messages a day).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from . import configuration, probing, twilio_client
from .models import Account, Channel, ChannelName, MessageTemplate
from .models.template import Approval

INBOUND: Final = "/webhooks/twilio/inbound/"
HERE: Final = ("localhost", "127.0.0.1", "::1")
RIGHT: Final = True
WRONG: Final = False
TRIAL: Final = "Trial"


@dataclass(frozen=True)
class Finding:
    """One setting. `is_right`: True, False, or None where nobody can tell or nothing is set up."""

    setting: str
    is_right: bool | None
    says: str
    remedy: str = ""


def of_settings() -> list[Finding]:
    """What our own settings tell."""
    return [*_account(), *_senders(), *_public_address(), *_mail(), *_limit(), *_templates()]


def of_twilio() -> list[Finding]:
    """What Twilio answers about them. A sender that it refuses to tell of is a finding too, never an exception."""
    if not settings.TWILIO_ACCOUNT_SID:
        return [Finding("TWILIO_ACCOUNT_SID", None, _("Twilio is not set up, so it cannot be asked."))]
    findings = [*_asked("TWILIO_AUTH_TOKEN", _login)]
    if any(each.is_right is False for each in findings):
        return findings  # whoever is refused at the door learns nothing else
    findings += _asked("TWILIO_WHATSAPP_FROM", _whatsapp_at_twilio)
    return [*findings, *_asked("TWILIO_SMS_FROM", _sms_at_twilio)]


def _account() -> Iterator[Finding]:
    sid, token = settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN
    remedy = _("Copy it from the first page of the Twilio console, Account Info.")
    if not sid:
        yield Finding("TWILIO_ACCOUNT_SID", None, _("empty: WhatsApp and SMS are off"), remedy)
        return
    is_right = sid.startswith("AC") and len(sid) == 34  # noqa: PLR2004  AC and 32 hexadecimal digits
    yield Finding(
        "TWILIO_ACCOUNT_SID", is_right, f"{sid[:4]}…{sid[-4:]}" if is_right else _("not AC and 32 digits"), remedy
    )
    says = _("set") if token else _("empty: signatures of webhooks cannot be checked")
    yield Finding("TWILIO_AUTH_TOKEN", bool(token), says, remedy)


def _senders() -> Iterator[Finding]:
    wrong = dict(configuration.findings())
    pairs = (("TWILIO_WHATSAPP_FROM", ChannelName.WHATSAPP), ("TWILIO_SMS_FROM", ChannelName.SMS))
    for setting, channel in pairs:
        value = getattr(settings, setting)
        if not value:
            yield Finding(
                setting, None, _("empty: this channel is off"), _("Set the sender and start the worker again.")
            )
        elif channel in wrong:
            yield Finding(setting, WRONG, wrong[channel], _("Correct the setting and start the worker again."))
        else:
            yield Finding(setting, RIGHT, value)


def _public_address() -> Iterator[Finding]:
    address = urlsplit(settings.PUBLIC_BASE_URL)
    remedy = _(
        "Set it to the https address by which the internet reaches this server; receipts and answers come there."
    )
    if address.hostname in HERE:
        is_right = None if settings.TWILIO_API_BASE_URL else False
        yield Finding(
            "PUBLIC_BASE_URL", is_right, _("%s is this machine: Twilio cannot call it.") % address.geturl(), remedy
        )
    elif address.scheme != "https":
        yield Finding("PUBLIC_BASE_URL", WRONG, _("%s is not https.") % address.geturl(), remedy)
    else:
        yield Finding("PUBLIC_BASE_URL", RIGHT, address.geturl())


def _mail() -> Iterator[Finding]:
    says = _("set") if settings.EMAIL_URL else _("empty: mails are printed, not sent")
    remedy = _("Without mail, alerts reach nobody while Twilio is down: set EMAIL_URL and STAFF_ALERT_EMAILS.")
    yield Finding("EMAIL_URL", bool(settings.EMAIL_URL) or None, says, remedy)
    listed = ", ".join(settings.STAFF_ALERT_EMAILS)
    yield Finding("STAFF_ALERT_EMAILS", bool(listed) or None, listed or _("empty: nobody gets mail of alerts"), remedy)


def _limit() -> Iterator[Finding]:
    for account in Account.objects.order_by("pk"):
        says = _("%d messages in 24 hours") % account.daily_limit if account.daily_limit else _("no limit is known")
        remedy = _("A trial account sends 50 a day: set TWILIO_DAILY_LIMIT, so that urgent messages keep their share.")
        yield Finding("TWILIO_DAILY_LIMIT", True if account.daily_limit else None, f"{account}: {says}", remedy)


def _templates() -> Iterator[Finding]:
    rows = MessageTemplate.objects.filter(channel=ChannelName.WHATSAPP)
    approved = rows.filter(approval=Approval.APPROVED).count()
    rejected = rows.filter(approval__in=[Approval.REJECTED, Approval.DISABLED, Approval.PAUSED]).count()
    says = _("%(approved)d approved, %(rejected)d refused or paused") % {"approved": approved, "rejected": rejected}
    remedy = _("Without an approved template WhatsApp takes nothing 24 hours after a person's last message.")
    yield Finding(_("Templates"), False if rejected else (True if approved else None), says, remedy)


def _asked(setting: str, question: Any) -> list[Finding]:
    try:
        return list(question())
    except twilio_client.NO_ANSWER as error:
        remedy = _("Try again; where it lasts, look at status.twilio.com and at this server's network.")
        return [Finding(setting, None, _("Twilio could not be asked (%s).") % type(error).__name__, remedy)]


def _login() -> Iterator[Finding]:
    sid = twilio_client.account_sid()
    answer = twilio_client.get_json("main", f"/2010-04-01/Accounts/{sid}.json")
    if answer["http_status"] != 200:  # noqa: PLR2004  HTTP's success
        remedy = _("Copy SID and token anew from the Twilio console; a token that was rotated is refused at once.")
        yield Finding("TWILIO_AUTH_TOKEN", WRONG, _("Twilio refuses the login (%s).") % answer["http_status"], remedy)
        return
    status, kind = str(answer.get("status", "?")), str(answer.get("type", "?"))
    remedy = _("Open Billing and Trust Hub in the Twilio console: an account without money or papers is suspended.")
    yield Finding("TWILIO_ACCOUNT_SID", status == "active", _("The account is %s.") % status, remedy)
    if kind == TRIAL:
        remedy = _("A trial account writes only to verified numbers, 50 messages a day: upgrade it before going live.")
        yield Finding("TWILIO_ACCOUNT_SID", WRONG, _("This is a trial account."), remedy)


def _whatsapp_at_twilio() -> Iterator[Finding]:
    channel = Channel.objects.filter(name=ChannelName.WHATSAPP, is_configured=True).first()
    if channel is None:
        return
    is_right, says = probing.probe(channel)
    remedy = _(
        "Compare TWILIO_WHATSAPP_FROM with Messaging, Senders, WhatsApp senders; a sender that is offline says why there."
    )
    yield Finding("TWILIO_WHATSAPP_FROM", is_right, says, remedy)
    senders = twilio_client.ask(
        "main", lambda api: api.messaging.v2.channels_senders.list(channel="whatsapp", limit=200)
    )
    for sender in senders:
        if sender.sender_id == channel.sender:
            hooks = sender.webhook if isinstance(sender.webhook, dict) else vars(sender.webhook or object)
            yield _hook("WhatsApp", str(hooks.get("callback_url") or ""))


def _sms_at_twilio() -> Iterator[Finding]:
    sender = settings.TWILIO_SMS_FROM
    if not sender:
        return
    if not sender.startswith("+"):
        says = _("%s is a name: people cannot answer it, and some countries want it registered.") % sender
        yield Finding(
            "TWILIO_SMS_FROM", None, says, _("Register the name under Messaging, Sender IDs where Twilio asks for it.")
        )
        return
    numbers = twilio_client.ask("sms", lambda api: api.incoming_phone_numbers.list(phone_number=sender, limit=1))
    remedy = _("Buy the number, or name one that stands under Phone Numbers, Active numbers.")
    yield Finding(
        "TWILIO_SMS_FROM",
        bool(numbers),
        _("The account has this number.") if numbers else _("The account has no such number."),
        remedy,
    )
    if numbers:
        yield _hook("SMS", str(numbers[0].sms_url or ""))


def _hook(channel: str, theirs: str) -> Finding:
    ours = f"{settings.PUBLIC_BASE_URL}{INBOUND}"
    remedy = _("Enter %s at the sender as “when a message comes in”, method POST.") % ours
    name = _("Webhook of %s") % channel
    if theirs.split("#", maxsplit=1)[0] == ours:
        return Finding(name, RIGHT, theirs)
    return Finding(name, WRONG, _("Twilio calls %s.") % theirs if theirs else _("Twilio calls nobody."), remedy)
