"""Which provider does which service in which zone: the table that matching reads."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from django.db import connection, transaction

from providers.models import USUAL_REPLY, Provider, Rank, Standing

# What the rows ought to be. A provider who is not (or no longer) at work keeps them: matching judges that itself,
# so that it can say why someone was left out.
WANTED = """
    SELECT offered.provider_id, offered.service_id, served.zone_id
    FROM providers_provider_services AS offered
    JOIN providers_provider_zones AS served ON served.provider_id = offered.provider_id
    WHERE %(everybody)s OR offered.provider_id = ANY(%(ids)s)
"""

# What the columns that repeat the provider, the hours and the standing ought to say; triggers keep them so (migration
# 0004). `provider` and `standing` are the rows they come from.
REPEATED: Final = {
    "rank": f"CASE WHEN provider.status <> 'active' OR NOT provider.is_verified OR provider.daily_capacity = 0"
    f" THEN {Rank.MAY_NOT:d} WHEN provider.phone_doubtful THEN {Rank.DOUBTFUL:d} ELSE {Rank.MAY:d} END",
    "away_until": "provider.unavailable_until",
    "base_zone_id": "provider.base_zone_id",
    "radius_km": "provider.radius_km",
    "daily_capacity": "provider.daily_capacity",
    "takes_emergencies": "provider.takes_emergencies",
    "held_back": "CASE WHEN provider.status IN ('suspended', 'on_hold') THEN provider.status"
    " WHEN provider.status <> 'active' THEN 'not_approved' WHEN NOT provider.is_verified THEN 'not_verified' ELSE '' END",
    # The minute after 23:59 belongs to the same evening, as in `availability.END_OF_DAY`.
    "works_at": "(SELECT range_agg(int4range(weekday * 86400 + extract(epoch FROM opens)::int, weekday * 86400"
    " + CASE WHEN closes >= '23:59' THEN 86400 ELSE extract(epoch FROM closes)::int END))"
    " FROM providers_availability AS hours WHERE hours.provider_id = provider.id)",
    "open_jobs": "coalesce(standing.open_jobs, 0)",
    "jobs_today": "coalesce(standing.jobs_today, 0)",
    "jobs_today_on": "standing.jobs_today_on",
    "offers_made": "coalesce(standing.offers_made, 0)",
    "offers_accepted": "coalesce(standing.offers_accepted, 0)",
    "rating_sum": "coalesce(standing.rating_sum, 0)",
    "rating_count": "coalesce(standing.rating_count, 0)",
    "reply_seconds": f"coalesce(standing.reply_seconds, {USUAL_REPLY})",
    "last_offer_at": "standing.last_offer_at",
    "offers_lately": "coalesce(standing.offers_lately, 0)",
}
COLUMNS: Final = ", ".join(REPEATED)
# From no row but the provider's own, so that a million of them are read once each.
TRUTH: Final = f"""
    SELECT provider.id, {", ".join(f"{truth} AS {name}" for name, truth in REPEATED.items())}
    FROM providers_provider AS provider
    LEFT JOIN providers_standing AS standing ON standing.provider_id = provider.id
"""  # noqa: S608  constants only

ADD_MISSING: Final = f"""
    INSERT INTO providers_coverage (provider_id, service_id, zone_id, {COLUMNS})
    SELECT wanted.*, {", ".join(f"truth.{name}" for name in REPEATED)} FROM ({WANTED}) AS wanted
    JOIN ({TRUTH} WHERE %(everybody)s OR provider.id = ANY(%(ids)s)) AS truth ON truth.id = wanted.provider_id
    ON CONFLICT (service_id, zone_id, provider_id) DO NOTHING
