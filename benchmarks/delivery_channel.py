"""The two ways out that every system of `delivery.py` sends through: one that does nothing, one that takes 50 ms.

Needs the environment of `delivery.py`. Imports no queue, so that each system can use it: threads call `send`, event
loops await `send_async`. Where DELIVERY_STAMPS names a file, each call notes (number, monotonic seconds) there.
"""

import os
import struct
import threading
import time
from pathlib import Path
from typing import Any

CHANNEL = os.environ.get("DELIVERY_CHANNEL", "noop")
ADDRESS = os.environ.get("DELIVERY_HTTP", "")
IN_FLIGHT = int(os.environ.get("DELIVERY_IN_FLIGHT", "64"))
FIRST = int(os.environ.get("DELIVERY_FIRST", "0"))  # number of the first paced message
DSN = os.environ.get("DELIVERY_DSN", "")
STAMP = struct.Struct("qd")
_stamps: dict[int, int] = {}  # process -> open file
_own = threading.local()
_session: dict[str, Any] = {}


def send(number: int) -> None:
    """Deliver message `number`; raises if the channel does not take it."""
    _note(number)
    if CHANNEL == "http":
        import urllib3

        if not hasattr(_own, "pool"):
            _own.pool = urllib3.HTTPConnectionPool(ADDRESS.removeprefix("http://"), maxsize=1, timeout=30)
        answer = _own.pool.request("POST", "/messages", body=f"Body={number}")
        if answer.status != 201:
            raise RuntimeError(f"HTTP {answer.status}")


async def send_async(number: int) -> None:
    """The same on an event loop."""
    _note(number)
    if CHANNEL == "http":
        import aiohttp

        if not _session:
            _session["it"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))
        async with _session["it"].post(f"{ADDRESS}/messages", data=f"Body={number}") as answer:
            if answer.status != 201:
                raise RuntimeError(f"HTTP {answer.status}")


def _note(number: int) -> None:
    name = os.environ.get("DELIVERY_STAMPS")
    if not name:
        return
    process = os.getpid()
    if process not in _stamps:
        _stamps[process] = os.open(name, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(_stamps[process], STAMP.pack(number, time.monotonic()))


def stamps(name: str) -> dict[int, float]:
    """When each message was sent first, by its number."""
    first: dict[int, float] = {}
    try:
        data = Path(name).read_bytes()
    except FileNotFoundError:
        return first
    for number, moment in STAMP.iter_unpack(data[: len(data) // STAMP.size * STAMP.size]):
        first[number] = min(moment, first.get(number, moment))
    return first


def paced(count: int, per_second: float, commit_one: Any) -> None:
    """Call `commit_one(number)` `per_second` times a second; print the number and when its commit was back (s).

    Where more follows the commit, `commit_one` returns that moment.
    """
    begin = time.monotonic() + 0.1
    lines = []
    for step in range(count):
        time.sleep(max(0.0, begin + step / per_second - time.monotonic()))
        number = FIRST + step
        committed = commit_one(number)
        lines.append(f"{number} {committed or time.monotonic()!r}")
    print("\n".join(lines))
