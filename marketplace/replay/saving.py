"""A conversation as a fixture: what was said, understood, sent and done, without who it was."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from marketplace.models import Conversation, Event, InboundMessage, Offer, ServiceRequest
from notifications.models import Notification
from providers.models import Provider

from .disguise import CLIENT, Disguise, moved
from .fixture import FORMAT, WRITER, Line

# What a provider does to a request, wherever he does it: in his own chat, by a link, or on the phone with staff.
DEEDS: Final = frozenset({"accepted", "declined", "confirmed", "on_the_way", "started", "done"})
UNDERSTOOD: Final = ("intent", "services", "zones", "urgency", "language", "choice", "step")
STANDING: Final = (
    *("jobs_done", "offers_made", "offers_accepted", "unanswered_in_a_row", "rating_sum", "rating_count"),
)


def save(conversation: Conversation) -> list[Line]:
    """The lines of the fixture. Reads only; names, numbers, links and dates do not survive (see `disguise`)."""
    return list(_Talk(conversation).lines())


class _Talk:
    """All rows that belong to one conversation."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.contact = conversation.contact
        self.messages = list(conversation.inbound_messages.order_by("received_at", "pk"))
        self.writer = Provider.objects.filter(phone_number=self.contact.phone_number or "").first()
        self.requests = self._requests()
        self.offers = list(Offer.objects.filter(request__in=self.requests).order_by("pk"))
        self.providers = _providers(self.requests, self.offers, self.writer)
        self.alias = {provider.pk: f"P{number}" for number, provider in enumerate(self.providers, start=1)}
        self.began = self.messages[0].received_at if self.messages else conversation.opened_at
        self.disguise = Disguise(
            dict.fromkeys(self._customers(), CLIENT)
            | {provider.name: self.alias[provider.pk] for provider in self.providers}
        )

    def lines(self) -> Iterator[Line]:
        yield self._talk()
        yield from map(self._provider, self.providers)
        events = [*map(self._message, self.messages), *self._deeds(), *map(self._sent, self._notifications())]
        if self.writer:
            events += map(self._wish, self.requests)
        yield from sorted(events, key=lambda line: line["at"])
        yield {"kind": "outcome", "requests": [self._request(request) for request in self.requests]}

    def _talk(self) -> Line:
        earlier = Conversation.objects.filter(contact=self.contact, opened_at__lt=self.conversation.opened_at)
        customer = getattr(self.contact, "customer", None)
        is_known = earlier.exists()
        return {
            "kind": "talk",
            "format": FORMAT,
            "started_at": moved(self.began).isoformat(),
            "is_known": is_known,
            "language": self.contact.language,
            "zone": customer.zone.slug if is_known and customer and customer.zone else "",
            "hides_number": not self.contact.phone_number,
            "writer": self.alias.get(self.writer.pk, "") if self.writer else "",
        }

    def _customers(self) -> Iterator[str]:
        """Names of those who asked: a provider is told whom to visit."""
        yield self.contact.name
        for request in self.requests:
            yield request.customer.contact.name

    def _requests(self) -> list[ServiceRequest]:
        """Those of the customer, or those that were offered to the provider while this talk was open."""
        rows = ServiceRequest.objects.select_related("service", "zone", "customer__contact").order_by("pk")
        if self.writer is None:
            return list(rows.filter(conversation=self.conversation))
        offers = Offer.objects.filter(provider=self.writer, created_at__gte=self.conversation.opened_at)
        if self.conversation.closed_at:
            offers = offers.filter(created_at__lte=self.conversation.closed_at)
        return list(rows.filter(pk__in=offers.values("request")))

    def _wish(self, request: ServiceRequest) -> Line:
        return {
            "kind": "request",
            "at": self._seconds(request.searching_since or request.created_at),
            "service": request.service.slug,
            "zone": request.zone.slug,
            "urgency": request.urgency,
        }

    def _provider(self, provider: Provider) -> Line:
        standing = getattr(provider, "standing", None)
        return {
            "kind": "provider",
            "name": self.alias[provider.pk],
            "services": sorted(service.slug for service in provider.services.all()),
            "zones": sorted(zone.slug for zone in provider.zones.all()),
            "base_zone": provider.base_zone.slug if provider.base_zone else "",
            "language": provider.language,
            "is_verified": provider.is_verified,
            "takes_emergencies": provider.takes_emergencies,
            "daily_capacity": provider.daily_capacity,
            "radius_km": provider.radius_km,
            "hours": [
                [slot.weekday, f"{slot.opens:%H:%M}", f"{slot.closes:%H:%M}"] for slot in provider.availability.all()
            ],
            "standing": {name: getattr(standing, name) for name in STANDING} if standing else {},
        }

    def _message(self, message: InboundMessage) -> Line:
        return {
            "kind": "message",
            "at": self._seconds(message.received_at),
            "text": self.disguise.text(message.body),
            "payload": self.disguise.payload(message.payload),
            "understood": {name: message.understood[name] for name in UNDERSTOOD if name in message.understood},
        }

    def _deeds(self) -> Iterator[Line]:
        events = Event.objects.filter(request__in=self.requests, actor__startswith="provider:", name__in=DEEDS)
        for event in events.order_by("happened_at", "pk"):
            alias = self.alias.get(int(event.actor.removeprefix("provider:")))
            if alias and not (self.writer and event.actor == f"provider:{self.writer.pk}"):  # his messages do it
                yield {"kind": "deed", "at": self._seconds(event.happened_at), "who": alias, "what": event.name}

    def _notifications(self) -> Sequence[Notification]:
        until = self.conversation.closed_at
        theirs = Notification.objects.filter(contact=self.contact, created_at__gte=self.conversation.opened_at)
        if until:
            theirs = theirs.filter(created_at__lte=until)
        return list(theirs.order_by("created_at", "pk"))

    def _sent(self, row: Notification) -> Line:
        return {
            "kind": "sent",
            "at": self._seconds(row.created_at),
            "to": WRITER,
            "purpose": row.purpose,
            "text": self.disguise.text(row.body),
        }

    def _request(self, request: ServiceRequest) -> dict[str, Any]:
        return tell_request(
            request, [(self.alias[o.provider_id], o) for o in self.offers if o.request_id == request.pk]
        )

    def _seconds(self, at: datetime) -> float:
        return round((at - self.began).total_seconds(), 3)


def tell_request(request: ServiceRequest, offers: Sequence[tuple[str, Offer]]) -> dict[str, Any]:
    """What became of a request, as it is compared."""
    return {
        "service": request.service.slug,
        "zone": request.zone.slug,
        "urgency": request.urgency,
        "status": request.status,
        "offers": sorted([name, offer.status] for name, offer in offers),
    }


def _providers(requests: Sequence[ServiceRequest], offers: Sequence[Offer], writer: Provider | None) -> list[Provider]:
    """Everybody who got an offer, and those who came near: matching weighs them against each other."""
    ids = {offer.provider_id for offer in offers} | ({writer.pk} if writer else set())
    for request in requests:
        for run in request.match_runs.all():
            ids |= {row["provider"] for row in (*run.chosen, *run.near_misses) if "provider" in row}
    rows = Provider.objects.filter(pk__in=ids).select_related("base_zone", "standing").order_by("pk")
    return list(rows.prefetch_related("services", "zones", "availability"))
