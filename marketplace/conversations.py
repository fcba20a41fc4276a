"""Open and close the talk with a person: one open talk each, and an end to it when nobody writes any more."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from marketplace.models import Conversation
from notifications.models import Contact

REST_AFTER: Final = timedelta(hours=24)


def open_for(contact: Contact, *, at: datetime) -> tuple[Conversation, bool]:
    """The open conversation of this person, locked, and whether the person has never talked to us before.

    The caller has locked the contact, so that no other transaction opens one meanwhile.
    """
    found = (
        Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(contact=contact, is_open=True).first()
    )
    if found is not None:
        return found, False
    is_new_person = not Conversation.objects.filter(contact=contact).exists()
    made = Conversation.objects.create(contact=contact, language=contact.language, opened_at=at, last_message_at=at)
    return made, is_new_person


@transaction.atomic
def close(conversation: Conversation, *, at: datetime) -> bool:
    """End this talk; false when it had ended, or an operator has it."""
    still_open = Conversation.objects.filter(pk=conversation.pk, is_open=True, operator__isnull=True)
    return still_open.update(is_open=False, closed_at=at, needs_human=False) > 0


def rest_silent(at: datetime) -> int:
    """End the talks in which nobody wrote for 24 hours and for which no person is awaited; returns how many."""
    silent = Conversation.objects.filter(
        is_open=True, operator__isnull=True, needs_human=False, last_message_at__lte=at - REST_AFTER
    )
    return silent.update(is_open=False, closed_at=at)
