"""Forgetting what is past its age: the kinds of all apps, all at once or in portions beside the worker's other duties."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import djobea.retention
import marketplace.retention
import notifications.retention
import providers.retention
from notifications import ageing
from notifications.ageing import Kind
from notifications.models import ScheduledRun

logger = logging.getLogger(__name__)
DAILY: Final = timedelta(days=1)
PORTION: Final = 5.0  # seconds that the worker gives to it before it looks after its other duties
ROUND: Final = "djobea.purge.round"  # the run that tells when everything had been looked at


class Aged(NamedTuple):
    """What a dry run says of one kind."""

    kind: Kind
    many: int
    oldest: datetime | None


def kinds() -> tuple[Kind, ...]:
    """Every kind of record that ages, of every app."""
    parts = (notifications.retention, marketplace.retention, providers.retention, djobea.retention)
    return tuple(kind for part in parts for kind in part.KINDS)


def foresee(at: datetime) -> Iterator[Aged]:
    """How much of each kind is past its age; reads whole tables, so it is for people, not for the worker."""
    for kind in kinds():
        yield Aged(kind, *ageing.count(kind, at))


def purge(at: datetime) -> Iterator[tuple[Kind, int]]:
    """Forget everything that is past its age; yields each kind with its number of rows."""
    for kind in kinds():
        yield kind, sum(ageing.forget(kind, at))
    _note_round(at)


def purge_a_portion(at: datetime) -> int:
    """The worker's duty: once a day, in portions of a few seconds until all is done. Returns how many rows it changed.

    A portion begins anew at the oldest rows; those that are forgotten do not come again, so each gets further.
    """
    if ScheduledRun.objects.filter(name=ROUND, last_at__gt=at - DAILY).exists():
        return 0
    changed, ends = 0, time.monotonic() + PORTION
    for kind in kinds():
        for many in ageing.forget(kind, at):
            changed += many
            if time.monotonic() > ends:
                return changed
    _note_round(at)
    if changed:
        logger.info("purge: all that is past its age is forgotten; %d rows in the last portion", changed)
    return changed


def _note_round(at: datetime) -> None:
    ScheduledRun.objects.update_or_create(name=ROUND, defaults={"last_at": at})
