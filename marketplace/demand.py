"""Demand beside supply: what was asked for in the last 30 days, what found nobody, and who stands ready for it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, Q

from marketplace.models import MatchRun, Offer, RequestStatus, ServiceRequest
from marketplace.models.offer import WAS_ACCEPTED
from marketplace.models.request import RequestQuerySet
from providers import supply
from providers.models import City, Service, Zone
from providers.supply import Supply

LOOK_BACK: Final = timedelta(days=30)
CELLS_SHOWN: Final = 200
FEW: Final = 3  # providers; with fewer, one absence or refusal leaves nobody


@dataclass(frozen=True, slots=True)
class Cell:
    """A service in a zone: demand of the last 30 days, and the providers there are now."""

    service: Service
    zone: Zone
    requests: int
    unmatched: int
    supply: Supply

    @property
    def need(self) -> str:
        """How much somebody is missing: "none" asked, "enough", "few", or "nobody" there for what was asked."""
        if not self.requests:
            return "none"
        if not self.supply.available:
            return "nobody"
        return "few" if self.unmatched or self.supply.available < FEW else "enough"


def unmatched() -> RequestQuerySet:
    """Requests that found nobody: never accepted, and over or still waiting.

    One that the customer cancelled counts only when no search of it ever chose anybody.
    """
    never_accepted = ~Exists(Offer.objects.filter(request=OuterRef("pk"), status__in=WAS_ACCEPTED))
    runs = MatchRun.objects.filter(request=OuterRef("pk"))
    nobody_chosen = Exists(runs) & ~Exists(runs.exclude(chosen=[]))
    return ServiceRequest.objects.filter(never_accepted).filter(
        Q(status__in=[RequestStatus.WAITING, RequestStatus.EXPIRED]) | Q(nobody_chosen, status=RequestStatus.CANCELLED)
    )


def cells(city: City, service: Service | None, *, at: datetime) -> Sequence[Cell]:
    """The cells of a city, the worst first: all of one service, or of any service those that were asked for.

    Four queries whatever there is; at most 200 cells.
    """
    asked = ServiceRequest.objects.filter(
        searching_since__isnull=False, created_at__gte=at - LOOK_BACK, created_at__lte=at, zone__city=city
    )
    if service:
        asked = asked.filter(service=service)
    many = _count(asked)
    failed = _count(unmatched().filter(pk__in=asked.values("pk")))
    zones = {zone.pk: zone for zone in city.zones.all()}
    services = {service.pk: service} if service else {row.pk: row for row in Service.objects.all()}
    wanted = [(service.pk, zone) for zone in zones] if service else list(many)
    wanted.sort(key=lambda cell: (-failed.get(cell, 0), -many.get(cell, 0), cell))
    ready = supply.count(wanted[:CELLS_SHOWN], at=at)
    return [
        Cell(services[cell[0]], zones[cell[1]], many.get(cell, 0), failed.get(cell, 0), ready.get(cell, Supply()))
        for cell in wanted[:CELLS_SHOWN]
    ]


def _count(requests: RequestQuerySet) -> dict[tuple[int, int], int]:
    rows = requests.order_by().values_list("service_id", "zone_id").annotate(many=Count("pk"))
    return {(service, zone): many for service, zone, many in rows}
