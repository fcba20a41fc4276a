"""How long to wait before the next try."""

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Final

FIRST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(hours=1)
FIRST_LOOK: Final = timedelta(seconds=30)  # for an unknown outcome: Twilio may work on a request for some 26 s


def doubled(first: timedelta, times: int, *, longest: timedelta = LONGEST) -> timedelta:
    """`first`, doubled so many times, but never more than `longest`."""
    wait: timedelta = first * 2 ** min(times, 16)
    return min(longest, wait)


def retry_delay(attempt: int, *, spread: Callable[[float, float], float] = random.uniform) -> timedelta:
    """Time to wait after the failed attempt number `attempt` (1 = the first).

    Full jitter: uniform between zero and min(1 h, 30 s * 2 ** (attempt - 1)): at most 30 s, 1, 2, 4, 8 min.
    Raises `ValueError` below 1. Source: Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    if attempt < 1:
        raise ValueError(f"attempt is {attempt}, but the first one is 1.")
    ceiling = doubled(FIRST, attempt - 1)
    return timedelta(seconds=spread(0, ceiling.total_seconds()))
