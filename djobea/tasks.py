"""Celery's tasks. Each calls one function that takes what is due; none carries data, so none can be lost or doubled."""

import os
import socket
from functools import cache
from typing import Final

from djobea import schedule, turns
from djobea.celery import app
from notifications import seeding

CONCURRENCY: Final = 16  # calls in flight of one process


def engine() -> str:
    """The name under which this process leases rows."""
    return f"{socket.gethostname()}:{os.getpid()}"


@cache
def _seed_once() -> None:
    seeding.seed()


def _send() -> None:
    _seed_once()
    turns.send_due(engine(), concurrency=CONCURRENCY)


def _answer() -> None:
    turns.answer_due(engine())


def _quick_duties() -> None:
    turns.say_that_we_live(f"{socket.gethostname()}:celery")
    turns.run_due(duty for duty in schedule.all_duties() if not duty.slow)


def _slow_duties() -> None:
    turns.run_due(duty for duty in schedule.all_duties() if duty.slow)


send = app.task(_send, name="djobea.send")
answer = app.task(_answer, name="djobea.answer")
quick_duties = app.task(_quick_duties, name="djobea.quick_duties")
slow_duties = app.task(_slow_duties, name="djobea.slow_duties")
