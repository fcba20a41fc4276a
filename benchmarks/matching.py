"""How long one whole match takes in networks of a thousand, a hundred thousand and a million providers.

Needs PostgreSQL (DATABASE_URL, else the embedded server) and some 4 GB of its disk; the tables go into a database of
their own, which is dropped at the end. `matching_network.py` says what the made-up providers are like.

A match is what dispatch does for a wave of four: the exact level, the broad one where that finds too few, for one
request in five the emergency one too; with the availability of everybody who is compared, their scores, the reasons of
the chosen and up to 12 near misses. Requests come from all quarters of Douala, for trades as they are asked for, in two
peaks a day (8:30 and 17:30), half with a shared location, half with people who were asked already. Beside it in turn, through the
same cursor, the best query that one would write by hand, from a table of its own with a partial covering index that
holds name and number too: `sql` reads the five who come first, `sql-pool` as many as a match compares, with all that a
score is made of, but neither levels, hours, reasons nor near misses. Prints one JSON line a figure:
{"benchmark": "matching", "system": "djobea, sql or sql-pool", "providers", "p50_ms", "p99_ms", "queries"},
{"benchmark": "availability", "providers", "p50_ms", "p99_ms"}, then the ratios.

    python benchmarks/matching.py --sizes 1000,100000,1000000 --rounds 2000
"""

import argparse
import json
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
WANTED = 4  # places of a wave
BY_HAND = """
    DROP TABLE IF EXISTS benchmark_coverage;
    CREATE TABLE benchmark_coverage AS
    SELECT row.service_id, row.zone_id, row.provider_id, row.in_line_since, provider.name, provider.phone_number,
        provider.base_zone_id, standing.open_jobs, standing.offers_made, standing.offers_accepted, standing.rating_sum,
        standing.rating_count, standing.last_offer_at, row.rank = 0 AND row.in_line_since <= now() AS is_available
    FROM providers_coverage AS row JOIN providers_provider AS provider ON provider.id = row.provider_id
    LEFT JOIN providers_standing AS standing ON standing.provider_id = row.provider_id;
    CREATE INDEX ON benchmark_coverage (service_id, zone_id, in_line_since) INCLUDE (provider_id, name, phone_number,
        base_zone_id, open_jobs, offers_made, offers_accepted, rating_sum, rating_count, last_offer_at)
        WHERE is_available;
    VACUUM ANALYZE benchmark_coverage
"""
FIVE = """
    SELECT provider_id, name, phone_number FROM benchmark_coverage
    WHERE service_id = %s AND zone_id = %s AND is_available ORDER BY in_line_since LIMIT 5
"""
AS_MANY = """
    SELECT provider_id, name, phone_number, base_zone_id, open_jobs, offers_made, offers_accepted, rating_sum,
        rating_count, last_offer_at FROM benchmark_coverage
    WHERE service_id = %s AND zone_id = %s AND is_available ORDER BY in_line_since LIMIT 24
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,100000,1000000", help="providers of each network")
    parser.add_argument("--rounds", type=int, default=2000, help="matches in each network")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "djobea.settings", "DEBUG": "0", "SECRET_KEY": "benchmark-" + "0" * 50}
    import django

    django.setup()
    from django.db import connection

    from benchmarks import matching_network
    from providers import seeding

    creation: Any = connection.creation
    creation.create_test_db(verbosity=0, autoclobber=True)
    found = {}
    try:
        for step in seeding.steps(demo_providers=False):
            step.run()
        for size in (int(size) for size in options.sizes.split(",")):
            matching_network.fill(size)
            found[size] = measure(size, options.rounds)
    finally:
        creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    smallest, largest = min(found), max(found)
    ratios = {f"to_{system}": found[largest]["djobea"] / found[largest][system] for system in ("sql", "sql-pool")}
    ratios["to_smallest"] = found[largest]["djobea"] / found[smallest]["djobea"]
    tell("matching-ratio", of="p99", providers=largest, **{name: round(ratio, 2) for name, ratio in ratios.items()})


def measure(providers: int, rounds: int) -> dict[str, float]:
    """Time all systems in turn on one network; their p99 in milliseconds."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in BY_HAND.split(";"):
            cursor.execute(statement)
    needs = [a_request(number) for number in range(rounds)]
    queries = max(count_queries(need) for need in needs[:50])
    taken: dict[str, list[float]] = {"djobea": [], "sql": [], "sql-pool": []}
    for need, at in needs:
        taken["djobea"].append(timed(partial(match, need, at)))
        taken["sql"].append(timed(partial(by_hand, FIVE, need)))
        taken["sql-pool"].append(timed(partial(by_hand, AS_MANY, need)))
    for system, times in taken.items():
        tell(
            "matching",
            system=system,
            providers=providers,
            **figures(times),
            queries=queries if system == "djobea" else 1,
        )
    tell("availability", providers=providers, **figures(change_availability(providers, min(rounds, 1000))))
    return {system: figures(times)["p99_ms"] for system, times in taken.items()}


