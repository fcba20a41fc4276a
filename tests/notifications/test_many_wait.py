"""However many messages stand before a closed channel, looking for work reads a handful of rows."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from notifications import clock, queue, waiting
from notifications.models import Channel, Notification, Status, WaitingFor
from tests.engine import point_at
from tests.simulator_process import SimulatorProcess

WAITING = 20_000
NEW = 2_000


@pytest.fixture(params=[0, 1], ids=["all-at-once", "one-after-the-other"])
def _crowd(request: pytest.FixtureRequest, db: None, settings: Any, simulator: SimulatorProcess) -> None:
    """SMS is closed and many wait for it; WhatsApp is open and has some that are due."""
    point_at(simulator, settings)
    at = clock.now()
    facts = {"purpose": "reminder", "status": Status.QUEUED, "channels_left": []}
    long_ago, apart = at - timedelta(days=1), timedelta(seconds=request.param)
    Channel.objects.filter(name="sms").update(paused_until=at + timedelta(hours=1), paused_at=at, pause_code="63007")
    Notification.objects.bulk_create(
        Notification(
            channel="sms",
            waiting_for=WaitingFor.CHANNEL,
            phone_number="+237699000001",
            due_at=long_ago + number * apart,
            **facts,
        )
        for number in range(WAITING)
    )
    Notification.objects.bulk_create(
        Notification(
            channel="whatsapp",
            phone_number="+237699000002",
            due_at=long_ago + number * apart + timedelta(hours=8),
            **facts,
        )
        for number in range(NEW)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notification_queue")


def rows_read(deed: Callable[[], object]) -> int:
    """The rows of the queue that PostgreSQL looks at for the statements of `deed`."""
    asked: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.lstrip().startswith("SELECT") and "notification_queue" in sql and "FOR NO KEY UPDATE" not in sql:
            asked.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        deed()
    assert asked, "nothing was asked"
    with connection.cursor() as cursor:
        read = 0
        for sql, params in asked:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {sql}", params)
            ((found,),) = cursor.fetchall()
            read += _read_by(found[0]["Plan"] if isinstance(found, list) else json.loads(found)[0]["Plan"])
    return read


def _read_by(plan: dict[str, Any]) -> int:
    own = 0
    if plan.get("Relation Name") == "notification_queue":
        own = (plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)) * plan["Actual Loops"]
    return int(own) + sum(_read_by(below) for below in plan.get("Plans", []))


@pytest.mark.usefixtures("_crowd")
def test_a_claim_looks_for_work_without_reading_those_that_wait() -> None:
    assert rows_read(lambda: queue._channels_with_work(clock.now())) < 50  # noqa: SLF001  its first statement
    assert queue._channels_with_work(clock.now()) == {"whatsapp": [1]}  # noqa: SLF001


@pytest.mark.usefixtures("_crowd")
def test_sorting_new_ones_passes_over_those_that_wait_already() -> None:
    assert rows_read(lambda: waiting.sort_new(clock.now())) < 50
