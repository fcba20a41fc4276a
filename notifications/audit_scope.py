"""What one run of the self-audit looks at, so that it stays quick however many rows there are.

A run of the worker sees the newest rows of a table, one slice of the old ones, and what was broken at the run before;
the next run takes the next slice. The slice follows from the clock, so nobody has to remember it, whichever worker
runs. With a million rows and a run every five minutes, every row is looked at within nine hours; `manage.py audit`
looks at all of them at once.
"""

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, TypeVar

from django.db.models import Max, Min, Model, Q, QuerySet

EVERY: Final = timedelta(minutes=5)  # between two runs of the worker
SLICE: Final = 10_000  # rows
NAMED: Final = 1000  # broken rows that are looked at again; more are found again by the slices
M_co = TypeVar("M_co", bound=Model, covariant=True)


@dataclass(frozen=True)
class Look:
    """The time of a run, whether it sees everything, and the keys that its check named the last time."""

    at: datetime
    is_full: bool = True
    named: Collection[int] = ()

    def within(self, rows: QuerySet[M_co], *, size: int = SLICE, also: Collection[int] = ()) -> QuerySet[M_co]:
        """Those of `rows` whose turn it is: the newest `size`, a slice of `size`, the named ones, and `also` (keys)."""
        if self.is_full:
            return rows
        keys = rows.model._base_manager.aggregate(oldest=Min("pk"), newest=Max("pk"))  # noqa: SLF001  public in Django
        if keys["newest"] is None:
            return rows.none()
        slices = (keys["newest"] - keys["oldest"]) // size + 1
        begin = keys["oldest"] + int(self.at.timestamp() // EVERY.total_seconds()) % slices * size
        whose_turn = Q(pk__gt=keys["newest"] - size) | Q(pk__gte=begin, pk__lt=begin + size)
        if again := {*self.named, *also}:
            whose_turn |= Q(pk__in=again)
        return rows.filter(whose_turn)


class Check(NamedTuple):
    """One invariant: its name (part of the alert's fingerprint), what its breach is called, and how it is found.

    `find` yields the key of each broken row and a sentence about it; none is good news.
    """

    name: str
    title: Any
    find: Callable[[Look], Iterable[tuple[int, str]]]
