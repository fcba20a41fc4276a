"""Which provider does which service in which zone: the table that matching reads."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection, transaction

from providers.models import Provider, Rank, Standing

# What the rows ought to be. A provider who is not (or no longer) at work keeps them: matching judges that itself,
# so that it can say why someone was left out.
WANTED = """
    SELECT offered.provider_id, offered.service_id, served.zone_id
    FROM providers_provider_services AS offered
    JOIN providers_provider_zones AS served ON served.provider_id = offered.provider_id
    WHERE %(everybody)s OR offered.provider_id = ANY(%(ids)s)
"""

# What the columns that repeat the provider and the standing ought to say; triggers keep them so (migration 0002).
RANK = f"""
    CASE WHEN provider.status <> 'active' OR NOT provider.is_verified OR provider.daily_capacity = 0 THEN {Rank.MAY_NOT:d}
         WHEN provider.phone_doubtful THEN {Rank.DOUBTFUL:d} ELSE {Rank.MAY:d} END
"""
LINE = f"{RANK} AS rank, provider.unavailable_until AS away_until, standing.last_offer_at"

ADD_MISSING = f"""
    INSERT INTO providers_coverage (provider_id, service_id, zone_id, rank, away_until, last_offer_at)
    SELECT wanted.*, {LINE} FROM ({WANTED}) AS wanted
    JOIN providers_provider AS provider ON provider.id = wanted.provider_id
    LEFT JOIN providers_standing AS standing ON standing.provider_id = wanted.provider_id
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

COUNT_UNTRUE = f"""
    SELECT count(*) FROM providers_coverage AS covered
    JOIN providers_provider AS provider ON provider.id = covered.provider_id
    LEFT JOIN providers_standing AS standing ON standing.provider_id = covered.provider_id
    WHERE covered.rank <> ({RANK}) OR (covered.away_until, covered.last_offer_at)
        IS DISTINCT FROM (provider.unavailable_until, standing.last_offer_at)
"""  # noqa: S608  constants only
MEND = f"""
    UPDATE providers_coverage AS covered
    SET rank = true_line.rank, away_until = true_line.away_until, last_offer_at = true_line.last_offer_at
    FROM (SELECT provider.id, {LINE} FROM providers_provider AS provider
          LEFT JOIN providers_standing AS standing ON standing.provider_id = provider.id) AS true_line
    WHERE true_line.id = covered.provider_id
      AND (covered.rank, covered.away_until, covered.last_offer_at)
          IS DISTINCT FROM (true_line.rank, true_line.away_until, true_line.last_offer_at)
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
