"""From NOTIFY to the broker: what was just committed is nudged at once instead of at beat's next second."""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any, Final

from kombu.exceptions import OperationalError

from djobea import listening, tasks
from djobea.celery import STALE
from notifications import wake

logger = logging.getLogger(__name__)
NUDGES: Final[Mapping[str, Any]] = {wake.OUTBOX: tasks.send, wake.INBOX: tasks.answer}
GATHER: Final = 0.05  # seconds; a thousand commits in a second are twenty nudges, not a thousand


class Bridge:
    """Sends a task for what it hears, until `stop()`. Several may run: a nudge too many finds nothing to do."""

    def __init__(self) -> None:
        self.stopping = threading.Event()
        self.ringing = threading.Event()
        self._heard: set[str] = set()
        self._lock = threading.Lock()
        self._is_cut_off = False

    def run(self) -> None:
        """Listen and nudge."""
        listener = threading.Thread(target=listening.listen, args=(self._hear, self.stopping), daemon=True)
        listener.start()
        while not self.stopping.is_set():
            self.ringing.wait(listening.LOOK_UP)
            self.ringing.clear()
            with self._lock:
                names, self._heard = self._heard, set()
            for name in sorted(names):
                self._nudge(name)
            time.sleep(GATHER if names else 0)
        listener.join()

    def stop(self) -> None:
        """End `run()`; safe in a signal's hand."""
        self.stopping.set()
        self.ringing.set()

    def _hear(self, name: str) -> None:
        with self._lock:
            self._heard.add(name)
        self.ringing.set()

    def _nudge(self, name: str) -> None:
        """Send one task. A broker that is away is said once; beat goes on nudging when it is back."""
        try:
            NUDGES[name].apply_async(expires=STALE)
        except (OperationalError, OSError) as error:
            if not self._is_cut_off:
                logger.warning("the broker is away: %s", type(error).__name__)
            self._is_cut_off = True
        else:
            if self._is_cut_off:
                logger.warning("the broker is back")
            self._is_cut_off = False
