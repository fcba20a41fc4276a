"""The statements behind matching: who could come, how far it is, and what speaks against each.

They are written by hand because a match must stay one round trip that costs the same at a thousand providers and at a
million. `Level` decides how wide it looks; the reasons are `providers.matching.LeftOut`, decided here and only here,
so that a match, its counts and "why not this one?" can never tell different stories.

In each cell of the coverage (a service in a zone) people stand in a line: whoever has waited longest for an offer
comes first, doubtful numbers after the others, and whoever is away stands where the absence ends. Matching reads the
heads of the lines, the best cell first, through one index, and goes on reading until enough are found who may come:
so nobody is out of reach however long the line, and the work is bounded by how many are wanted.

Planning such a statement takes longer than running it, and Django's cursor plans at each call. So the texts are the bodies
of functions in the database, whose plans each connection keeps; `install()` puts them there after every `migrate`.
"""

from typing import Any, Final

from django.db import connections

from providers.models import Rank
from providers.scoring import POINTS

POOL: Final = 24  # people of one cell who are compared: whoever has waited longest for an offer
READ_AT_MOST: Final = 120  # rows that one match compares; somebody who stands in several cells comes several times
SHARED_FROM: Final = 2  # with so many places or more, one goes to the head of a line too long to compare
NEAR_MISSES: Final = 12

# Great-circle distance from the place of the need, as in geography.haversine_km (a test holds the two together).
_KM: Final = """2 * 6371.0 * asin(sqrt(least(1.0,
    power(sin(radians(zone.latitude - need.latitude) / 2), 2)
    + cos(radians(need.latitude)) * cos(radians(zone.latitude))
    * power(sin(radians(zone.longitude - need.longitude) / 2), 2))))"""

# Which cells are looked into, and in which order.
_CELLS: Final = f"""
WITH need AS MATERIALIZED (
    SELECT zone.id AS zone_id, zone.city_id, zone.is_whole_city,
           coalesce(%(latitude)s::float8, zone.latitude) AS latitude,
           coalesce(%(longitude)s::float8, zone.longitude) AS longitude
    FROM providers_zone AS zone WHERE zone.id = %(zone_id)s
),
place AS (
    SELECT zone.id AS zone_id, true AS same_city, (zone.id = need.zone_id OR zone.is_whole_city OR need.is_whole_city)
               AS is_the_zone,
           {_KM} AS km
    FROM need JOIN providers_zone AS zone ON zone.city_id = need.city_id
    UNION ALL
    SELECT zone.id, false, false, {_KM} FROM need JOIN providers_zone AS zone ON zone.city_id <> need.city_id
    WHERE %(reach_km)s IS NOT NULL
),
trade AS (
    SELECT %(service_id)s::bigint AS service_id, true AS is_the_service
    UNION ALL
    SELECT related.to_service_id, false FROM providers_service_related AS related
    JOIN providers_service AS service ON service.id = related.to_service_id AND service.is_active
    WHERE %(reach_km)s IS NOT NULL AND related.from_service_id = %(service_id)s
),
cell AS MATERIALIZED (
    SELECT service_id, is_the_service, zone_id, is_the_zone, same_city, km AS zone_km
    FROM trade CROSS JOIN place
    WHERE is_the_zone OR (%(reach_km)s IS NOT NULL AND (same_city OR km <= %(reach_km)s))
    ORDER BY is_the_service DESC, is_the_zone DESC, km, zone_id
)
"""  # noqa: S608  constants only; values are bound

