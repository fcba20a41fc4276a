"""Open and close the talk with a person: one open talk each, and an end to it when nobody writes any more."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from marketplace.models import Conversation, Customer, ServiceRequest
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


def become_one(kept: Contact, gone: Contact) -> None:
    """Let one person of two contacts have one open talk (the newer) and one customer, who keeps all requests."""
    both = Conversation.objects.select_for_update(no_key=True).filter(contact__in=[kept, gone], is_open=True)
    for older in both.order_by("-last_message_at", "-pk")[1:]:
        Conversation.objects.filter(pk=older.pk).update(is_open=False, closed_at=older.last_message_at)
    customers = {customer.contact_id: customer for customer in Customer.objects.filter(contact__in=[kept, gone])}
    if len(customers) > 1:
        ServiceRequest.objects.filter(customer=customers[gone.pk]).update(customer=customers[kept.pk])
        customers[gone.pk].delete()
