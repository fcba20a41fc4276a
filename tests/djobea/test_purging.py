"""Purging the whole: the command, the worker's portions, and that nobody waits for it."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt, AccessLog
from django.conf import settings as django_settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.db import connections, transaction

from djobea import purging, schedule
from notifications import ageing, clock, queue, retention
from notifications.models import Channel, Notification, Status
from tests.djobea.admin_rows import a_channel, a_message

AGED = timedelta(days=91)


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "PAUSE", 0)


def an_aged(at: datetime, **facts: Any) -> Notification:
    return a_message(at - AGED, Status.READ, created_at=at - AGED, settled_at=at - AGED, **facts)


def test_each_kind_has_a_period_and_each_period_a_kind() -> None:
    assert {kind.name for kind in purging.kinds()} == set(django_settings.RETENTION_DAYS)


@pytest.mark.django_db
def test_a_dry_run_tells_and_changes_nothing(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    an_aged(at)
    call_command("purge", "--dry-run")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("messages")]
    assert line.split()[1:4] == ["90", "days", "1"]
    assert f"{at - AGED:%Y-%m-%d}" in line
    assert Notification.objects.count() == 1


@pytest.mark.django_db
def test_the_command_forgets_and_tells_how_much(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    an_aged(at)
    kept = a_message(at, Status.READ)
    call_command("purge")
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("messages")]
    assert line.split()[3:5] == ["1", "forgotten"]
    assert list(Notification.objects.all()) == [kept]


@pytest.mark.django_db
def test_the_house_forgets_who_came_and_what_staff_changed(at: datetime) -> None:
    user = User.objects.create(username="awa")
    for days in (400, 1):
        when = at - timedelta(days=days)
        LogEntry.objects.create(user=user, action_flag=CHANGE, object_repr=f"{days}")
        LogEntry.objects.filter(object_repr=f"{days}").update(action_time=when)
        AccessLog.objects.create(username="awa", ip_address="192.0.2.1", path_info=f"/{days}")
        AccessLog.objects.filter(path_info=f"/{days}").update(attempt_time=when)
        AccessAttempt.objects.create(username=f"x{days}", ip_address="192.0.2.1", failures_since_start=1)
        AccessAttempt.objects.filter(username=f"x{days}").update(attempt_time=when)
        Session.objects.create(session_key=f"key{days}", session_data="", expire_date=at + timedelta(days=5 - days))
    assert sum(many for _kind, many in purging.purge(at)) == 4
    for rows in (LogEntry.objects, AccessLog.objects, AccessAttempt.objects, Session.objects):
        assert rows.count() == 1


# --- the worker --------------------------------------------------------------------------------------------------


@pytest.fixture
def duty() -> Callable[[datetime], int]:
    (found,) = [duty for duty in schedule.all_duties() if duty.name == "djobea.purge"]
    assert found.slow
    return found.run


@pytest.mark.django_db
def test_the_worker_purges_once_a_day(at: datetime, duty: Callable[[datetime], int]) -> None:
    an_aged(at)
    assert duty(at) == 1
    an_aged(at)
    assert duty(at + timedelta(hours=23)) == 0
    assert duty(at + timedelta(hours=25)) == 1


@pytest.mark.django_db
def test_a_portion_ends_after_its_time_and_the_next_goes_on(
    at: datetime, duty: Callable[[datetime], int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(purging, "PORTION", 0)
    monkeypatch.setattr(ageing, "BATCH", 2)
    for _ in range(5):
        an_aged(at)
    assert [duty(at) for _ in range(5)] == [2, 2, 1, 0, 0]


# --- beside those who send ---------------------------------------------------------------------------------------


@pytest.fixture
def held_batch(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """(reached, go on): a purge that stops in the middle of its first batch, all locks in hand."""
    reached, go_on = threading.Event(), threading.Event()
    really = retention._forget_messages  # noqa: SLF001  stopped in mid-deed

    def stop_inside(keys: Sequence[Any]) -> None:
        really(keys)
        reached.set()
        assert go_on.wait(30)

    kinds = [replace(kind, forget=stop_inside) if kind.name == "messages" else kind for kind in retention.KINDS]
    monkeypatch.setattr(retention, "KINDS", kinds)
    yield reached, go_on
    go_on.set()


@pytest.mark.django_db(transaction=True)
def test_a_worker_claims_and_enqueues_while_a_batch_is_being_forgotten(
    at: datetime, held_batch: tuple[threading.Event, threading.Event]
) -> None:
    reached, go_on = held_batch
    a_channel("sms", sender="+237600000000")
    for _ in range(3):
        an_aged(at, channel="sms")
    waiting = [a_message(at, channel="sms", choices=[]) for _ in range(2)]

    def run() -> None:
        sum(many for _kind, many in purging.purge(at))
        connections.close_all()

    purge = threading.Thread(target=run)
    purge.start()
    assert reached.wait(30)
    try:
        with transaction.atomic(), connections["default"].cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '1s'")
            claimed = queue.claim("worker", 10, at)
            a_message(at, channel="sms", choices=[])
        assert [envelope.notification_id for envelope in claimed.envelopes] == [row.pk for row in waiting]
        assert Notification.objects.filter(status=Status.READ).count() == 3, "the batch is still in hand"
    finally:
        go_on.set()
        purge.join()
    assert not Notification.objects.filter(status=Status.READ).exists()
    assert Channel.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_somebody_holds_is_left_for_another_day(at: datetime) -> None:
    held, free = an_aged(at), an_aged(at)
    locked, done = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Notification.objects.select_for_update().get(pk=held.pk)
            locked.set()
            done.wait(30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(30)
    forgotten = {kind.name: many for kind, many in purging.purge(at)}
    done.set()
    holder.join()
    assert forgotten["messages"] == 1
    assert list(Notification.objects.values_list("pk", flat=True)) == [held.pk]
    assert free.pk != held.pk
