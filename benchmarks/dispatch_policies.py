"""The usual ways to hand out jobs, for comparison: one by one, to all at once, and plain waves of the nearest."""

import random
from collections.abc import Callable, Iterator
from typing import Final

from benchmarks.dispatch_engine import Asked
from benchmarks.dispatch_world import MINUTE, Town, Wish, Worker

ONE_WAITS: Final = 6 * MINUTE  # for one provider, before the next is asked
WAVE_WAITS: Final = 6 * MINUTE


class Waves:
    """`size` providers in an order, then the next ones after `waits` seconds; a late answer is still taken."""

    def __init__(
        self, name: str, size: int, waits: float, order: Callable[[Town, Wish, list[Worker]], list[Worker]]
    ) -> None:
        self.name, self.size, self.waits, self.order = name, size, waits, order
        self.due: dict[int, float] = {}
        self.asked: dict[int, int] = {}  # offers of the running wave that nobody has answered

    def begin(self, town: Town) -> None:
        self.town, self.due, self.asked = town, {}, {}

    def opened(self, wish: Wish, at: float) -> Asked:
        return self._wave(wish, at)

    def _wave(self, wish: Wish, at: float) -> list[tuple[Wish, Worker]]:
        free = [
            worker
            for worker in self.town.workers
            if wish.service in worker.services and worker.number not in wish.offers and worker.is_free(at)
        ]
        chosen = self.order(self.town, wish, free)[: self.size]
        self.due[wish.number] = at + self.waits
        self.asked[wish.number] = len(chosen)
        return [(wish, worker) for worker in chosen]

    def accepts(self, wish: Wish, worker: Worker, at: float) -> tuple[bool, Asked]:  # noqa: ARG002  one shape for all
        if not wish.is_open(at):
            return False, ()
        self.due.pop(wish.number, None)
        return True, ()

    def declines(self, wish: Wish, worker: Worker, at: float) -> Asked:  # noqa: ARG002
        if not wish.is_open(at):
            return ()
        self.asked[wish.number] -= 1
        return self._wave(wish, at) if self.asked[wish.number] <= 0 else ()

    def left(self, wish: Wish, at: float) -> None:  # noqa: ARG002
        self.due.pop(wish.number, None)

    def finished(self, wish: Wish, worker: Worker, at: float) -> Asked:  # noqa: ARG002
        return ()

    def woken(self, at: float) -> Iterator[tuple[Wish, Worker]]:
        for number, due in list(self.due.items()):
            if due <= at:
                yield from self._wave(self.town.wishes[number], at)

    def next_at(self, at: float) -> float | None:  # noqa: ARG002
        return min(self.due.values(), default=None)


def nearest(town: Town, wish: Wish, workers: list[Worker]) -> list[Worker]:  # noqa: ARG001
    return sorted(workers, key=lambda worker: wish.place.km_to(worker.home))


def at_random(town: Town, wish: Wish, workers: list[Worker]) -> list[Worker]:
    shuffled = list(workers)
    random.Random(f"{town.seed}:{wish.number}:{len(wish.offers)}").shuffle(shuffled)
    return shuffled


def baselines() -> list[Waves]:
    """Those that Djobea is measured against."""
    return [
        Waves("broadcast", 1_000_000, WAVE_WAITS, nearest),
        Waves("nearest", 1, ONE_WAITS, nearest),
        Waves("random", 1, ONE_WAITS, at_random),
        Waves("waves_3", 3, WAVE_WAITS, nearest),
        Waves("waves_5", 5, WAVE_WAITS, nearest),
    ]