# What the index holds of whoever stands in a cell.
_HELD: Final = """
    row.provider_id, row.rank, row.in_line_since, row.away_until, row.base_zone_id, row.radius_km, row.daily_capacity,
    row.takes_emergencies, row.works_at, row.held_back, row.open_jobs, row.jobs_today, row.jobs_today_on, row.offers_made,
    row.offers_accepted, row.rating_sum, row.rating_count, row.reply_seconds, row.last_offer_at,
    row.offers_lately
"""
_OF_CELL: Final = "cell.is_the_service, cell.is_the_zone, cell.same_city, cell.zone_km"
# What matching makes of it.
_FACTS: Final = f"""
    covered.*, coalesce(home.km, covered.zone_km) AS km, covered.rank = {Rank.DOUBTFUL:d} AS phone_doubtful,
    hours.is_open,
    CASE WHEN covered.held_back <> '' THEN covered.held_back
         WHEN covered.provider_id = ANY(%(exclude)s::bigint[]) THEN 'already_asked'
         WHEN covered.away_until > %(at)s THEN 'unavailable'
         WHEN CASE WHEN covered.jobs_today_on = %(today)s::date THEN covered.jobs_today ELSE 0 END
              >= covered.daily_capacity THEN 'at_capacity'
         WHEN NOT hours.is_open AND NOT (covered.takes_emergencies AND %(on_call)s) THEN 'outside_hours'
         WHEN NOT covered.is_the_zone AND coalesce(home.km, covered.zone_km) > CASE
              WHEN covered.takes_emergencies AND %(on_call)s
              THEN greatest(covered.radius_km, %(emergency_radius_km)s) ELSE covered.radius_km END THEN 'out_of_reach'
         ELSE '' END AS left_out
"""
_JOINS: Final = f"""
    CROSS JOIN LATERAL (
        SELECT covered.works_at IS NULL OR covered.works_at @> %(second_of_week)s::integer AS is_open
    ) AS hours
    LEFT JOIN LATERAL (
        SELECT {_KM} AS km FROM providers_zone AS zone CROSS JOIN need WHERE zone.id = covered.base_zone_id OFFSET 0
    ) AS home ON true
"""  # noqa: S608  constants only
# What is told of each; name and number, because the few who are compared are the few who may be named.
_RESULT: Final = {
    "provider_id": "bigint",
    "phone_doubtful": "boolean",
    "is_the_service": "boolean",
    "is_the_zone": "boolean",
    "same_city": "boolean",
    "is_open": "boolean",
    "km": "float8",
    "open_jobs": "integer",
    "offers_made": "integer",
    "offers_accepted": "integer",
    "rating_sum": "integer",
    "rating_count": "integer",
    "reply_seconds": "integer",
    "last_offer_at": "timestamptz",
    "offers_lately": "float8",
    "points": "float8",
    "left_out": "text",
    "name": "text",
    "phone_number": "text",
}
_TOLD: Final = ", ".join(
    f"{'person' if name in {'name', 'phone_number'} else 'told'}.{name}::{kind}" for name, kind in _RESULT.items()
)
_PERSON: Final = "JOIN providers_provider AS person ON person.id = told.provider_id"
_HERE: Final = "row.service_id = cell.service_id AND row.zone_id = cell.zone_id"
_LINE: Final = "row.rank, row.in_line_since, row.provider_id"
_SOME: Final = NEAR_MISSES // 3

# Those who may come, from the heads of the lines: each once, in the first and so the best of the cells, the best first.
# Where a line is too long to compare, its head is among them, in the last place if need be.
_FITTING: Final = f"""{_CELLS}
SELECT {_TOLD} FROM (
    SELECT ranked.*, CASE WHEN turn = 1 AND compared >= {POOL} AND %(places)s >= {SHARED_FROM} AND place > %(places)s
                     THEN %(places)s - 0.5 ELSE place END AS position
    FROM (
        SELECT scored.*, count(*) OVER () AS compared, row_number() OVER (ORDER BY points DESC, km, provider_id) AS place
        FROM (
            SELECT DISTINCT ON (provider_id) known.*, {POINTS} AS points FROM (
                SELECT fitting.*, row_number() OVER () AS turn FROM cell CROSS JOIN LATERAL (
                    SELECT * FROM (
                        SELECT {_FACTS} FROM (
                            SELECT {_HELD}, {_OF_CELL} FROM providers_coverage AS row
                            WHERE {_HERE} AND row.rank < {Rank.MAY_NOT:d}
                        ) AS covered {_JOINS}
                    ) AS judged
                    WHERE left_out = '' ORDER BY rank, in_line_since, provider_id LIMIT {POOL}
                ) AS fitting
                LIMIT {READ_AT_MOST}
            ) AS known ORDER BY provider_id, turn
        ) AS scored
    ) AS ranked
    ORDER BY position LIMIT %(told)s
) AS told {_PERSON} ORDER BY told.position
"""  # noqa: S608  constants only

