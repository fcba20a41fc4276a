"""At most 20 replies a minute to one person: one kind word, then silence, and staff know."""

from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.models import Conversation
from notifications.models import Contact, Notification

from . import staff

REPLIES_A_MINUTE: Final = 20
MINUTE: Final = timedelta(minutes=1)


def replies_left(contact: Contact, at: datetime) -> int:
    """How many more replies this person may get in the minute that ends at `at`."""
    sent = Notification.objects.filter(contact=contact, purpose="reply", created_at__gt=at - MINUTE).count()
    return max(REPLIES_A_MINUTE - sent, 0)


def tell_staff(conversation: Conversation, at: datetime) -> None:
    staff.tell(
        fingerprint=f"flood:{conversation.contact_id}",
        title=_("Somebody writes too fast"),
        cause=_("More than %(count)d answers within a minute would have been needed."),
        facts={"count": REPLIES_A_MINUTE},
        remedy=_("Look at the conversation: a machine, a child, or a person in need?"),
        reference=f"conversation:{conversation.pk}",
        at=at,
    )
