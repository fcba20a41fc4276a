"""The worker as it lives: woken by a commit, and stopped in the middle of its work."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections, transaction

from djobea.models import ComponentState
from djobea.worker import Worker
from notifications import clock, receipts
from notifications.models import Heartbeat, Notification, Outcome, ScheduledRun, Status
from tests.engine import a_message, point_at, someone
from tests.notifications.conftest import simulator_process  # noqa: F401  a fixture
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db(transaction=True)


def wait_for(ready: Callable[[], Any], seconds: float = 15.0) -> None:
    give_up = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < give_up, "It did not happen."
        time.sleep(0.02)


def live(worker: Worker) -> None:
    """A worker's life in a thread of the test instead of a process of its own."""
    worker.run()
    connections.close_all()


def test_a_stop_in_mid_call_lets_the_answer_arrive_and_leaves_nothing_leased(
    simulator_process: SimulatorProcess,  # noqa: F811  the fixture
    settings: Any,
) -> None:
    simulator_process.reset()
    point_at(simulator_process, settings)
    simulator_process.fault("slow", seconds=1.0)
    worker = Worker(concurrency=4)
    life = threading.Thread(target=live, args=(worker,))
    life.start()
    wait_for(Heartbeat.objects.exists)
    with transaction.atomic():
        rows = [a_message(someone(f"+2376990003{number:02}")) for number in range(2)]
    wait_for(lambda: Notification.objects.filter(status=Status.SENDING).count() == len(rows))
    worker.stop()
    life.join(20)
    assert not life.is_alive()
    wait_for(lambda: "listener" not in {thread.name for thread in threading.enumerate()})
    for row in rows:
        row.refresh_from_db()
        assert (row.status, row.leased_by, row.attempt_count) == (Status.SENT, "", 1)
        assert row.attempts.get().outcome == Outcome.ACCEPTED
    assert not Heartbeat.objects.exists(), "a worker that ended says so"


def test_news_of_a_receipt_that_the_web_server_applied_is_told_at_once(
    simulator_process: SimulatorProcess,  # noqa: F811  the fixture
    settings: Any,
) -> None:
    simulator_process.reset()
    point_at(simulator_process, settings)
    worker = Worker(concurrency=4)
    life = threading.Thread(target=live, args=(worker,))
    life.start()
    try:
        row = a_message(someone(), purpose="offer_won", reference="job:0:provider")
        wait_for(lambda: Notification.objects.filter(pk=row.pk, status=Status.SENT, news_due=None).exists())
        wait_for(ScheduledRun.objects.filter(name="notifications.tell_late_news").exists)
        duty_waits = clock.now() + timedelta(hours=1)
        ScheduledRun.objects.filter(name="notifications.tell_late_news").update(last_at=duty_waits)
        row.refresh_from_db()
        receipts.receive(receipts.Callback(sid=row.provider_sid or "", status="delivered"), at=clock.now())
        wait_for(lambda: Notification.objects.filter(pk=row.pk, status=Status.DELIVERED, news_due=None).exists(), 3)
    finally:
        worker.stop()
        life.join(20)


def test_a_worker_that_runs_once_says_that_it_lives_before_it_looks_at_the_system(
    simulator_process: SimulatorProcess,  # noqa: F811  the fixture
    settings: Any,
) -> None:
    simulator_process.reset()
    point_at(simulator_process, settings)
    Worker(concurrency=2).run_once()
    workers, database = ComponentState.objects.get(pk="workers"), ComponentState.objects.get(pk="database")
    assert (workers.state, workers.since) == ("healthy", database.since), "well at the first look already"
