"""The simulator's own time, and what shall happen at a moment of it."""

import asyncio
import heapq
import itertools
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import format_datetime

# asyncio's timers stop being exact for very long waits, so the alarm is set again at least this often.
LONGEST_NAP_SECONDS = 60.0


class Clock:
    """The machine's clock plus an offset, and a list of things to do.

    Whatever waits (receipts, delayed callbacks, steps of a script) waits here, so that moving the offset by a day
    makes a day's worth of events happen, in their order.
    """

    def __init__(self, offset_seconds: float = 0.0) -> None:
        self.offset_seconds = offset_seconds
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._alarm: asyncio.TimerHandle | None = None

    def now(self) -> float:
        """Seconds since 1970, offset included."""
        return time.time() + self.offset_seconds

    def move_to(self, offset_seconds: float) -> None:
        """Set the offset (seconds against the machine's clock) and run what has become due."""
        self.offset_seconds = offset_seconds
        self._run_due()

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` when the clock stands `seconds` later than now."""
        heapq.heappush(self._waiting, (self.now() + seconds, next(self._numbers), action))
        if self._waiting[0][2] is action:
            self._set_alarm()

    def forget_all(self) -> None:
        """Drop everything that waits."""
        self._waiting.clear()
        self._set_alarm()

    def _run_due(self) -> None:
        while self._waiting and self._waiting[0][0] <= self.now():
            heapq.heappop(self._waiting)[2]()
        self._set_alarm()

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None
        if self._waiting:
            nap = min(max(self._waiting[0][0] - self.now(), 0.0), LONGEST_NAP_SECONDS)
            self._alarm = asyncio.get_running_loop().call_later(nap, self._run_due)


def as_datetime(moment: float) -> datetime:
    """The moment (seconds since 1970) as an aware datetime in UTC."""
    return datetime.fromtimestamp(moment, UTC)


def rfc2822(moment: float | None) -> str | None:
    """As Twilio's 2010 API writes times: `Tue, 24 Nov 2026 11:00:00 +0000`."""
    return None if moment is None else format_datetime(as_datetime(moment).replace(microsecond=0))


def iso8601(moment: float) -> str:
    """As Twilio's newer APIs write times: `2026-11-24T11:00:00Z`."""
    return as_datetime(moment).strftime("%Y-%m-%dT%H:%M:%SZ")
