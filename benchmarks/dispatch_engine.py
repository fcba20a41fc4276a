"""Discrete events: wishes arrive, providers answer, people leave; a policy decides who is asked when."""

import heapq
import itertools
import statistics
from collections.abc import Iterable
from typing import Any, Final, Protocol

from benchmarks.dispatch_world import MINUTE, WORK, Town, Wish, Worker

Asked = Iterable[tuple[Wish, Worker]]
LATE_COUNTS_FOR: Final = 24 * 60 * MINUTE


class Policy(Protocol):
    """Each deed returns the offers that it makes; `next_at` tells when the policy wants to be woken."""

    name: str

    def begin(self, town: Town) -> None: ...
    def opened(self, wish: Wish, at: float) -> Asked: ...
    def accepts(self, wish: Wish, worker: Worker, at: float) -> tuple[bool, Asked]: ...
    def declines(self, wish: Wish, worker: Worker, at: float) -> Asked: ...
    def left(self, wish: Wish, at: float) -> None: ...
    def finished(self, wish: Wish, worker: Worker, at: float) -> Asked: ...
    def woken(self, at: float) -> Asked: ...
    def next_at(self, at: float) -> float | None: ...


def run(town: Town, policy: Policy) -> dict[str, float]:
    """Play the whole town under one policy and return its figures."""
    policy.begin(town)
    order = itertools.count()
    heap: list[tuple[float, int, str, Any]] = [(wish.at, next(order), "opened", wish) for wish in town.wishes]
    heapq.heapify(heap)
    woken_at: float | None = None

    def schedule(asked: Asked, at: float) -> None:
        for wish, worker in asked:
            reply = town.offered(wish, worker, at)
            if reply is not None:
                heapq.heappush(heap, (at + reply.after, next(order), "reply", (wish, worker, reply.accepts)))

    while heap:
        at, _order, what, about = heapq.heappop(heap)
        if what == "opened":
            heapq.heappush(heap, (about.leaves_at, next(order), "leaves", about))
            schedule(policy.opened(about, at), at)
        elif what == "reply":
            wish, worker, accepts = about
            if not accepts or not worker.is_free(at):
                if wish.is_open(at):
                    schedule(policy.declines(wish, worker, at), at)
            else:
                won, asked = policy.accepts(wish, worker, at)
                if won:
                    wish.matched_at, wish.worker = at, worker.number
                    worker.busy_until = at + WORK
                    worker.jobs += 1
                    heapq.heappush(heap, (at + WORK, next(order), "finished", (wish, worker)))
                else:
                    wish.late += 1
                schedule(asked, at)
        elif what == "leaves":
            if about.matched_at is None:
                policy.left(about, at)
        elif what == "finished":
            schedule(policy.finished(*about, at), at)
        elif what == "woken":
            if woken_at == at:
                woken_at = None
            schedule(policy.woken(at), at)
        due = policy.next_at(at)
        if due is not None and (woken_at is None or due < woken_at):
            woken_at = max(due, at)
            heapq.heappush(heap, (woken_at, next(order), "woken", None))
    return figures(town)


def figures(town: Town) -> dict[str, float]:
    """What the benchmark reports, from the wishes and workers as they stand after the run."""
    matched = [wish for wish in town.wishes if wish.matched_at is not None]
    minutes = sorted((wish.matched_at - wish.at) / MINUTE for wish in matched if wish.matched_at is not None)
    km = [wish.place.km_to(town.workers[wish.worker].home) for wish in matched if wish.worker is not None]
    count = max(len(matched), 1)
    return {
        "matched_pct": 100 * len(matched) / len(town.wishes),
        "median_min": statistics.median(minutes),
        "p90_min": minutes[int(len(minutes) * 0.9)],
        "offers_per_match": sum(len(wish.offers) for wish in town.wishes) / count,
        "late_accepts_per_match": sum(wish.late for wish in town.wishes) / count,
        "km_per_job": statistics.fmean(km),
        "gini": gini([worker.jobs for worker in town.workers]),
    }


def gini(shares: Iterable[float]) -> float:
    """Gini coefficient: 0 when all have the same, near 1 when one has everything."""
    ranked = sorted(shares)
    total = sum(ranked)
    if not total:
        return 0.0
    weighted = sum(rank * share for rank, share in enumerate(ranked, start=1))
    return 2 * weighted / (len(ranked) * total) - (len(ranked) + 1) / len(ranked)
