"""The ways out, one module each: `SENDERS` names the function that sends on a channel."""

from collections.abc import Mapping
from typing import Final

from . import email, selftest, sms, webhook, whatsapp
from .base import Accepted, Answer, Envelope, NotSent, Refused, Sender, Unknown

SENDERS: Final[Mapping[str, Sender]] = {
    "whatsapp": whatsapp.send,
    "sms": sms.send,
    "email": email.send,
    "webhook": webhook.send,
    selftest.NAME: selftest.send,
}

__all__ = ["SENDERS", "Accepted", "Answer", "Envelope", "NotSent", "Refused", "Sender", "Unknown"]
