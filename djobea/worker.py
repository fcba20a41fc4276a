"""The worker: answers inbound messages, sends the queue, and runs the duties. It decides nothing itself.

One main thread claims, hands over to sending threads and settles in batches; other threads process the inbox and the
slow duties. A listener wakes them at each NOTIFY. Every thread survives a lost database and goes on when it is back.
"""

import logging
import os
import queue
import random
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

from django.db import DatabaseError, InterfaceError, close_old_connections, connection, connections

from djobea import listening, schedule
from marketplace import inbox
from notifications import clock, database_faults, probing, seeding, settlement, wake
from notifications.channels import Envelope
from notifications.delivery import Deadline, deliver
from notifications.models import Heartbeat
from notifications.queue import claim
from notifications.schedule import Duty

logger = logging.getLogger(__name__)
LONGEST_SLEEP: Final = 1.0  # seconds until the next look, when nothing wakes us
DUTY_LOOK: Final = 1.0
HEARTBEAT: Final = 5.0
FIRST_BROKEN_SLEEP: Final = 0.05  # after the database was lost or two transactions met; then twice as long each time
BROKEN_SLEEP: Final = 2.0  # at most
GATHER_ROUND: Final = 0.002
GATHER_ROUNDS: Final = 3  # at most, as long as more answers come
MANY_OUT: Final = 4  # answers still out, for which it is worth waiting at all
MOST_ROUNDS: Final = 1000  # of `run_once`, so that it ends whatever a duty reports
INBOX_THREADS: Final = 2
DRAIN_FOR: Final = 45.0  # seconds that a stop waits for answers that are still out
DATABASE_ERRORS: Final = (DatabaseError, InterfaceError)


