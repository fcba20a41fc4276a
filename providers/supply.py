"""How many providers stand ready for a service in a zone."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from django.db import connection

from providers.models import Rank

Cell = tuple[int, int]  # a service and a zone, by id


class Supply(NamedTuple):
    """Providers of one cell; each number holds the next."""

    active: int = 0  # as far as staff approved of them
    verified: int = 0  # and their identity is checked
    available: int = 0  # and they take jobs and are not away; working hours do not count here


# Whoever covers the whole city covers each of its zones. Only of those whom staff hold back the own row is read.
_COUNT: Final = f"""
    SELECT cell.service_id, cell.zone_id,
        count(DISTINCT row.provider_id) FILTER (WHERE row.rank < {Rank.MAY_NOT:d} OR held.status = 'active'),
        count(DISTINCT row.provider_id) FILTER (
            WHERE row.rank < {Rank.MAY_NOT:d} OR (held.status = 'active' AND held.is_verified)),
        count(DISTINCT row.provider_id) FILTER (WHERE row.rank < {Rank.MAY_NOT:d} AND row.in_line_since <= %(at)s)
    FROM unnest(%(services)s::bigint[], %(zones)s::bigint[]) AS cell(service_id, zone_id)
    JOIN providers_zone AS zone ON zone.id = cell.zone_id
    JOIN providers_zone AS served
        ON served.id = zone.id OR (served.city_id = zone.city_id AND (served.is_whole_city OR zone.is_whole_city))
    JOIN providers_coverage AS row ON row.service_id = cell.service_id AND row.zone_id = served.id
    LEFT JOIN providers_provider AS held ON row.rank = {Rank.MAY_NOT:d} AND held.id = row.provider_id
    GROUP BY 1, 2
"""  # noqa: S608  constants only


def count(cells: Iterable[Cell], *, at: datetime) -> dict[Cell, Supply]:
    """Providers of each of these cells at `at`, by one query; cells without any are left out."""
    wanted = sorted(set(cells))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {"services": [service for service, _ in wanted], "zones": [zone for _, zone in wanted], "at": at},
        )
        return {(service, zone): Supply(*counts) for service, zone, *counts in cursor.fetchall()}
