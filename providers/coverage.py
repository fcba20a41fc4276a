"""Which provider does which service in which zone: the table that matching reads."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection, transaction

from providers.models import Provider

# What the rows ought to be. A provider who is not (or no longer) at work keeps them: matching judges that itself,
# so that it can say why someone was left out.
WANTED = """
    SELECT offered.provider_id, offered.service_id, served.zone_id
    FROM providers_provider_services AS offered
    JOIN providers_provider_zones AS served ON served.provider_id = offered.provider_id
    WHERE %(everybody)s OR offered.provider_id = ANY(%(ids)s)
"""

ADD_MISSING = f"""
    INSERT INTO providers_coverage (provider_id, service_id, zone_id) {WANTED}
    ON CONFLICT (service_id, zone_id, provider_id) DO NOTHING
"""

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
    return _refresh(everybody=False, ids=ids)


@transaction.atomic
def refresh_all() -> CoverageChange:
    """The same for every provider, after a bulk load."""
    return _refresh(everybody=True, ids=[])


def _refresh(*, everybody: bool, ids: list[int]) -> CoverageChange:
    whom: dict[str, Any] = {"everybody": everybody, "ids": ids}
    with connection.cursor() as cursor:
        cursor.execute(DROP_SURPLUS, whom)
        removed = cursor.rowcount
        cursor.execute(ADD_MISSING, whom)
        return CoverageChange(added=cursor.rowcount, removed=removed)


def disagreements() -> tuple[int, int]:
    """Rows that are missing from the coverage, and rows that are too many; both are zero in a healthy database."""
    whom: dict[str, Any] = {"everybody": True, "ids": []}
    with connection.cursor() as cursor:
        cursor.execute(COUNT_MISSING, whom)
        (missing_count,) = cursor.fetchone()
        cursor.execute(COUNT_SURPLUS, whom)
        (surplus_count,) = cursor.fetchone()
    return missing_count, surplus_count