"""  # noqa: S608  constants only

DROP_SURPLUS = """
    DELETE FROM providers_coverage AS covered
    WHERE (%(everybody)s OR covered.provider_id = ANY(%(ids)s))
      AND NOT (
        EXISTS (SELECT 1 FROM providers_provider_services AS offered
                WHERE offered.provider_id = covered.provider_id AND offered.service_id = covered.service_id)
        AND EXISTS (SELECT 1 FROM providers_provider_zones AS served
                    WHERE served.provider_id = covered.provider_id AND served.zone_id = covered.zone_id)
      )
"""


class CoverageChange(NamedTuple):
    """Rows of coverage that were written and deleted."""

    added: int
    removed: int


COUNT_SURPLUS = DROP_SURPLUS.replace("DELETE FROM", "SELECT count(*) FROM", 1)
COUNT_MISSING = f"""
    SELECT count(*) FROM ({WANTED}) AS wanted
    WHERE NOT EXISTS (SELECT 1 FROM providers_coverage AS covered
                      WHERE covered.service_id = wanted.service_id AND covered.zone_id = wanted.zone_id
                        AND covered.provider_id = wanted.provider_id)
"""  # noqa: S608  constants only

_IS_UNTRUE: Final = f"""
    ({", ".join(f"covered.{name}" for name in REPEATED)})
    IS DISTINCT FROM ({", ".join(f"truth.{name}" for name in REPEATED)})
"""
COUNT_UNTRUE: Final = f"""
    SELECT count(*) FROM providers_coverage AS covered JOIN ({TRUTH}) AS truth ON truth.id = covered.provider_id
    WHERE {_IS_UNTRUE}
"""  # noqa: S608  constants only
MEND: Final = f"""
    UPDATE providers_coverage AS covered SET {", ".join(f"{name} = truth.{name}" for name in REPEATED)}
    FROM ({TRUTH}) AS truth WHERE truth.id = covered.provider_id AND {_IS_UNTRUE}
"""  # noqa: S608  constants only


@transaction.atomic
def refresh(providers: Provider | int | Iterable[Provider | int]) -> CoverageChange:
    """Bring the coverage of these providers (rows or ids) in step with their services and zones.

    Writes the difference only, in two statements for any number of providers.
    """
    if isinstance(providers, (Provider, int)):
        providers = [providers]
    ids = sorted({provider.pk if isinstance(provider, Provider) else provider for provider in providers})
    # The rows of the providers are locked, in one order, so that two refreshes cannot undo each other.
    list(Provider.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    # And their standings, so that a new row does not miss an offer that is being made.
    list(Standing.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    return _refresh(everybody=False, ids=ids)


@transaction.atomic
def refresh_all() -> CoverageChange:
    """The same for every provider, after a bulk load; also mends rows whose place in the line is untrue."""
    change = _refresh(everybody=True, ids=[])
    with connection.cursor() as cursor:
        cursor.execute(MEND)
    return change


def _refresh(*, everybody: bool, ids: list[int]) -> CoverageChange:
    whom: dict[str, Any] = {"everybody": everybody, "ids": ids}
    with connection.cursor() as cursor:
        cursor.execute(DROP_SURPLUS, whom)
        removed = cursor.rowcount
        cursor.execute(ADD_MISSING, whom)
        return CoverageChange(added=cursor.rowcount, removed=removed)


class Disagreements(NamedTuple):
    """Rows of coverage that are not as they should be; each is zero in a healthy database."""

    missing: int
    surplus: int
    untrue: int  # their place in the line is not what the provider and the standing say


def disagreements() -> Disagreements:
    """Compare the whole coverage with what it repeats."""
    whom: dict[str, Any] = {"everybody": True, "ids": []}
    with connection.cursor() as cursor:
        cursor.execute(COUNT_MISSING, whom)
        (missing_count,) = cursor.fetchone()
        cursor.execute(COUNT_SURPLUS, whom)
        (surplus_count,) = cursor.fetchone()
        cursor.execute(COUNT_UNTRUE)
        (untrue_count,) = cursor.fetchone()
    return Disagreements(missing_count, surplus_count, untrue_count)
