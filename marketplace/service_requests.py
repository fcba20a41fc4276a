"""A request's own life: opened, cancelled, expired. Looking for a provider is `dispatch`."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction

from marketplace import dispatch, jobs, notices, staff_alerts, sweeps, timeline
from marketplace.models import (
    Conversation,
    Customer,
    Job,
    Offer,
    OfferStatus,
    RequestStatus,
    ServiceRequest,
    Urgency,
    Wave,
)
from marketplace.models.job import LIVE_JOB
from marketplace.wave_policy import SEARCH_FOR
from notifications import escalation, outbox, tracing
from notifications.models import Contact
from providers.models import Service, Zone

OPEN: Final = (RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED)


@transaction.atomic
def open_request(  # noqa: PLR0913  the facts of a request, by name
    *,
    customer: Customer,
    conversation: Conversation | None,
    service: Service,
    zone: Zone,
    urgency: str,
    description: str = "",
    place_note: str = "",
    call_number: str = "",
    latitude: float | None = None,
    longitude: float | None = None,
    scheduled_for: datetime | None = None,
    media: Sequence[dict[str, Any]] = (),
    at: datetime,
) -> ServiceRequest:
    """Open a request and send its first wave of offers, in the caller's transaction."""
    urgency = urgency if urgency in Urgency.values else Urgency.UNSPECIFIED
    request = ServiceRequest.objects.create(
        customer=customer,
        conversation=conversation,
        service=service,
        zone=zone,
        urgency=urgency,
        description=description,
        place_note=place_note[:300],
        call_number=call_number,
        latitude=latitude,
        longitude=longitude,
        scheduled_for=scheduled_for,
        media=list(media),
        trace=tracing.begin(),
        status=RequestStatus.SEARCHING,
        searching_since=at,
        expires_at=at + SEARCH_FOR[Urgency(urgency)],
    )
    timeline.record(request, "opened", "customer", at, urgency=urgency)
    dispatch.start_search(request, at=at)
    return request


def current_for(contact: Contact) -> ServiceRequest | None:
    """The person's newest request that is searching, waiting or matched."""
    open_ones = ServiceRequest.objects.filter(customer__contact=contact, status__in=OPEN)
    return open_ones.select_related("service", "zone", "customer__contact").order_by("-pk").first()


@transaction.atomic
def cancel(request: ServiceRequest, *, reason: str, by: str, at: datetime) -> bool:
    """End a request: its open offers are withdrawn, its job is cancelled, the providers are told; False: it had ended."""
    locked = ServiceRequest.objects.select_for_update(no_key=True).get(pk=request.pk)
    if not ServiceRequest.objects.filter(pk=locked.pk).move(RequestStatus.CANCELLED, cancel_reason=reason[:300]):
        return False
    withdraw_offers(locked, at)
    job = Job.objects.filter(request=locked, status__in=LIVE_JOB).select_related("provider", "request").first()
    if job is not None:
        jobs.end_with_request(job, reason=reason, at=at)
        notices.tell_provider_cancelled(job, at=at)
    if by != "customer":
        notices.tell_cancelled_for_you(locked, at=at)
    timeline.record(locked, "cancelled", by, at, reason=reason[:300])
    escalation.resolve(staff_alerts.unmatched(locked.pk), at=at)
    return True


def withdraw_offers(request: ServiceRequest, at: datetime) -> None:
    """Call back offers that nobody has answered, and the messages that carry them."""
    for offer in Offer.objects.filter(request=request, status=OfferStatus.OPEN).select_related("provider"):
        Offer.objects.filter(pk=offer.pk).move(OfferStatus.WITHDRAWN, answered_at=at)
        if not outbox.cancel(reference=notices.about_offer(offer), purpose="offer", at=at):
            notices.tell_withdrawn(offer, at=at)
    Wave.objects.filter(request=request, closed_at__isnull=True).update(closed_at=at)


def expire_requests(at: datetime) -> int:
    """End searches whose time is over; the customer is told honestly. Returns how many ended."""
    due = ServiceRequest.objects.filter(
        status__in=[RequestStatus.SEARCHING, RequestStatus.WAITING], expires_at__lte=at
    ).order_by("expires_at")
    return sweeps.each("expire_requests", list(due.values_list("pk", flat=True)[:100]), _expire, at=at)


def _expire(pk: int, at: datetime) -> int:
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=pk)
    # A job that failed meanwhile has given the search new time.
    if not ServiceRequest.objects.filter(pk=pk, expires_at__lte=at).move(RequestStatus.EXPIRED):
        return 0
    withdraw_offers(request, at)
    timeline.record(request, "expired", "system", at)
    notices.tell_expired(request, at=at)
    escalation.resolve(staff_alerts.unmatched(pk), at=at)
    return 1
