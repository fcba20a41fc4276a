"""Who should be recruited next: which single new provider would have helped most of those who found nobody."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.utils import timezone

from marketplace import demand
from marketplace.models import MatchRun
from providers.geography import haversine_km
from providers.matching import BROAD_REACH_KM, EMERGENCY_RADIUS_KM, Level
from providers.models import Provider, Service, Zone

LOOKED_AT: Final = 500  # unmatched requests, the newest first
ADVISED: Final = 10
# What a new provider brings as long as nobody says otherwise.
USUAL_RADIUS_KM: Final[int] = Provider._meta.get_field("radius_km").default  # noqa: SLF001  public in Django
JOBS_A_DAY: Final[int] = Provider._meta.get_field("daily_capacity").default  # noqa: SLF001  the same

Place = tuple[int, int]  # a service and a zone, by id


@dataclass(frozen=True, slots=True)
class Advice:
    """One new provider: of which service, living in and covering which zone, and whom that would have helped."""

    service: Service
    zone: Zone
    helped: int  # requests of the last 30 days that found nobody, at most six on one day
    in_the_zone: int  # of these, requests from that very zone
    mean_km: float  # to those helped
    asked_for: Sequence[str]  # names of the zones that they came from, the most frequent first


@dataclass(frozen=True, slots=True, eq=False)
class _Missed:
    """A request that found nobody, as its last run searched for it."""

    pk: int
    service_id: int
    zone: Zone
    latitude: float
    longitude: float
    level: str
    day: date


def next_ones(*, at: datetime, many: int = ADVISED) -> Sequence[Advice]:
    """The best new provider, then the best beside that one, and so on, from the stored runs of the last 30 days.

    A new provider is active, checked, always at work, reaches 15 km (30 km for an emergency at its widest level) and
    does six jobs a day. Whom a search would have found with such a provider, that one would have helped: on the exact
    level in the zone only, wider ones in reach, and with a related service too. Of equal ones the one wins who lives
    where most of them were asked for, then the nearest.
    """
    missed = _missed(at)
    zones = list(Zone.objects.select_related("city").filter(is_whole_city=False))
    services = {service.pk: service for service in Service.objects.prefetch_related("related")}
    helped = _would_help(missed, zones, services)
    of_zone = {zone.pk: zone for zone in zones}
    left = {one.pk: one for one in missed}
    # The worth of a place only falls while others are chosen, so only the best so far is looked at again.
    queue = [(_worth(place, kms, left, of_zone), place) for place, kms in helped.items()]
    heapq.heapify(queue)
    rows: list[Advice] = []
    while queue and len(rows) < many:
        _old, place = heapq.heappop(queue)
        worth = _worth(place, helped[place], left, of_zone)
        if queue and queue[0] < (worth, place):
            heapq.heappush(queue, (worth, place))
            continue
        served = _capped(helped[place], left)
        if not served:
            break
        rows.append(_advice(services[place[0]], of_zone[place[1]], served))
        for one in served:
            del left[one.pk]
        heapq.heappush(queue, (worth, place))  # a second one there may be the next best
    return rows


def _missed(at: datetime) -> list[_Missed]:
    since = at - demand.LOOK_BACK
    requests = demand.unmatched().filter(created_at__gte=since, created_at__lte=at).order_by("-created_at")
    chosen = {row.pk: row for row in requests.select_related("zone")[:LOOKED_AT]}
    runs = MatchRun.objects.filter(request__in=list(chosen)).order_by("request_id", "-pk").distinct("request_id")
    found = []
    for request_id, level in runs.values_list("request_id", "level"):
        row = chosen[request_id]
        latitude, longitude = row.latitude, row.longitude
        if latitude is None or longitude is None:
            latitude, longitude = row.zone.latitude, row.zone.longitude
        day = timezone.localdate(row.created_at)
        found.append(_Missed(row.pk, row.service_id, row.zone, latitude, longitude, level, day))
    return found


def _would_help(
    missed: Iterable[_Missed], zones: Sequence[Zone], services: dict[int, Service]
) -> dict[Place, dict[int, float]]:
    """By service and zone of the new provider: the requests it would have helped, with the distance in km."""
    helped: dict[Place, dict[int, float]] = defaultdict(dict)
    for one in missed:
        trades = [one.service_id]
        if one.level != Level.EXACT:
            trades += [row.pk for row in services[one.service_id].related.all() if row.is_active]
        for zone in zones:
            if one.level == Level.EXACT and not _covers(zone, one.zone):
                continue
            km = haversine_km(one.latitude, one.longitude, zone.latitude, zone.longitude)
            if _reaches(zone, one, km):
                for trade in trades:
                    helped[trade, zone.pk][one.pk] = km
    return helped


def _covers(zone: Zone, asked: Zone) -> bool:
    return zone.pk == asked.pk or (asked.is_whole_city and zone.city_id == asked.city_id)


def _reaches(zone: Zone, one: _Missed, km: float) -> bool:
    if _covers(zone, one.zone):
        return True
    if one.level == Level.EMERGENCY:
        return km <= EMERGENCY_RADIUS_KM
    return km <= USUAL_RADIUS_KM and (zone.city_id == one.zone.city_id or km <= BROAD_REACH_KM)


# The lower the better, as a heap wants it.
def _worth(
    place: Place, kms: dict[int, float], left: dict[int, _Missed], zones: dict[int, Zone]
) -> tuple[int, int, float]:
    served = _capped(kms, left)
    here = sum(_covers(zones[place[1]], one.zone) and one.service_id == place[0] for one in served)
    return -len(served), -here, sum(kms[one.pk] for one in served) / (len(served) or 1)


def _capped(kms: dict[int, float], left: dict[int, _Missed]) -> dict[_Missed, float]:
    """Of those who are left, the nearest six of each day."""
    days: Counter[date] = Counter()
    served = {}
    for pk in sorted((pk for pk in kms if pk in left), key=lambda pk: (kms[pk], pk)):
        if days[left[pk].day] < JOBS_A_DAY:
            days[left[pk].day] += 1
            served[left[pk]] = kms[pk]
    return served


def _advice(service: Service, zone: Zone, served: dict[_Missed, float]) -> Advice:
    asked_for = Counter(one.zone.name for one in served)
    return Advice(
        service,
        zone,
        helped=len(served),
        in_the_zone=sum(_covers(zone, one.zone) for one in served),
        mean_km=round(sum(served.values()) / len(served), 1),
        asked_for=[name for name, _many in asked_for.most_common(3)],
    )
