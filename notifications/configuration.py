"""What is wrong with our own settings of the channels, said in a sentence that names the setting and the remedy."""

import re
from collections.abc import Iterator
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from .models import ChannelName

WHATSAPP_SENDER: Final = re.compile(r"whatsapp:\+[1-9][0-9]{6,14}")


def findings() -> list[tuple[str, str]]:
    """(channel, sentence) for each wrong setting; nothing is asked of anybody."""
    return [*_whatsapp(), *_sms(), *_account()]


def findings_of(channel: str) -> list[str]:
    """The sentences about one channel."""
    return [text for name, text in findings() if name == channel]


def _whatsapp() -> Iterator[tuple[str, str]]:
    sender = settings.TWILIO_WHATSAPP_FROM
    if not sender or WHATSAPP_SENDER.fullmatch(sender):
        return
    if not sender.startswith("whatsapp:"):
        text = _("TWILIO_WHATSAPP_FROM is %s, the “whatsapp:” prefix is missing.")
    else:
        text = _("TWILIO_WHATSAPP_FROM is %s, but a sender is whatsapp:+ and digits.")
    yield ChannelName.WHATSAPP, text % sender


def _sms() -> Iterator[tuple[str, str]]:
    sender = settings.TWILIO_SMS_FROM
    if sender.startswith("whatsapp:"):
        yield ChannelName.SMS, _("TWILIO_SMS_FROM is %s, but an SMS sender has no “whatsapp:”.") % sender


def _account() -> Iterator[tuple[str, str]]:
    if settings.TWILIO_ACCOUNT_SID.startswith("AC"):
        return
    text = _("TWILIO_ACCOUNT_SID is empty or does not start with AC.")
    if settings.TWILIO_WHATSAPP_FROM:
        yield ChannelName.WHATSAPP, text
    if settings.TWILIO_SMS_FROM and not settings.TWILIO_SMS_ACCOUNT_SID:
        yield ChannelName.SMS, text
