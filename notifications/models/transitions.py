"""State machines as data: the one place where a `status` is written."""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeVar

from django.db import models

M_co = TypeVar("M_co", bound=models.Model, covariant=True)


class TransitionQuerySet(models.QuerySet[M_co]):
    """A queryset whose `move()` is the only writer of the model's `status`."""

    sources: ClassVar[Mapping[str, frozenset[str]]] = {}

    def move(self, to: str, **facts: Any) -> int:
        """Move the rows that may go to `to` and return how many went; zero: somebody was first.

        `facts` are further columns to set in the same statement. Raises `KeyError` for an unknown target.
        """
        return self.filter(status__in=self.sources[to]).update(status=to, **facts)
