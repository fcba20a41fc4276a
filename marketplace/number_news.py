"""What deliveries and Twilio's look-up say of providers' numbers."""

import logging
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.dispatch import receiver

from notifications import twilio_client
from notifications.models import Channel, Notification, Status
from notifications.signals import notification_settled
from providers import number_checks

logger = logging.getLogger(__name__)
# Twilio's codes that speak of the number itself, not of the moment: invalid "To" (21211, 21217), no mobile number (21614),
# unknown or gone (30005), landline or unreachable carrier (30006). Source: Twilio's error dictionary.
FOR_GOOD: Final = frozenset({"21211", "21217", "21614", "30005", "30006"})
ARRIVED: Final = (Status.DELIVERED, Status.READ)
AT_ONCE: Final = 20  # look-ups a run; each is a call of its own


@receiver(notification_settled, dispatch_uid="marketplace.number_news")
def hear(notification: Notification, at: datetime, **_facts: Any) -> None:
    """A message that died because of its number makes that doubtful; one that arrived clears it. Told at least once."""
    number = notification.phone_number
    if not number:
        return
    if notification.status == Status.DEAD and notification.last_error_code in FOR_GOOD:
        number_checks.note_undeliverable(number, notification.last_error_code, at=at)
    elif notification.status in ARRIVED:
        number_checks.note_delivered(number)


def look_up_doubtful(at: datetime) -> int:
    """Ask Twilio about doubtful numbers that were not asked about for 30 days; returns how many were.

    Off unless `TWILIO_LOOKUP` is on. One call after the other, each outside a transaction.
    """
    if not settings.TWILIO_LOOKUP or not Channel.objects.filter(is_configured=True).exists():
        return 0
    return sum(look_up(pk, number, at=at) for pk, number in number_checks.to_look_up(at, AT_ONCE))


def look_up(provider_id: int, phone_number: str, *, at: datetime) -> bool:
    """Ask Twilio about one number and note the answer; false when there was none."""
    is_valid = twilio_client.is_valid_number(phone_number)
    if is_valid is None:
        logger.warning("The number of provider %s could not be looked up.", provider_id)
        return False
    return number_checks.note_lookup(provider_id, phone_number, is_valid=is_valid, at=at)
