"""What happens on silence: one reminder of a half-written request, then the draft rests."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone, translation

from marketplace import notices
from marketplace.models import Conversation
from notifications.models import Contact

from . import replies
from .turn import Draft

REMIND_AFTER: Final = timedelta(hours=2)
TOO_LATE: Final = timedelta(hours=23)  # WhatsApp takes free text for 24 hours after the person's last message
AWAKE: Final = range(7, 21)  # hours, local time
AT_ONCE: Final = 50


def remind_drafts(at: datetime) -> int:
    """Remind, once and not at night, of requests that nobody confirmed for two hours; returns how many."""
    if timezone.localtime(at).hour not in AWAKE:
        return 0
    silent = Conversation.objects.filter(
        is_open=True,
        operator__isnull=True,
        last_message_at__lte=at - REMIND_AFTER,
        last_message_at__gt=at - TOO_LATE,
        contact__opted_out_at__isnull=True,
        slots__draft__services__0__isnull=False,
    ).exclude(slots__has_key="reminded_at")
    return sum(_remind(conversation, at) for conversation in silent[:AT_ONCE])


@transaction.atomic
def _remind(found: Conversation, at: datetime) -> bool:
    contact = Contact.objects.select_for_update(no_key=True).get(pk=found.contact_id)
    conversation = Conversation.objects.select_for_update(no_key=True, of=("self",)).get(pk=found.pk)
    draft = Draft.from_slots(conversation.slots.get("draft", {}))
    if conversation.last_message_at > at - REMIND_AFTER or not draft.services or "reminded_at" in conversation.slots:
        return False  # they wrote meanwhile, or another worker was faster
    with translation.override(conversation.language):
        reply = replies.reminder()
    conversation.slots |= {
        "reminded_at": at.isoformat(),
        "asked_at": at.isoformat(),
        "choices": [dict(choice) for choice in reply.choices],
    }
    conversation.save(update_fields=["slots"])
    notices.reply(
        contact,
        text=reply.text,
        choices=[{"id": choice["id"], "title": choice["title"]} for choice in reply.choices],
        language=conversation.language,
        message=None,
        at=at,
    )
    return True
