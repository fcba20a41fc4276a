"""Waking the worker: NOTIFY inside the caller's transaction, heard when (and only if) it commits."""

from typing import Final

from django.db import connection

INBOX: Final = "djobea_inbox"
OUTBOX: Final = "djobea_outbox"
CHANNELS: Final = (INBOX, OUTBOX)


def notify(channel: str) -> None:
    """Wake every worker that listens on `channel`. Raises `ValueError` for a channel nobody knows."""
    if channel not in CHANNELS:
        raise ValueError(f"{channel!r} is not one of {CHANNELS}.")
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {channel}")
