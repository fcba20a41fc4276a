"""How an answer of staff would reach this person now: as free text, inside an approved template, or as an SMS."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from marketplace.models import Conversation
from notifications import contacts
from notifications.models import Channel, ChannelName, MessageTemplate
from notifications.models.template import Approval
from notifications.rendering import BODY_LIMIT, NOTICE, VARIABLE_LIMIT

SMS_LIMIT: Final = 459  # characters of three parts; longer ones cost more and break on old phones


class Way(StrEnum):
    """What carries the answer."""

    FREE = "free"
    TEMPLATE = "template"
    SMS = "sms"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class WayOut:
    """A way and what it allows: `before` and `after` are the words of the template around the answer."""

    way: Way
    limit: int
    before: str = ""
    after: str = ""


def find(conversation: Conversation, at: datetime) -> WayOut:
    """The way that a message of the purpose "reply" takes when it is queued at `at`: as the queue decides it."""
    contact = conversation.contact
    if contacts.window_is_open(contact, at):
        return WayOut(Way.FREE, BODY_LIMIT)
    if template := _template(conversation.language):
        before, _placeholder, after = template.body.partition("{{1}}")
        return WayOut(Way.TEMPLATE, VARIABLE_LIMIT, before.strip(), after.strip())
    has_sms = Channel.objects.filter(name=ChannelName.SMS, is_configured=True).exists()
    if contact.phone_number and has_sms:
        return WayOut(Way.SMS, SMS_LIMIT)
    return WayOut(Way.NONE, 0)


def _template(language: str) -> MessageTemplate | None:
    """The approved general template in this language, else in French."""
    approved = MessageTemplate.objects.filter(
        name=NOTICE, channel=ChannelName.WHATSAPP, approval=Approval.APPROVED, language__in=[language, "fr"]
    ).exclude(content_sid="")
    return min(approved, key=lambda row: row.language != language, default=None)
