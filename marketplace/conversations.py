"""Open and close the talk with a person: one open talk each, and an end to it when nobody writes any more."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from marketplace.models import Application, Conversation, Customer, PrivacyRequest, ServiceRequest
from marketplace.models.application import UNDECIDED
from marketplace.models.privacy_request import STILL_OPEN
from notifications.models import Contact

REST_AFTER: Final = timedelta(hours=24)
CARRIED_FOR: Final = timedelta(days=14)


def open_for(contact: Contact, *, at: datetime) -> tuple[Conversation, bool]:
    """The open conversation of this person, locked, and whether the person has never talked to us before.

    The caller has locked the contact, so that no other transaction opens one meanwhile.
    """
    found = (
        Conversation.objects.select_for_update(no_key=True, of=("self",)).filter(contact=contact, is_open=True).first()
    )
    if found is not None:
        return found, False
    last = Conversation.objects.filter(contact=contact).order_by("-pk").first()
    made = Conversation.objects.create(
        contact=contact,
        language=contact.language,
        opened_at=at,
        last_message_at=at,
        slots=_carried_over(last, at) if last else {},
    )
    return made, last is None


def _carried_over(last: Conversation, at: datetime) -> dict[str, Any]:
    """What of the last talk may be gone on with: a request that was never sent, and jobs that were to come after."""
    if last.last_message_at < at - CARRIED_FOR:
        return {}
    draft = last.slots.get("draft") or {}
    kept = {name: last.slots[name] for name in ("later", "later_place") if name in last.slots}
    return kept | ({"resting": draft} if draft.get("services") and not draft.get("replaces") else {})


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
    PrivacyRequest.objects.filter(contact=gone, status__in=STILL_OPEN, wish__in=_open_wishes(kept)).delete()
    if Application.objects.filter(contact=kept, status__in=UNDECIDED).exists():
        Application.objects.filter(contact=gone, status__in=UNDECIDED).delete()
    customers = {customer.contact_id: customer for customer in Customer.objects.filter(contact__in=[kept, gone])}
    if len(customers) > 1:
        ServiceRequest.objects.filter(customer=customers[gone.pk]).update(customer=customers[kept.pk])
        customers[gone.pk].delete()


def _open_wishes(contact: Contact) -> list[str]:
    wishes = PrivacyRequest.objects.filter(contact=contact, status__in=STILL_OPEN).values_list("wish", flat=True)
    return list(wishes)
