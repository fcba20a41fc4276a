"""Nobody's answers cost without end: 20 a minute and 200 a day to one person; then one kind word, and silence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.models import Conversation
from notifications.models import Contact, Notification

from . import staff

REPLIES_A_MINUTE: Final = 20
REPLIES_A_DAY: Final = 200
MINUTE: Final = timedelta(minutes=1)
DAY: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Allowance:
    """How many more replies this person may get now; `is_spent_for_today`: the day, not the minute, is the limit."""

    left: int
    is_spent_for_today: bool


def allowance(contact: Contact, at: datetime) -> Allowance:
    """Count the replies of the minute and of the 24 hours that end at `at`."""
    replies = Notification.objects.filter(contact=contact, purpose="reply")
    minute = REPLIES_A_MINUTE - replies.filter(created_at__gt=at - MINUTE).count()
    day = REPLIES_A_DAY - replies.filter(created_at__gt=at - DAY).count()
    return Allowance(max(min(minute, day), 0), is_spent_for_today=day <= minute)


def tell_staff(conversation: Conversation, found: Allowance, at: datetime) -> None:
    """One alert a person, whichever limit it was."""
    if found.is_spent_for_today:
        cause, count = _("%(count)d answers within 24 hours have been given; the machine keeps quiet."), REPLIES_A_DAY
    else:
        cause, count = _("More than %(count)d answers within a minute would have been needed."), REPLIES_A_MINUTE
    staff.tell(
        fingerprint=f"flood:{conversation.contact_id}",
        title=_("Somebody writes too much"),
        cause=cause,
        facts={"count": count},
        remedy=_("Look at the conversation: a machine, a child, or a person in need?"),
        reference=f"conversation:{conversation.pk}",
        at=at,
    )
