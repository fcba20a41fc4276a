"""Discrete events: wishes arrive, providers answer, people leave; a policy decides who is asked when."""

import heapq
import itertools
import statistics
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from benchmarks.dispatch_world import MINUTE, WORK, Town, Wish, Worker

Asked = Iterable[tuple[Wish, Worker]]


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


class Play:
    """One town under one policy."""

    def __init__(self, town: Town, policy: Policy) -> None:
        self.town, self.policy = town, policy
        self.order = itertools.count()
        self.heap: list[tuple[float, int, str, Any]] = []
        self.wakes_at: float | None = None

    def run(self) -> dict[str, float]:
        """Play it to its end and return the figures."""
        self.policy.begin(self.town)
        for wish in self.town.wishes:
            self._push(wish.at, "opened", wish)
        happen: dict[str, Callable[[Any, float], Asked]] = {
            "opened": self._opened,
            "reply": self._reply,
            "leaves": self._leaves,
            "finished": lambda about, at: self.policy.finished(*about, at),
            "woken": self._woken,
        }
        while self.heap:
            at, _order, what, about = heapq.heappop(self.heap)
            for wish, worker in happen[what](about, at):
                reply = self.town.offered(wish, worker, at)
                if reply is not None:
                    self._push(at + reply.after, "reply", (wish, worker, reply.accepts))
            due = self.policy.next_at(at)
            if due is not None and (self.wakes_at is None or due < self.wakes_at):
                self.wakes_at = max(due, at)
                self._push(self.wakes_at, "woken", None)
        return figures(self.town)

    def _push(self, at: float, what: str, about: Any) -> None:
        heapq.heappush(self.heap, (at, next(self.order), what, about))

    def _opened(self, wish: Wish, at: float) -> Asked:
        self._push(wish.leaves_at, "leaves", wish)
        return self.policy.opened(wish, at)

    def _reply(self, about: tuple[Wish, Worker, bool], at: float) -> Asked:
        wish, worker, accepts = about
        if not accepts or not worker.is_free(at):
            return self.policy.declines(wish, worker, at)
        won, asked = self.policy.accepts(wish, worker, at)
        if won:
            wish.matched_at, wish.worker = at, worker.number
            worker.busy_until = at + WORK
            worker.jobs += 1
            self._push(worker.busy_until, "finished", (wish, worker))
        else:
            wish.late += 1
        return asked

    def _leaves(self, wish: Wish, at: float) -> Asked:
        if wish.matched_at is None:
            self.policy.left(wish, at)
        return ()

    def _woken(self, _about: None, at: float) -> Asked:
        if self.wakes_at == at:
            self.wakes_at = None
        return self.policy.woken(at)


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
