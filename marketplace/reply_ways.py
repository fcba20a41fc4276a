"""How an answer of staff would reach this person now: as free text, inside an approved template, or as an SMS."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _

from marketplace import reply_templates
from marketplace.models import Conversation
from marketplace.reply_templates import Offered, Written
from notifications import contacts
from notifications.models import Channel, ChannelName
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
    """A way and what it allows: `before` and `after` are the words of the general template around the answer.

    `templates`: all that staff may choose from outside the 24-hour window, the general one first.
    """

    way: Way
    limit: int
    before: str = ""
    after: str = ""
    templates: tuple[Offered, ...] = ()


def find(conversation: Conversation, at: datetime) -> WayOut:
    """The way that a message of the purpose "reply" takes when it is queued at `at`: as the queue decides it."""
    contact = conversation.contact
    if contacts.window_is_open(contact, at):
        return WayOut(Way.FREE, BODY_LIMIT)
    if templates := reply_templates.offered(conversation):
        before, _variable, after = templates[0].body.partition("{{1}}") if templates[0].name == NOTICE else ("", "", "")
        return WayOut(Way.TEMPLATE, VARIABLE_LIMIT, before.strip(), after.strip(), templates)
    has_sms = Channel.objects.filter(name=ChannelName.SMS, is_configured=True).exists()
    if contact.phone_number and has_sms:
        return WayOut(Way.SMS, SMS_LIMIT)
    return WayOut(Way.NONE, 0)


def write(way: WayOut, posted: Mapping[str, str]) -> Written:
    """What the form of the talk asks to send this way. Raises `ValueError` with a sentence for the person."""
    if way.way == Way.NONE:
        raise ValueError(_("Nothing would reach this person now: call, or wait until they write."))
    if way.way == Way.TEMPLATE and "template" in posted:
        return reply_templates.write(way.templates, posted)
    text = posted.get("text", "").strip().replace("\x00", "\ufffd")
    if not text or len(text) > way.limit:
        raise ValueError(_("Write between 1 and %d characters.") % way.limit)
    return Written(text)