class Worker:
    """Runs until `stop()`; then finishes what is in flight and leaves nothing leased."""

    def __init__(self, *, concurrency: int = 16) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}"
        self.concurrency = concurrency
        self.stopping = threading.Event()
        self.bells = {"outbox": threading.Event(), "inbox": threading.Event(), "work": threading.Event()}
        self.results: queue.SimpleQueue[settlement.Result] = queue.SimpleQueue()
        self.unsettled: list[settlement.Result] = []
        self.in_flight = 0
        self.next_heartbeat = 0.0
        self.next_duties = 0.0
        duties = schedule.all_duties()
        self.quick_duties = [duty for duty in duties if not duty.slow]
        self.slow_duties = [duty for duty in duties if duty.slow]

    # --- a whole life -------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Work until `stop()`; then drain."""
        if not self._seeded():
            return
        threads = [threading.Thread(target=self._listen, name="listener", daemon=True)]
        threads += [
            threading.Thread(target=self._loop, args=(self._inbox_turn, "inbox"), name=f"inbox-{number}")
            for number in range(INBOX_THREADS)
        ]
        threads.append(threading.Thread(target=self._loop, args=(self._slow_turn, "work"), name="slow-duties"))
        threads.append(threading.Thread(target=self._look_at_senders, name="senders"))
        for thread in threads:
            thread.start()
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="sender") as pool:
            self._loop(lambda: self._send_turn(pool), "outbox")
            self._drain()
        for thread in threads[1:]:
            thread.join()
        self._forget_heartbeat()

    def _seeded(self) -> bool:
        """Wait for the database, as long as it takes; False: stopped meanwhile."""
        troubles = 0
        while not self.stopping.is_set():
            try:
                seeding.seed()
            except Exception as error:
                if not database_faults.passes(error):
                    raise
                troubles += 1
                self._recover(error, troubles)
            else:
                return True
        return False

    def stop(self) -> None:
        """Ask all threads to finish; safe in a signal's hand."""
        self.stopping.set()
        for bell in self.bells.values():
            bell.set()

    def run_once(self) -> None:
        """Do all that is due now, and return: duties, inbox, queue, until nothing is left."""
        seeding.seed()
        self._beat()  # before anything looks whether a worker lives
        with ThreadPoolExecutor(self.concurrency, thread_name_prefix="sender") as pool:
            self._run_slow()
            for _ in range(MOST_ROUNDS):
                if not self._do_all_that_is_due(pool):
                    break
            self._run_slow()
            self._do_all_that_is_due(pool)

    def _do_all_that_is_due(self, pool: ThreadPoolExecutor) -> int:
        changed = 0
        for duty in self.quick_duties:
            changed += duty.run(clock.now())
        while inbox.process_next(worker=self.name, at=clock.now()):
            changed += 1
        while self._send_turn(pool) or self.in_flight:
            changed += 1
            self.bells["outbox"].wait(0.05)
            self.bells["outbox"].clear()
        return changed

    # --- the loops ----------------------------------------------------------------------------------------------

    def _loop(self, turn: Callable[[], bool], bell: str) -> None:
        """Take turns until stopped; sleep when there was nothing to do, and ever longer while the database is gone."""
        troubles = 0
        while not self.stopping.is_set():
            try:
                busy = turn()
            except Exception as error:  # noqa: BLE001  whatever it is, the next turn may be better
                troubles += 1
                self._recover(error, troubles)
                continue
            troubles = 0
            _give_back_connection()
            if not busy:
                self.bells[bell].wait(LONGEST_SLEEP)
            self.bells[bell].clear()
        if threading.current_thread() is not threading.main_thread():
            connections.close_all()

    def _recover(self, error: Exception, troubles: int) -> None:
        """Say what failed, forget the connection, and rest; the first retry comes at once (jitter parts rivals)."""
        if database_faults.passes(error):
            logger.warning("the database fails %s: %s", threading.current_thread().name, database_faults.name_of(error))
        else:
            logger.error("a turn of %s failed", threading.current_thread().name, exc_info=error)
        _drop_connection()
        rest = min(BROKEN_SLEEP, FIRST_BROKEN_SLEEP * 2 ** min(troubles - 1, 10))
        self.stopping.wait(rest * random.uniform(0.5, 1.0))  # noqa: S311  no secret

    def _send_turn(self, pool: ThreadPoolExecutor) -> bool:
        """One turn of the sending loop: settle, run duties, claim, hand over, tell; True: there may be more to claim."""
        self._let_answers_gather()
        self._settle_arrived()
        self._beat()
        self._run_quick_when_due()
        may_be_more = self._hand_over(pool)
        told = settlement.tell_news(clock.now())  # of our answers, and of the receipts that web servers applied
        return may_be_more or told > 0

    def _hand_over(self, pool: ThreadPoolExecutor) -> bool:
        """Claim what free threads can send, and give it to them."""
        free = self.concurrency - self.in_flight
        if free < 1:
            return False
        deadline = Deadline.begin()
        at = clock.now()
        claimed = claim(self.name, free, at)
        for envelope in claimed.envelopes:
            self.in_flight += 1
            pool.submit(self._send, envelope, claimed.lease, deadline)
        return len(claimed.envelopes) == free or claimed.held_back > 0

    def _let_answers_gather(self) -> None:
        """The answers of a batch come close together: a few milliseconds later, one commit settles many, not a few."""
        for _ in range(GATHER_ROUNDS):
            here = self.results.qsize()
            if not here or self.in_flight - here < MANY_OUT:
                return
            time.sleep(GATHER_ROUND)
            if self.results.qsize() == here:
                return

    def _send(self, envelope: Envelope, lease: str, deadline: Deadline) -> None:
        self.results.put(deliver(envelope, lease, deadline))
        self.bells["outbox"].set()

    def _settle_arrived(self) -> int:
        """Settle all answers that are here. They stay in memory until the database has them."""
        while True:
            try:
                self.unsettled.append(self.results.get_nowait())
            except queue.Empty:
                break
        if not self.unsettled:
            return 0
        count = len(self.unsettled)
        settlement.settle(self.unsettled, clock.now())
        self.unsettled = []
        self.in_flight -= count
        return count

    def _drain(self) -> None:
        """After the stop: wait for the answers that are still out and store them."""
        give_up = time.monotonic() + DRAIN_FOR
        while self.in_flight and time.monotonic() < give_up:
            try:
                if not self._settle_arrived():
                    self.bells["outbox"].wait(0.2)
                    self.bells["outbox"].clear()
            except Exception as error:
                if not database_faults.passes(error):
                    raise
                logger.warning("answers wait for the database: %s", database_faults.name_of(error))
                _drop_connection()
                time.sleep(0.5)

    def _inbox_turn(self) -> bool:
        return inbox.process_next(worker=self.name, at=clock.now())

    def _slow_turn(self) -> bool:
        self._run_slow_when_due()
        return False

    def _look_at_senders(self) -> None:
        """Once, at the start: one line for each sender that Twilio or our own settings call wrong."""
        try:
            probing.probe_all(clock.now())
        except DATABASE_ERRORS as error:
            logger.warning("the senders could not be looked at: %s", database_faults.name_of(error))
        finally:
            connections.close_all()

    # --- duties -------------------------------------------------------------------------------------------------

    def _run_quick_when_due(self) -> None:
        if time.monotonic() < self.next_duties:
            return
        self.next_duties = time.monotonic() + DUTY_LOOK
        at = clock.now()
        for duty in schedule.take_due(self.quick_duties, at):
            _run(duty, at)

    def _run_slow_when_due(self) -> None:
        at = clock.now()
        for duty in schedule.take_due(self.slow_duties, at):
            _run(duty, at)

    def _run_slow(self) -> None:
        for duty in self.slow_duties:
            _run(duty, clock.now())

    # --- being heard --------------------------------------------------------------------------------------------

    def _listen(self) -> None:
        """Ring the bells at each NOTIFY."""
        bells = {wake.OUTBOX: "outbox", wake.INBOX: "inbox"}
        listening.listen(lambda name: self.bells[bells[name]].set(), self.stopping)

    def _beat(self) -> None:
        if time.monotonic() < self.next_heartbeat:
            return
        self.next_heartbeat = time.monotonic() + HEARTBEAT
        at = clock.now()
        Heartbeat.objects.update_or_create(
            worker=self.name, defaults={"seen_at": at}, create_defaults={"seen_at": at, "started_at": at}
        )

    def _forget_heartbeat(self) -> None:
        try:
            Heartbeat.objects.filter(worker=self.name).delete()
        except DATABASE_ERRORS:
            logger.warning("the heartbeat could not be taken back")


def _run(duty: Duty, at: datetime) -> None:
    """Run one duty; what fails is logged and tried at its next time. A fault of the database ends the turn."""
    try:
        duty.run(at)
    except Exception as error:
        if database_faults.passes(error):
            raise
        logger.exception("the duty %s failed", duty.name)


def _give_back_connection() -> None:
    """Where a pool is shared (DATABASE_POOL_SIZE), no thread keeps a connection while it rests."""
    if connection.settings_dict["OPTIONS"].get("pool"):
        connection.close()


def _drop_connection() -> None:
    """Let the next query open a fresh connection."""
    close_old_connections()
    connection.close()
