"""Rows for the tests of this app: each function shows only what matters to its caller."""

from datetime import datetime
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers import coverage
from providers.models import City, Provider, ProviderStatus, Service, Zone

DOUALA: Final = ZoneInfo("Africa/Douala")
# A Tuesday.
NOON: Final = datetime(2026, 11, 24, 12, 0, tzinfo=DOUALA)
NIGHT: Final = datetime(2026, 11, 24, 2, 30, tzinfo=DOUALA)

_numbers = count(1)


def a_city(slug: str = "douala") -> City:
    return City.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def a_zone(
    slug: str = "bonamoussadi", *, at: tuple[float, float] = (4.089, 9.740), city: str = "douala", whole: bool = False
) -> Zone:
    facts = {
        "name": slug.title(),
        "city": a_city(city),
        "latitude": at[0],
        "longitude": at[1],
        "is_whole_city": whole,
    }
    return Zone.objects.get_or_create(slug=slug, defaults=facts)[0]


def a_service(slug: str = "plomberie", *, related: Service | None = None) -> Service:
    service = Service.objects.get_or_create(slug=slug, defaults={"name_fr": slug.title(), "name_en": slug.title()})[0]
    if related:
        service.related.add(related)
    return service


def a_provider(*, services: list[Service] | None = None, zones: list[Zone] | None = None, **facts: Any) -> Provider:
    """Somebody active and checked, who works at all hours; a plumber in Bonamoussadi unless told otherwise."""
    number = next(_numbers)
    defaults: dict[str, Any] = {
        "name": f"Provider {number}",
        "phone_number": f"+237677{number:06d}",
        "status": ProviderStatus.ACTIVE,
        "is_verified": True,
    }
    provider = Provider.objects.create(**(defaults | facts))
    provider.services.set([a_service()] if services is None else services)
    provider.zones.set([a_zone()] if zones is None else zones)
    coverage.refresh(provider)
    return provider
