"""Djobea's dispatch against the usual ways of handing out jobs, in a seeded simulation of two weeks in Douala.

Drives the real dispatch code on a fake clock, over PostgreSQL (DATABASE_URL, else the embedded server); the tables go into
databases of their own, one a process, which are dropped at the end. The town and its people: `dispatch_world`. Prints one
JSON line a policy, the means over the seeds: {"benchmark": "dispatch", "policy", "patience", "seeing", "seeds",
"matched_pct", "median_min", "p90_min", "offers_per_match", "late_accepts_per_match", "km_per_job", "gini"}; then, for each
variation, what of the aims against broadcast is reached. The real code takes about two minutes a town and core; the error
stream says how far it is.

    python benchmarks/dispatch.py --seeds 20 --days 14 --processes 2 --variations
"""

import argparse
import json
import os
import statistics
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
from benchmarks.dispatch_engine import Play
from benchmarks.dispatch_policies import baselines
from benchmarks.dispatch_world import Town

HALF_AND_MORE: Final = ((1.0, 1.0), (0.5, 1.0), (1.5, 1.0), (1.0, 0.5), (1.0, 1.5))  # patience, see-rate
Figures = dict[str, float]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    parser.add_argument(
        "--variations", action="store_true", help="patience and see-rate changed by half either way, too"
    )
    options = parser.parse_args()
    variations = HALF_AND_MORE if options.variations else HALF_AND_MORE[:1]
    tasks = [(seed, options.days, patience, seeing) for patience, seeing in variations for seed in range(options.seeds)]
    with ProcessPoolExecutor(options.processes, mp_context=get_context("spawn"), initializer=furnish) as pool:
        played = []
        for task, found in zip(tasks, pool.map(play, tasks), strict=True):
            played.append((task, found))
            print(f"{len(played)} of {len(tasks)} towns", file=sys.stderr, flush=True)
    for patience, seeing in variations:
        towns = [found for (_seed, _days, *how), found in played if how == [patience, seeing]]
        means = {policy: mean([town[policy] for town in towns]) for policy in towns[0]}
        for policy, found in means.items():
            tell(policy=policy, patience=patience, seeing=seeing, seeds=options.seeds, **found)
        tell(policy="aims", patience=patience, seeing=seeing, **aims(means["djobea"], means["broadcast"]))


def mean(rows: list[Figures]) -> Figures:
    """Figure by figure over the seeds."""
    return {name: round(statistics.fmean(row[name] for row in rows), 3) for name in rows[0]}


def aims(ours: Figures, broadcast: Figures) -> dict[str, Any]:
    """Djobea beside broadcast, in one run: first the relation, then whether it is what we aim for."""
    ratio = {
        name: round(ours[name] / broadcast[name], 3)
        for name in ("offers_per_match", "late_accepts_per_match", "km_per_job")
    }
    more = round(ours["matched_pct"] - broadcast["matched_pct"], 2)
    reached = {
        "matched": more >= 2,
        "offers": ratio["offers_per_match"] <= 0.35,
        "late": ratio["late_accepts_per_match"] <= 0.45,
        "km": ratio["km_per_job"] <= 0.70,
        "median": ours["median_min"] <= 4,
        "p90": ours["p90_min"] <= 10,
        "gini": ours["gini"] <= broadcast["gini"],
    }
    return {"matched_more": more, **ratio, "reached": sorted(name for name, is_it in reached.items() if is_it),
            "missed": sorted(name for name, is_it in reached.items() if not is_it)}  # fmt: skip


def furnish() -> None:
    """A database of its own for this process."""
    # Half of a benchmark is waiting for the disk to be sure; nobody needs these rows tomorrow.
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "djobea.settings",
        "DEBUG": "0",
        "SECRET_KEY": "benchmark-" + "0" * 50,
        "TWILIO_DAILY_LIMIT": "",
    }
    import logging

    import django

    django.setup()
    from django.db import connection

    logging.disable(logging.WARNING)
    creation: Any = connection.creation
    connection.settings_dict["TEST"]["NAME"] = f"djobea_dispatch_{os.getpid()}"
    before = connection.settings_dict["NAME"]
    name = creation.create_test_db(verbosity=0, autoclobber=True)
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    connection.close()
    Finalize(None, creation.destroy_test_db, args=(before, 0), exitpriority=10)


def play(task: tuple[int, int, float, float]) -> dict[str, Figures]:
    """One seed under every policy: its figures by policy."""
    from benchmarks.dispatch_djobea import Djobea, quiet

    seed, days, patience, seeing = task
    with quiet():
        return {
            policy.name: Play(Town(seed, days=days, patience=patience, seeing=seeing), policy).run()
            for policy in (Djobea(), *baselines())
        }


def tell(**facts: Any) -> None:
    print(json.dumps({"benchmark": "dispatch", **facts}), flush=True)


if __name__ == "__main__":
    main()
