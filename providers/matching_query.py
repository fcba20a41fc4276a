"""The one statement behind matching: who could come, how far it is, and what speaks against each.

It is written by hand because it must stay one round trip through the covering index of the coverage at a million
providers. `Level` decides how wide it looks; the reasons are `providers.matching.LeftOut`, decided here and only
here, so that a match, its counts and "why not this one?" can never tell different stories.

Cells of the coverage (a service in a zone) are read from the best to the worst until `at_most` rows are found, so that
the work is bounded however large the network: a nested loop over ordered cells, each one range of the covering index.
"""

from typing import Any, Final

# Great-circle distance from the place of the need, as in geography.haversine_km (a test holds the two together).
_KM = """2 * 6371.0 * asin(sqrt(least(1.0,
    power(sin(radians(zone.latitude - need.latitude) / 2), 2)
    + cos(radians(need.latitude)) * cos(radians(zone.latitude))
    * power(sin(radians(zone.longitude - need.longitude) / 2), 2))))"""

_CANDIDATES: Final = f"""
WITH need AS (
    SELECT zone.id AS zone_id, zone.city_id, zone.is_whole_city,
           coalesce(%(latitude)s::float8, zone.latitude) AS latitude,
           coalesce(%(longitude)s::float8, zone.longitude) AS longitude
    FROM providers_zone AS zone WHERE zone.id = %(zone_id)s
),
place AS MATERIALIZED (
    SELECT zone.id AS zone_id, zone.city_id = need.city_id AS same_city, {_KM} AS km,
           (zone.id = need.zone_id OR (zone.city_id = need.city_id AND (zone.is_whole_city OR need.is_whole_city)))
               AS is_the_zone
    FROM providers_zone AS zone CROSS JOIN need
),
searched AS MATERIALIZED (
    SELECT place.* FROM place
    WHERE is_the_zone OR (%(widened)s AND (same_city OR km <= %(reach_km)s))
),
trade AS MATERIALIZED (
    SELECT %(service_id)s::bigint AS service_id, true AS is_the_service
    UNION ALL
    SELECT related.to_service_id, false FROM providers_service_related AS related
    JOIN providers_service AS service ON service.id = related.to_service_id AND service.is_active
    WHERE %(widened)s AND related.from_service_id = %(service_id)s
),
covering AS (
    SELECT DISTINCT ON (provider_id) provider_id, is_the_service, is_the_zone, same_city, km AS zone_km
    FROM (
        SELECT covered.provider_id, cell.*
        FROM (SELECT * FROM trade CROSS JOIN searched
              ORDER BY is_the_service DESC, is_the_zone DESC, km, zone_id) AS cell
        CROSS JOIN LATERAL (
            SELECT row.provider_id FROM providers_coverage AS row
            WHERE row.service_id = cell.service_id AND row.zone_id = cell.zone_id
              AND (%(provider_id)s::bigint IS NULL OR row.provider_id = %(provider_id)s)
            OFFSET 0
        ) AS covered
        LIMIT %(at_most)s::bigint
    ) AS nearest
    ORDER BY provider_id, is_the_service DESC, is_the_zone DESC, km
),
known AS MATERIALIZED (
    SELECT provider.id AS provider_id, provider.name, provider.phone_number, provider.phone_doubtful,
           provider.status, provider.is_verified, provider.unavailable_until, provider.daily_capacity,
           provider.takes_emergencies,
           CASE WHEN provider.takes_emergencies AND %(on_call)s
                THEN greatest(provider.radius_km, %(emergency_radius_km)s) ELSE provider.radius_km END AS radius_km,
           covering.is_the_service, covering.is_the_zone, covering.same_city,
           coalesce(base.km, covering.zone_km) AS km,
           coalesce(standing.open_jobs, 0) AS open_jobs,
           CASE WHEN standing.jobs_today_on = %(today)s::date THEN standing.jobs_today ELSE 0 END AS jobs_today,
           coalesce(standing.offers_made, 0) AS offers_made,
           coalesce(standing.offers_accepted, 0) AS offers_accepted,
           coalesce(standing.rating_sum, 0) AS rating_sum,
           coalesce(standing.rating_count, 0) AS rating_count,
           standing.last_offer_at,
           (NOT EXISTS (SELECT 1 FROM providers_availability AS hours WHERE hours.provider_id = provider.id)
            OR EXISTS (SELECT 1 FROM providers_availability AS hours
                       WHERE hours.provider_id = provider.id AND hours.weekday = %(weekday)s
                         AND hours.opens <= %(time)s::time
                         AND (hours.closes > %(time)s::time OR hours.closes >= %(end_of_day)s::time))) AS is_open
    FROM covering
    JOIN providers_provider AS provider ON provider.id = covering.provider_id
    LEFT JOIN providers_standing AS standing ON standing.provider_id = provider.id
    LEFT JOIN place AS base ON base.zone_id = provider.base_zone_id
),
judged AS (
    SELECT known.*,
           CASE WHEN status = 'suspended' THEN 'suspended'
                WHEN status = 'on_hold' THEN 'on_hold'
                WHEN status <> 'active' THEN 'not_approved'
                WHEN NOT is_verified THEN 'not_verified'
                WHEN provider_id = ANY(%(exclude)s::bigint[]) THEN 'already_asked'
                WHEN unavailable_until > %(at)s THEN 'unavailable'
                WHEN jobs_today >= daily_capacity THEN 'at_capacity'
                WHEN NOT is_open AND NOT (takes_emergencies AND %(on_call)s) THEN 'outside_hours'
                WHEN NOT is_the_zone AND km > radius_km THEN 'out_of_reach'
                ELSE '' END AS left_out
    FROM known
)
"""  # noqa: S608  constants only; values are bound

# Those who may come, the nearest of the right trade first; and a few of those left out, so that their reasons are
# there however many may come.
POOL: Final = f"""{_CANDIDATES}
, ranked AS (
    SELECT judged.*, row_number() OVER (
               PARTITION BY left_out <> ''
               ORDER BY NOT is_the_service, phone_doubtful, NOT is_the_zone, km, last_offer_at NULLS FIRST, provider_id
           ) AS rank
    FROM judged
)
SELECT provider_id, name, phone_number, phone_doubtful, is_the_service, is_the_zone, same_city, is_open, km,
       open_jobs, offers_made, offers_accepted, rating_sum, rating_count, last_offer_at, left_out
FROM ranked
WHERE rank <= CASE WHEN left_out = '' THEN %(pool)s ELSE %(near_misses)s END
"""  # noqa: S608  constants only

LEFT_OUT_COUNTS: Final = f"{_CANDIDATES} SELECT left_out, count(*) FROM judged GROUP BY left_out"  # noqa: S608  constants only

Parameters = dict[str, Any]
