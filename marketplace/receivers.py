"""What a settled notification means for offers and jobs. Told at least once, so every receiver is idempotent."""

from datetime import datetime
from typing import Any, Final

from django.dispatch import receiver

from marketplace import conversations, dispatch, erasure, jobs
from marketplace.models import Job, Offer
from notifications.models import Contact, Notification, Status
from notifications.signals import contacts_joined, erasure_asked, notification_settled, person_erased

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


@receiver(erasure_asked, dispatch_uid="marketplace.speak_against_erasure")
def speak_against_erasure(contact: Contact, **_facts: Any) -> list[str]:
    """Nobody is erased while something of theirs runs."""
    return list(erasure.obstacles(contact))


@receiver(person_erased, dispatch_uid="marketplace.erase_person")
def erase_person(contact: Contact, pseudonym: str, by: str, at: datetime, **_facts: Any) -> dict[str, int]:
    """What this person said, and what was said of them, goes."""
    return erasure.erase(contact, pseudonym=pseudonym, by=by, at=at)
