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


# Whoever covers the whole city covers each of its zones too, but counts once. Only of those whom staff hold back the own
# row is read. A cell is counted in one go over the index of its line; only a whole city, which holds all of its zones,
# needs to tell people apart.
_ACTIVE: Final = f"row.rank < {Rank.MAY_NOT:d} OR held.status = 'active'"
_VERIFIED: Final = f"row.rank < {Rank.MAY_NOT:d} OR (held.status = 'active' AND held.is_verified)"
_AVAILABLE: Final = f"row.rank < {Rank.MAY_NOT:d} AND row.in_line_since <= %(at)s"
_HELD: Final = f"""
    LEFT JOIN providers_provider AS held ON held.id = CASE WHEN row.rank = {Rank.MAY_NOT:d} THEN row.provider_id END
"""
_COUNT: Final = f"""
    WITH cell AS MATERIALIZED (
        SELECT asked.service_id, asked.zone_id, zone.city_id, zone.is_whole_city
        FROM unnest(%(services)s::bigint[], %(zones)s::bigint[]) AS asked(service_id, zone_id)
        JOIN providers_zone AS zone ON zone.id = asked.zone_id
    )
    SELECT cell.service_id, cell.zone_id, found.* FROM cell CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {_ACTIVE}), count(*) FILTER (WHERE {_VERIFIED}), count(*) FILTER (WHERE {_AVAILABLE})
        FROM (
            SELECT row.provider_id, row.rank, row.in_line_since FROM providers_coverage AS row
            WHERE row.service_id = cell.service_id AND row.zone_id = cell.zone_id
            UNION ALL
            SELECT row.provider_id, row.rank, row.in_line_since FROM providers_zone AS city
            JOIN providers_coverage AS row ON row.service_id = cell.service_id AND row.zone_id = city.id
            WHERE city.city_id = cell.city_id AND city.is_whole_city AND NOT EXISTS (
                SELECT 1 FROM providers_coverage AS own WHERE own.service_id = cell.service_id
                AND own.zone_id = cell.zone_id AND own.provider_id = row.provider_id)
        ) AS row {_HELD}
    ) AS found WHERE NOT cell.is_whole_city
    UNION ALL
    SELECT cell.service_id, cell.zone_id, found.* FROM cell CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE {_ACTIVE}), count(*) FILTER (WHERE {_VERIFIED}), count(*) FILTER (WHERE {_AVAILABLE})
        FROM (
            SELECT DISTINCT row.provider_id, row.rank, row.in_line_since FROM providers_zone AS zone
            JOIN providers_coverage AS row ON row.service_id = cell.service_id AND row.zone_id = zone.id
            WHERE zone.city_id = cell.city_id
        ) AS row {_HELD}
    ) AS found WHERE cell.is_whole_city
"""  # noqa: S608  constants only


def count(cells: Iterable[Cell], *, at: datetime) -> dict[Cell, Supply]:
    """Providers of each of these cells at `at`, by one query."""
    wanted = sorted(set(cells))
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {"services": [service for service, _ in wanted], "zones": [zone for _, zone in wanted], "at": at},
        )
        return {(service, zone): Supply(*counts) for service, zone, *counts in cursor.fetchall()}
