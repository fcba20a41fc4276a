"""What happens, for those who watch: server-sent events for the page, and a log of calls and webhooks."""

import asyncio
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

# A watcher that is this far behind is told to load everything anew.
LONGEST_BACKLOG: Final = 2000


class EventHub:
    """Hands each event to all who watch; costs nothing while nobody does."""

    def __init__(self) -> None:
        self._watchers: set[asyncio.Queue[str]] = set()

    @property
    def is_watched(self) -> bool:
        """Whether anybody would hear an event."""
        return bool(self._watchers)

    def publish(self, name: str, data: dict[str, Any]) -> None:
        """Tell all watchers."""
        if not self._watchers:
            return
        text = f"event: {name}\ndata: {json.dumps(data)}\n\n"
        for watcher in self._watchers:
            if watcher.qsize() >= LONGEST_BACKLOG:
                while not watcher.empty():
                    watcher.get_nowait()
                watcher.put_nowait("event: reload\ndata: {}\n\n")
            watcher.put_nowait(text)

    @contextmanager
    def watching(self) -> Iterator[asyncio.Queue[str]]:
        """A queue of ready-made event texts, for as long as the block lasts."""
        queue: asyncio.Queue[str] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            yield queue
        finally:
            self._watchers.discard(queue)


class Log:
    """The last API calls and webhooks, the newest last."""

    def __init__(self, size: int, hub: EventHub) -> None:
        self.entries: deque[dict[str, Any]] = deque(maxlen=size)
        self._hub = hub
        self._number = 0

    def add(self, kind: str, at: float, **facts: Any) -> None:
        """Note a call (`api`), a status callback (`callback`) or an inbound webhook (`inbound`)."""
        self._number += 1
        entry = {"number": self._number, "kind": kind, "at": at, **facts}
        self.entries.append(entry)
        self._hub.publish("log", entry)