def a_request(number: int) -> tuple[Any, datetime]:
    """The request of this number: what is needed, and when."""
    from django.utils import timezone

    from providers.matching import Need
    from providers.models import Service, Zone

    if not CACHE:
        zones = Zone.objects.filter(city__slug="douala", is_whole_city=False).order_by("pk")
        CACHE.extend([list(Service.objects.order_by("pk").values_list("pk", flat=True)), list(zones)])
    services, zones = CACHE
    dice = random.Random(number)
    zone = dice.choice(zones)
    shared = {
        "latitude": zone.latitude + dice.uniform(-0.01, 0.01),
        "longitude": zone.longitude + dice.uniform(-0.01, 0.01),
    }
    need = Need(
        service_id=services[int(dice.random() ** 2 * len(services))],
        zone_id=zone.pk,
        urgency="emergency" if number % 5 == 0 else "today",
        exclude=tuple(dice.sample(range(1, 1000), 8)) if number % 4 > 1 else (),
        **(shared if number % 2 else {}),
    )
    day = timezone.localtime().replace(hour=0, minute=0) + timedelta(days=dice.randrange(7))
    return need, day + timedelta(hours=dice.gauss(dice.choice((8.5, 17.5)), 2))


CACHE: list[Any] = []


def match(need: Any, at: datetime) -> None:
    """Widen until a wave is full, as dispatch does."""
    from providers.matching import EMERGENCY, Level, find_candidates

    for level in (Level.EXACT, Level.BROAD, Level.EMERGENCY):
        if level == Level.EMERGENCY and need.urgency != EMERGENCY:
            break
        if len(find_candidates(need, level, at, WANTED, near_misses=False).chosen) >= WANTED:
            break


def by_hand(statement: str, need: Any) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, [need.service_id, need.zone_id])
        cursor.fetchall()


def count_queries(request: tuple[Any, datetime]) -> int:
    """Queries of one level; the same at each size."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from providers.matching import Level, find_candidates

    need, at = request
    with CaptureQueriesContext(connection) as queries:
        find_candidates(need, Level.BROAD, at, WANTED, near_misses=False)
    return len(queries)


def change_availability(providers: int, rounds: int) -> list[float]:
    """Seconds of each change, with its commit: somebody goes away, somebody comes back."""
    from django.utils import timezone

    from providers import availability

    dice, until = random.Random(1), timezone.now() + timedelta(days=1)
    taken = []
    for _round in range(rounds // 2):
        provider = dice.randint(1, providers)
        taken.append(timed(partial(availability.set_unavailable, provider, until=until)))
        taken.append(timed(partial(availability.set_available, provider)))
    return taken


def timed(deed: Callable[[], object]) -> float:
    began = time.perf_counter()
    deed()
    return time.perf_counter() - began


def figures(seconds: list[float]) -> dict[str, float]:
    """Median and 99th percentile in milliseconds; the first twenty warm up and do not count."""
    milliseconds = sorted(second * 1000 for second in seconds[20:])
    return {
        "p50_ms": round(statistics.median(milliseconds), 3),
        "p99_ms": round(milliseconds[int(len(milliseconds) * 0.99)], 3),
    }


def tell(benchmark: str, **facts: object) -> None:
    print(json.dumps({"benchmark": benchmark} | facts), flush=True)


if __name__ == "__main__":
    main()
