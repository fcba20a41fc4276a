"""What an engine without a memory does: one task that takes all that is due, and ends. Celery's tasks call it.

`manage.py worker` does the same from threads that live as long as it does; the rules are the domain functions' in both.
"""

import logging
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from django.db import close_old_connections, connection

from djobea import schedule
from marketplace import inbox
from notifications import clock, database_faults, settlement
from notifications.delivery import Deadline, deliver
from notifications.models import Heartbeat
from notifications.queue import Claim, claim
from notifications.schedule import Duty

logger = logging.getLogger(__name__)
LONGEST_TURN: Final = 5.0  # seconds; then the other kinds of task have theirs, however long the queue is
HOLD_ANSWERS_FOR: Final = 45.0  # seconds that answers of calls which left are kept while the database is away
FIRST_REST, LONGEST_REST = 0.1, 2.0  # seconds between two tries to store them
HEARD: Final = 5.0  # seconds between two heartbeats


def send_due(engine: str, *, concurrency: int) -> int:
    """Send what is due, batch by batch, until nothing is left or the turn is over; returns how many calls were made."""
    end, count = time.monotonic() + LONGEST_TURN, 0
    with ThreadPoolExecutor(concurrency, thread_name_prefix="sender") as pool:
        while time.monotonic() < end:
            deadline = Deadline.begin()
            claimed = claim(engine, concurrency, clock.now())
            if not claimed.envelopes and not claimed.held_back:
                break
            count += _send(claimed, deadline, pool)
    settlement.tell_news(clock.now())
    return count


def _send(claimed: Claim, deadline: Deadline, pool: ThreadPoolExecutor) -> int:
    calls = [pool.submit(deliver, envelope, claimed.lease, deadline) for envelope in claimed.envelopes]
    results = [call.result() for call in calls]
    _settle_patiently(results)
    return len(results)


def _settle_patiently(results: list[settlement.Result]) -> None:
    """Store the answers; while the database is away they are held, since what Twilio took must not become unknown."""
    give_up, rest = time.monotonic() + HOLD_ANSWERS_FOR, FIRST_REST
    while True:
        try:
            settlement.settle(results, clock.now())
        except Exception as error:
            if not database_faults.passes(error) or time.monotonic() > give_up:
                raise
            logger.warning("answers wait for the database: %s", database_faults.name_of(error))
            close_old_connections()
            connection.close()
            time.sleep(rest)
            rest = min(LONGEST_REST, rest * 2)
        else:
            return


def answer_due(engine: str) -> int:
    """Process inbound messages until none waits or the turn is over; returns how many."""
    end, count = time.monotonic() + LONGEST_TURN, 0
    while time.monotonic() < end and inbox.process_next(worker=engine, at=clock.now()):
        count += 1
    return count


def run_due(duties: Iterable[Duty]) -> int:
    """Run those of the duties whose time has come; of several engines, one gets each. Returns how many ran."""
    at, count = clock.now(), 0
    for duty in schedule.take_due(list(duties), at):
        try:
            duty.run(at)
        except Exception as error:
            if database_faults.passes(error):
                raise
            logger.exception("the duty %s failed", duty.name)
        count += 1
    return count


def say_that_we_live(engine: str) -> None:
    """Leave a heartbeat, unless the last one is fresh; a worker that is quiet for half a minute is missed."""
    at = clock.now()
    last = Heartbeat.objects.filter(worker=engine).values_list("seen_at", flat=True).first()
    if last is None or (at - last).total_seconds() >= HEARD:
        Heartbeat.objects.update_or_create(
            worker=engine, defaults={"seen_at": at}, create_defaults={"seen_at": at, "started_at": at}
        )
