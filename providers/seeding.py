"""The places, the trades and, for the demo, the people that a new installation begins with.

Seeding adds what is missing and changes nothing that is there, so that whatever staff edited stays edited.
"""

import csv
from collections.abc import Callable, Iterable, Sequence
from datetime import time
from pathlib import Path
from typing import Final, NamedTuple

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext_noop

from providers import coverage
from providers.models import Availability, City, Provider, ProviderStatus, Service, Standing, Zone

DATA: Final = Path(__file__).parent / "data"

# Trades whose people can help out in the other one; both ways.
RELATED: Final = (
    ("plomberie", "forage-pompe"),
    ("plomberie", "vidange-fosse"),
    ("plomberie", "etancheite"),
    ("electricite", "solaire"),
    ("electricite", "groupe-electrogene"),
    ("electricite", "videosurveillance"),
    ("electricite", "antenne-tv"),
    ("climatisation", "electromenager"),
    ("climatisation", "electricite"),
    ("serrurerie", "soudure"),
    ("serrurerie", "menuiserie"),
    ("menuiserie", "tapisserie"),
    ("menuiserie", "vitrerie"),
    ("maconnerie", "carrelage"),
    ("maconnerie", "etancheite"),
    ("maconnerie", "plafond-staff"),
    ("peinture", "plafond-staff"),
    ("menage", "blanchisserie"),
    ("menage", "nounou"),
    ("menage", "desinsectisation"),
    ("informatique", "antenne-tv"),
    ("informatique", "videosurveillance"),
    ("gardiennage", "videosurveillance"),
)

MONDAY_TO_FRIDAY: Final = range(5)
MONDAY_TO_SATURDAY: Final = range(6)
EVERY_DAY: Final = range(7)
HOURS: Final = {  # words of the `hours` column of demo_providers.csv -> days, from, to
    "semaine": (MONDAY_TO_FRIDAY, time(8), time(17)),
    "jours": (MONDAY_TO_SATURDAY, time(7), time(19)),
    "longues": (EVERY_DAY, time(6, 30), time(22)),
}


class Step(NamedTuple):
    """One part of the seeding: what it brings, and the function that returns how many rows it added."""

    label: str
    run: Callable[[], int]


def seed_places() -> int:
    """Cities and their zones, from zones.csv; the rows that bear the name of their city stand for the whole of it."""
    rows = _rows("zones.csv")
    with transaction.atomic():
        cities = {city.slug: city for city in City.objects.all()}
        names = {slugify(row["city"]): row["city"] for row in rows}
        full_names = {row["slug"]: row["name"] for row in rows if row["slug"] in names}  # "Yaoundé", not "Yaounde"
        missing = [City(slug=slug, name=full_names.get(slug, names[slug])) for slug in names if slug not in cities]
        cities |= {city.slug: city for city in City.objects.bulk_create(missing)}
        known = set(Zone.objects.values_list("slug", flat=True))
        zones = [_zone(row, cities[slugify(row["city"])]) for row in rows if row["slug"] not in known]
        Zone.objects.bulk_create(zones)
    return len(missing) + len(zones)


def seed_services() -> int:
    """Services, from services.csv, and which of them are related."""
    with transaction.atomic():
        known = set(Service.objects.values_list("slug", flat=True))
        missing = [
            Service(
                slug=row["slug"], name_fr=row["name_fr"], name_en=row["name_en"], emergency_hint=row["emergency_hint"]
            )
            for row in _rows("services.csv")
            if row["slug"] not in known
        ]
        Service.objects.bulk_create(missing)
        if missing:
            _relate({service.slug for service in missing})
    return len(missing)


def seed_demo_providers() -> int:
    """A believable set of providers, active and checked; none where there are providers already.

    Their numbers are made up, but a stranger may own one: nothing real must ever be sent to them.
    """
    if Provider.objects.exists():
        return 0
    rows = _rows("demo_providers.csv")
    zones = dict(Zone.objects.values_list("slug", "pk"))
    with transaction.atomic():
        providers = Provider.objects.bulk_create(_provider(row, zones) for row in rows)
        _link(providers, rows, zones)
        Standing.objects.bulk_create(
            Standing(provider=provider, rating_sum=int(row["rating_sum"]), rating_count=int(row["rating_count"]))
            for provider, row in zip(providers, rows, strict=True)
        )
        coverage.refresh(providers)
    return len(providers)


PLACES: Final = Step(gettext_noop("cities and zones"), seed_places)
SERVICES: Final = Step(gettext_noop("services"), seed_services)
DEMO_PROVIDERS: Final = Step(gettext_noop("demo providers"), seed_demo_providers)


def steps(*, demo_providers: bool) -> Sequence[Step]:
    """What to run, in this order."""
    return (PLACES, SERVICES, DEMO_PROVIDERS) if demo_providers else (PLACES, SERVICES)


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _zone(row: dict[str, str], city: City) -> Zone:
    return Zone(
        slug=row["slug"],
        city=city,
        name=row["name"],
        arrondissement=row["arrondissement"],
        latitude=float(row["lat"]),
        longitude=float(row["lon"]),
        is_whole_city=row["slug"] == city.slug,
    )


def _relate(new: set[str]) -> None:
    ids = dict(Service.objects.values_list("slug", "pk"))
    through = Service.related.through
    wanted = [(a, b) for pair in RELATED for a, b in (pair, pair[::-1]) if {a, b} & new and {a, b} <= set(ids)]
    through.objects.bulk_create(
        [through(from_service_id=ids[a], to_service_id=ids[b]) for a, b in wanted], ignore_conflicts=True
    )


def _provider(row: dict[str, str], zones: dict[str, int]) -> Provider:
    return Provider(
        name=row["name"],
        phone_number=row["phone_number"],
        language=row["language"],
        status=ProviderStatus.ACTIVE,
        is_verified=True,
        takes_emergencies=bool(row["takes_emergencies"]),
        base_zone_id=zones[row["base_zone"]],
    )


def _link(providers: Sequence[Provider], rows: Iterable[dict[str, str]], zones: dict[str, int]) -> None:
    services = dict(Service.objects.values_list("slug", "pk"))
    offered, served = Provider.services.through, Provider.zones.through
    pairs = list(zip(providers, rows, strict=True))
    offered.objects.bulk_create(
        [
            offered(provider_id=p.pk, service_id=services[slug])
            for p, row in pairs
            for slug in row["services"].split("|")
        ]
    )
    served.objects.bulk_create(
        [served(provider_id=p.pk, zone_id=zones[slug]) for p, row in pairs for slug in row["zones"].split("|")]
    )
    Availability.objects.bulk_create(
        [
            Availability(provider=p, weekday=weekday, opens=opens, closes=closes)
            for p, row in pairs
            if row["hours"]
            for days, opens, closes in [HOURS[row["hours"]]]
            for weekday in days
        ]
    )
