"""What a settled notification means for offers and jobs. Told at least once, so every receiver is idempotent."""

from datetime import datetime
from typing import Any, Final

from django.dispatch import receiver

from marketplace import conversations, dispatch, jobs
from marketplace.models import Job, Offer
from notifications.models import Contact, Notification, Status
from notifications.signals import contacts_joined, notification_settled

FAILED: Final = (Status.DEAD, Status.EXPIRED)
ARRIVED: Final = (Status.DELIVERED, Status.READ)


@receiver(notification_settled, dispatch_uid="marketplace.hear_news")
def hear_news(notification: Notification, at: datetime, **_facts: Any) -> None:
    """An offer that did not arrive ends; a contact message that arrived, or died, is noted on its job."""
    subject, _colon, rest = notification.reference.partition(":")
    pk, _colon, side = rest.partition(":")
    if not pk.isdecimal():
        return
    if subject == "offer" and notification.purpose == "offer" and notification.status == Status.DEAD:
        offer = Offer.objects.filter(pk=int(pk)).first()
        if offer is not None:
            dispatch.note_unreachable(offer, code=notification.last_error_code, at=at)
    elif subject == "job" and side in ("customer", "provider") and Job.objects.filter(pk=int(pk)).exists():
        if notification.status in ARRIVED:
            jobs.note_told(int(pk), customer=side == "customer", at=at)
        elif notification.status in FAILED:
            jobs.note_untold(int(pk), customer=side == "customer", code=notification.last_error_code, at=at)


@receiver(contacts_joined, dispatch_uid="marketplace.become_one_person")
def become_one_person(kept: Contact, gone: Contact, **_facts: Any) -> None:
    """One person has one open talk and is one customer."""
    conversations.become_one(kept, gone)
