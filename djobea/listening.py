"""Hearing NOTIFY, on a connection of its own, for ever: what wakes the worker, and the bridge to a broker."""

import logging
import threading
from collections.abc import Callable
from typing import Any, Final

import psycopg
from django.db import connection

from notifications import wake

logger = logging.getLogger(__name__)
LOOK_UP: Final = 1.0  # seconds between two looks whether we shall stop
REST: Final = 2.0  # seconds before a lost connection is made anew


def listen(heard: Callable[[str], None], stopping: threading.Event) -> None:
    """Call `heard` with the channel of each NOTIFY until `stopping`; reconnect as often as it takes."""
    while not stopping.is_set():
        try:
            with psycopg.connect(**_parameters(), autocommit=True) as line:
                for name in wake.CHANNELS:
                    line.execute(f"LISTEN {name}")
                while not stopping.is_set():
                    for notice in line.notifies(timeout=LOOK_UP):
                        heard(notice.channel)
        except psycopg.Error as error:
            logger.warning("the listener lost the database: %s", type(error).__name__)
            stopping.wait(REST)


def _parameters() -> dict[str, Any]:
    known = ("host", "port", "user", "password", "dbname", "sslmode", "sslrootcert", "connect_timeout")
    return {name: value for name, value in connection.get_connection_params().items() if name in known}
