"""Whom a request has asked: nobody is asked twice, except those whom our own question never reached."""

from collections.abc import Iterable
from typing import Final

from marketplace.models import Offer, OfferStatus, ServiceRequest
from notifications.models import Notification, Status
from providers.models import Provider

STILL_HERE: Final = (Status.QUEUED, Status.EXPIRED)


def not_to_ask(request: ServiceRequest) -> tuple[int, ...]:
    """Providers who have had their offer, and the customer's own self, should that be a provider."""
    offers = Offer.objects.filter(request=request).order_by("pk")
    unsent = unsent_offers(offers.filter(status=OfferStatus.UNREACHABLE).values_list("pk", flat=True))
    return (*offers.exclude(pk__in=unsent).values_list("provider_id", flat=True), *own(request))


def unsent_offers(offers: Iterable[int]) -> set[int]:
    """Which of these offers never left us: their message waits in the queue, or ran out of time there.

    That happens while a sender is broken or the daily limit is spent; it says nothing about the provider.
    """
    keys = {f"offer:{pk}": pk for pk in offers}
    if not keys:
        return set()
    rows = Notification.objects.filter(purpose="offer", reference__in=keys)
    left = set(rows.exclude(status__in=STILL_HERE).values_list("reference", flat=True))
    here = set(rows.filter(status__in=STILL_HERE).values_list("reference", flat=True))
    return {keys[reference] for reference in here - left}


def own(request: ServiceRequest) -> tuple[int, ...]:
    """The customer's own self, should that be a provider; nobody offers it the own job."""
    number = request.customer.contact.phone_number
    return tuple(Provider.objects.filter(phone_number=number).values_list("pk", flat=True)) if number else ()
