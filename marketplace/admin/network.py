"""The network on a page: demand beside supply as a table and on a map, and whom to recruit next."""

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import demand, recruiting
from marketplace.demand import Cell
from notifications import clock
from providers.models import City, Service

ROWS_SHOWN: Final = 40
SMALLEST, LARGEST = 5, 24  # pixels: radius of a circle
WORST_FIRST: Final = ("nobody", "few", "enough", "none")
TONES: Final = {"nobody": "bad", "few": "wait", "enough": "good", "none": "quiet"}
WORDS: Final = {
    "nobody": gettext_lazy("Nobody there"),
    "few": gettext_lazy("Too few"),
    "enough": gettext_lazy("Enough"),
    "none": gettext_lazy("Not asked for"),
}


def page(model_admin: Any, request: HttpRequest) -> TemplateResponse:
    """Demand beside supply in one city (`?city=`), of one service (`?service=`) or of all that were asked for."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    cities = list(City.objects.order_by("name"))
    city = _named(cities, request.GET.get("city", "")) or _usual(cities)
    services = list(Service.objects.filter(is_active=True))
    service = _named(services, request.GET.get("service", ""))
    cells = demand.cells(city, service, at=clock.now()) if city else []
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Network: demand and supply"),
        "opts": model_admin.opts,
        "city": city,
        "cities": cities,
        "service": service,
        "services": services,
        "rows": [{"cell": cell, "tone": TONES[cell.need], "word": WORDS[cell.need]} for cell in cells[:ROWS_SHOWN]],
        "hidden": max(0, len(cells) - ROWS_SHOWN),
        "circles": _circles(cells),
        "legend": [{"tone": TONES[need], "word": WORDS[need]} for need in WORST_FIRST],
        "days": demand.LOOK_BACK // timedelta(days=1),
    }
    return TemplateResponse(request, "admin/marketplace/network.html", context)


def recruit_page(model_admin: Any, request: HttpRequest) -> TemplateResponse:
    """Who should be recruited next."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    advice = recruiting.next_ones(at=clock.now())
    context = {
        **model_admin.admin_site.each_context(request),
        "title": _("Who should we recruit next?"),
        "opts": model_admin.opts,
        "advice": advice,
        "most": max((one.helped for one in advice), default=1),
        "days": demand.LOOK_BACK // timedelta(days=1),
    }
    return TemplateResponse(request, "admin/marketplace/recruit.html", context)


def _named(rows: Sequence[Any], slug: str) -> Any:
    return next((row for row in rows if row.slug == slug), None)


def _usual(cities: Sequence[City]) -> City | None:
    return _named(cities, "douala") or (cities[0] if cities else None)


def _most_of(cells: Sequence[Cell]) -> str:
    """How most of the requests of a zone fare; of equal parts the worse."""
    asked: Counter[str] = Counter()
    for cell in cells:
        asked[cell.need] += cell.requests
    return max(WORST_FIRST, key=lambda need: (asked[need], -WORST_FIRST.index(need))) if asked.total() else "none"


def _circles(cells: Sequence[Cell]) -> list[dict[str, Any]]:
    """One circle a zone: as large as its demand, in the colour of most of it."""
    of_zone: dict[int, list[Cell]] = defaultdict(list)
    for cell in cells:
        of_zone[cell.zone.pk].append(cell)
    most = max((sum(cell.requests for cell in group) for group in of_zone.values()), default=0) or 1
    circles = []
    for group in of_zone.values():
        zone, asked = group[0].zone, sum(cell.requests for cell in group)
        facts = {
            "asked": asked,
            "unmatched": sum(cell.unmatched for cell in group),
            "available": sum(cell.supply.available for cell in group),
        }
        circles.append(
            {
                "at": [zone.latitude, zone.longitude],
                "radius": round(SMALLEST + (LARGEST - SMALLEST) * math.sqrt(asked / most)),
                "tone": TONES[_most_of(group)],
                "name": zone.name,
                "text": _("%(asked)d asked for, %(unmatched)d found nobody, %(available)d available") % facts,
            }
        )
    return sorted(circles, key=lambda circle: -int(circle["radius"]))  # small ones on top
