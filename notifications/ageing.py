"""How records past their age are forgotten: oldest first, in small batches, each in a short transaction of its own.

No lock is waited for: a row that somebody else holds is left for the next day, and nobody waits for a purge longer than
one batch takes. The table is walked along its key, so that no index is needed: what is left of old rows is little, and
the walk ends where all rows are younger than the period. The periods stand in one table, `settings.RETENTION_DAYS`.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Min, QuerySet

SLICE: Final = 5000  # rows of the walk that are looked at together
BATCH: Final = 500  # rows that one transaction forgets
PAUSE: Final = 0.05  # seconds between two batches, for those who send


@dataclass(frozen=True)
class Kind:
    """A kind of record that ages.

    `past(before)` are the rows that ended before that time and still hold something to forget, with the time of their
    end as `aged_at`; `forget(keys)` deletes or empties locked ones. `born` is the time column that grows with the key;
    without it the whole table is walked.
    """

    name: str  # of its period in the settings
    what: Any
    past: Callable[[datetime], QuerySet[Any]]
    forget: Callable[[Sequence[Any]], object]
    born: str = ""

    @property
    def days(self) -> int:
        """Its period."""
        return int(settings.RETENTION_DAYS[self.name])

    def cutoff(self, at: datetime) -> datetime:
        """What ended before this time is past its age."""
        return at - timedelta(days=self.days)


def count(kind: Kind, at: datetime) -> tuple[int, datetime | None]:
    """How many rows are past their age, and when the oldest of them ended."""
    found = kind.past(kind.cutoff(at)).order_by().aggregate(many=Count("pk"), oldest=Min("aged_at"))
    return found["many"], found["oldest"]


def forget(kind: Kind, at: datetime) -> Iterator[int]:
    """Forget what is past its age, a batch at each step; yields how many rows that were."""
    past = kind.past(kind.cutoff(at))
    for keys in _walk(kind, past, kind.cutoff(at)):
        for begin in range(0, len(keys), BATCH):
            with transaction.atomic():
                # Looked at again under the lock: somebody may have sent it again meanwhile.
                mine = past.filter(pk__in=keys[begin : begin + BATCH]).select_for_update(skip_locked=True, of=("self",))
                locked = list(mine.order_by("pk").values_list("pk", flat=True))
                kind.forget(locked)
            if locked:
                yield len(locked)
                time.sleep(PAUSE)


def _walk(kind: Kind, past: QuerySet[Any], cutoff: datetime) -> Iterator[list[Any]]:
    """Keys of rows past their age, a slice of the table at a time, oldest first."""
    table = past.model._base_manager.order_by("pk").values_list("pk", kind.born or "pk")  # noqa: SLF001  public in Django
    rows = list(table[:SLICE])
    while rows and not (kind.born and all(born >= cutoff for _key, born in rows)):
        first, last = rows[0][0], rows[-1][0]
        keys = list(past.filter(pk__gte=first, pk__lte=last).order_by("pk").values_list("pk", flat=True))
        if keys:
            yield keys
        rows = list(table.filter(pk__gt=last)[:SLICE])
