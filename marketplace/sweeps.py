"""Duties that go through rows: each row in a transaction of its own, so that one that fails holds up nobody."""

import logging
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial

from marketplace import staff_alerts
from notifications import database_faults
from notifications.failures import recording_failure

logger = logging.getLogger(__name__)


def each(duty: str, keys: Iterable[int], deed: Callable[[int, datetime], int], *, at: datetime) -> int:
    """Do `deed(key, at)` for every key and return the sum of what it returns.

    A row that fails is rolled back, told to staff and passed over; the next run tries it again. The alert ends with
    the first run in which nothing fails. Raises the database's error when the database is gone.
    """
    done = tried = failed = 0
    for key in keys:
        tried += 1
        try:
            with recording_failure(partial(_note, duty, key, at)):
                done += deed(key, at)
        except Exception as error:
            if database_faults.passes(error):
                raise
            logger.exception("%s failed for row %d", duty, key)
            failed += 1
    if tried and not failed:
        staff_alerts.sweep_works(duty, at=at)
    return done


def _note(duty: str, key: int, at: datetime, error: Exception) -> None:
    staff_alerts.sweep_failed(duty, key, error, at=at)
