"""Degraded mode: WhatsApp's circuit is open, so news go by SMS, answers come late, and we say so.

It begins and ends with the channel's own record; nothing is switched by hand and nothing is remembered here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.utils import timezone, translation

from marketplace import action_links, sweeps, timeline
from marketplace.dialogue import outage_replies
from marketplace.models import RequestStatus, ServiceRequest
from notifications import outbox
from notifications.models import Channel, ChannelName

SLOWER: Final = 2  # people find an SMS and its link later than a message in the chat
TELL_AFTER: Final = timedelta(minutes=2)  # a short breakdown troubles nobody
TOLD_EVERY: Final = 6  # hours; a circuit that opens and closes all day is told of four times
LINK_LASTS: Final = timedelta(hours=72)
AWAKE: Final = range(7, 21)  # hours, local time, for those whose request can wait
AT_ONCE: Final = 200


@dataclass(frozen=True)
class Outage:
    """Since when WhatsApp is shut, and for which reason (an error code, or "staff")."""

    since: datetime
    code: str


def outage(at: datetime) -> Outage | None:
    """What keeps WhatsApp shut at `at`; None: nothing does."""
    channel = Channel.objects.filter(name=ChannelName.WHATSAPP, is_configured=True, paused_until__gt=at).first()
    return Outage(channel.paused_at or at, channel.pause_code) if channel else None


def slowness(at: datetime) -> int:
    """By what dispatch multiplies the time that waves and offers last: 1 on ordinary days."""
    return SLOWER if outage(at) else 1


def tell_waiting(at: datetime) -> int:
    """Tell people with a running request, once, that news come by SMS and take longer; returns how many."""
    found = outage(at)
    if found is None or found.since > at - TELL_AFTER:
        return 0
    running = ServiceRequest.objects.filter(
        status__in=[RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED],
        created_at__lt=found.since,  # whoever came later has heard it in the answer
        customer__contact__phone_number__isnull=False,
        customer__contact__opted_out_at__isnull=True,
    ).exclude(events__name="outage_told", events__happened_at__gt=at - timedelta(hours=TOLD_EVERY))
    return sweeps.each(
        "tell_waiting", list(running.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]), _tell, at=at
    )


@transaction.atomic
def _tell(pk: int, at: datetime) -> int:
    request = (
        ServiceRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("service", "customer__contact")
        .get(pk=pk)
    )
    contact = request.customer.contact
    if timezone.localtime(at).hour not in AWAKE and request.urgency != "emergency":
        return 0
    link = action_links.make(
        "request", pk, language=contact.language, expires_at=at + LINK_LASTS, at=at, closes_older=False
    )
    with translation.override(contact.language):
        text = outage_replies.by_sms(request.service, link, is_matched=request.status == RequestStatus.MATCHED)
    outbox.enqueue(
        purpose="outage_news",
        contact=contact,
        body=text,
        language=contact.language,
        reference=f"request:{pk}",
        dedupe_key=f"outage:{pk}:{at:%Y%m%d%H%M}",
        at=at,
    )
    timeline.record(request, "outage_told", "system", at)
    return 1