# Some of those who may not, so that their reasons are there: from the head too, from the end where those stand who are
# away, from those whom staff hold back, and whoever was asked.
_BESIDE: Final = f"""{_CELLS}
SELECT {_TOLD} FROM (SELECT judged.*, {POINTS} AS points FROM (
    SELECT {_FACTS} FROM (
        SELECT sampled.*, {_OF_CELL} FROM cell CROSS JOIN LATERAL (
            (SELECT {_HELD} FROM providers_coverage AS row WHERE {_HERE} AND row.rank < {Rank.MAY_NOT:d}
             ORDER BY {_LINE} LIMIT {_SOME})
            UNION ALL
            (SELECT {_HELD} FROM providers_coverage AS row WHERE {_HERE} AND row.rank = {Rank.MAY:d}
             AND row.in_line_since > %(at)s ORDER BY {_LINE} LIMIT {_SOME})
            UNION ALL
            (SELECT {_HELD} FROM providers_coverage AS row
             WHERE {_HERE} AND row.provider_id = ANY(%(exclude)s::bigint[]) LIMIT {_SOME})
            UNION ALL
            (SELECT {_HELD} FROM providers_coverage AS row WHERE {_HERE} AND row.rank = {Rank.MAY_NOT:d}
             ORDER BY {_LINE} LIMIT {NEAR_MISSES})
        ) AS sampled
        LIMIT {NEAR_MISSES + _SOME}
    ) AS covered {_JOINS}
) AS judged WHERE left_out <> '') AS told {_PERSON}
"""  # noqa: S608  constants only

# Everybody of these cells, each in the best of them; `provider_id` asks about one.
_EVERYBODY: Final = f"""{_CELLS}
, judged AS (
    SELECT {_FACTS} FROM (
        SELECT DISTINCT ON (row.provider_id) {_HELD}, {_OF_CELL}
        FROM cell JOIN providers_coverage AS row ON {_HERE}
        WHERE %(provider_id)s::bigint IS NULL OR row.provider_id = %(provider_id)s
        ORDER BY row.provider_id, cell.is_the_service DESC, cell.is_the_zone DESC, cell.zone_km
    ) AS covered {_JOINS}
)
"""  # noqa: S608  constants only
ONE: Final = f"{_EVERYBODY} SELECT {_TOLD} FROM (SELECT *, {POINTS} AS points FROM judged) AS told {_PERSON}"  # noqa: S608  constants only
LEFT_OUT_COUNTS: Final = f"{_EVERYBODY} SELECT left_out, count(*) FROM judged GROUP BY left_out"  # noqa: S608  the same

_PARAMETERS: Final = {
    "service_id": "bigint",
    "zone_id": "bigint",
    "latitude": "float8",
    "longitude": "float8",
    "exclude": "bigint[]",
    "reach_km": "float8",
    "on_call": "boolean",
    "emergency_radius_km": "integer",
    "at": "timestamptz",
    "today": "date",
    "second_of_week": "integer",
    "weights": "float8[]",
    "places": "integer",
    "told": "integer",
}
_FUNCTIONS: Final = {"providers_match": _FITTING, "providers_beside": _BESIDE}
_CALL: Final = f"({', '.join(f'%({name})s' for name in _PARAMETERS)})"
MATCH: Final = f"SELECT * FROM providers_match{_CALL}"  # noqa: S608  the same
BESIDE: Final = f"SELECT * FROM providers_beside{_CALL}"  # noqa: S608  the same

# One plan for all, of index scans in nested loops: it is right at any size, where the statistics of a young network
# would have the planner read whole tables, and go on doing so while the network grows.
_INSTALL: Final = """
DROP FUNCTION IF EXISTS {name}({types});
CREATE FUNCTION {name}({parameters})
RETURNS TABLE ({result}) LANGUAGE plpgsql STABLE
SET plan_cache_mode = force_generic_plan SET enable_hashjoin = off SET enable_mergejoin = off SET enable_bitmapscan = off
SET enable_seqscan = off SET max_parallel_workers_per_gather = 0 SET jit = off
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY {body};
END $$
"""


def install(*, using: str, **_facts: Any) -> None:
    """Put the functions of this version into the database; after each `migrate`, in any order of its migrations.

    One with other parameters stays, for the code of before, which runs on during an upgrade.
    """
    types = ", ".join(_PARAMETERS.values())
    parameters = ", ".join(f"asked_{name} {kind}" for name, kind in _PARAMETERS.items())
    result = ", ".join(f"{name} {kind}" for name, kind in _RESULT.items())
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT to_regclass('providers_coverage') IS NOT NULL")
        if cursor.fetchone()[0]:
            for name, text in _FUNCTIONS.items():
                body = text % {name: f"asked_{name}" for name in _PARAMETERS}
                cursor.execute(_INSTALL.format(name=name, types=types, parameters=parameters, result=result, body=body))
