"""Djobea's own dispatch under the simulation's clock: the real functions on real rows, nothing copied.

Needs a database of its own with empty tables. Messages are not written at all (`quiet`), as if each arrived at once, and
whoever has accepted confirms at once: the simulation is about who is asked, when, and who gets the job.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Final
from unittest.mock import patch

from django.db import connection
from django.db.models import Min

from benchmarks.dispatch_engine import Asked
from benchmarks.dispatch_world import SERVICES, Town, Wish, Worker, douala
from marketplace import action_links, dispatch, jobs, returning, service_requests
from marketplace.models import Customer, Job, Offer, RequestStatus, ServiceRequest, Wave
from notifications import outbox
from notifications.models import Contact, Notification
from providers import coverage
from providers.models import City, Provider, ProviderStatus, Service, Zone

MIDNIGHT: Final = datetime(2026, 1, 4, 23, tzinfo=UTC)  # Monday 00:00 in Douala
RETRY: Final = 120.0  # seconds between two looks for waiting requests, as the worker's table has it
REACH_KM: Final = 60


class Djobea:
    """The policy under test."""

    name = "djobea"

    def begin(self, town: Town) -> None:
        """Empty tables, then the town's zones, services and providers."""
        self.town = town
        _forget_everything()
        self.zones = _zones()
        self.services = [
            Service.objects.create(slug=f"service-{n}", name_fr=f"Service {n}", name_en=f"Service {n}")
            for n in range(SERVICES)
        ]
        self.providers = [self._provider(worker) for worker in town.workers]
        self.worker_of = {provider.pk: worker for provider, worker in zip(self.providers, town.workers, strict=True)}
        self.requests: dict[int, ServiceRequest] = {}
        self.wish_of: dict[int, Wish] = {}
        self.newest = 0
        self.look_again = 0.0

    def _provider(self, worker: Worker) -> Provider:
        provider = Provider.objects.create(
            name=f"Provider {worker.number}",
            phone_number=f"+2376770{worker.number:05d}",
            status=ProviderStatus.ACTIVE,
            is_verified=True,
            radius_km=REACH_KM,
            daily_capacity=100,
            base_zone=self.zones[worker.home.slug],
        )
        provider.services.set([self.services[number] for number in worker.services])
        provider.zones.set(self.zones.values())
        coverage.refresh(provider)
        return provider

    def opened(self, wish: Wish, at: float) -> Asked:
        contact = Contact.objects.create(phone_number=f"+2376990{wish.number:05d}", last_inbound_at=moment(at))
        request = service_requests.open_request(
            customer=Customer.objects.create(contact=contact),
            conversation=None,
            service=self.services[wish.service],
            zone=self.zones[wish.place.slug],
            urgency=wish.urgency,
            at=moment(at),
        )
        self.requests[wish.number], self.wish_of[request.pk] = request, wish
        return self._new_offers()

    def accepts(self, wish: Wish, worker: Worker, at: float) -> tuple[bool, Asked]:
        offer = self._offer(wish, worker)
        won = dispatch.accept(offer, at=moment(at)) == dispatch.Acceptance.WON
        if won:
            jobs.confirm(Job.objects.get(offer=offer), at=moment(at))
        return won, self._new_offers()

    def declines(self, wish: Wish, worker: Worker, at: float) -> Asked:
        dispatch.decline(self._offer(wish, worker), at=moment(at))
        return self._new_offers()

    def left(self, wish: Wish, at: float) -> None:
        service_requests.cancel(self.requests[wish.number], reason="left", by="customer", at=moment(at))

    def finished(self, wish: Wish, worker: Worker, at: float) -> Asked:
        jobs.finish(Job.objects.get(offer=self._offer(wish, worker)), at=moment(at))
        return self._new_offers()

    def woken(self, at: float) -> Asked:
        dispatch.expire_offers(moment(at))
        returning.include_returned(moment(at))
        if at >= self.look_again:
            dispatch.retry_waiting(moment(at))
            self.look_again = at + RETRY
        return self._new_offers()

    def next_at(self, at: float) -> float | None:
        """The end of the next wave, and two minutes from now while somebody waits."""
        ends = Wave.objects.filter(closed_at__isnull=True).aggregate(first=Min("ends_at"))["first"]
        due = [(ends - MIDNIGHT).total_seconds()] if ends else []
        if ServiceRequest.objects.filter(status=RequestStatus.WAITING).exists():
            due.append(max(self.look_again, at))
        return min(due, default=None)

    def _offer(self, wish: Wish, worker: Worker) -> Offer:
        return Offer.objects.get(request=self.requests[wish.number], provider=self.providers[worker.number])

    def _new_offers(self) -> list[tuple[Wish, Worker]]:
        """Offers made since the last look."""
        rows = Offer.objects.filter(pk__gt=self.newest).order_by("pk").values_list("pk", "request_id", "provider_id")
        found = list(rows)
        self.newest = found[-1][0] if found else self.newest
        return [(self.wish_of[request], self.worker_of[provider]) for _pk, request, provider in found]


@contextmanager
def quiet() -> Iterator[None]:
    """Nobody is written to: the queue has a benchmark of its own, and here it would take half of the time."""
    with (
        patch.object(outbox, "enqueue"),
        patch.object(outbox, "cancel", return_value=1),
        patch.object(action_links, "make", return_value=""),
    ):
        yield


def moment(at: float) -> datetime:
    """Seconds of the simulation as a time."""
    return MIDNIGHT + timedelta(seconds=at)


def _forget_everything() -> None:
    """All rows of the network and the marketplace go, so that each seed begins on the same ground."""
    with connection.cursor() as cursor:
        tables = [model._meta.db_table for model in (Contact, Notification, City, Service, Provider)]  # noqa: SLF001  documented
        cursor.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY CASCADE")


def _zones() -> dict[str, Zone]:
    city = City.objects.create(slug="douala", name="Douala")
    rows = [
        Zone(slug=place.slug, city=city, name=place.slug, latitude=place.latitude, longitude=place.longitude)
        for place in douala()
    ]
    return {zone.slug: zone for zone in Zone.objects.bulk_create(rows)}
