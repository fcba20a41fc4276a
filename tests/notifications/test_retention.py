"""What the queue forgets, and what it keeps however old it is."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications import ageing
from notifications.models import (
    AlertState,
    Attempt,
    EscalationAlert,
    Heartbeat,
    Notification,
    Outcome,
    Receipt,
    ScheduledRun,
    StaffAction,
    StaffActionLine,
    StaffDeed,
    Status,
    UnreachableMark,
)
from notifications.retention import KINDS
from tests.engine import someone
from tests.notifications.test_audit import a_row, an_attempt
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "PAUSE", 0)


def days(many: float) -> datetime:
    """So many days ago."""
    return NOON - timedelta(days=many)


def forget(name: str = "") -> int:
    return sum(sum(ageing.forget(kind, NOON)) for kind in KINDS if name in ("", kind.name))


def an_old_row(status: str, age: float = 91, **facts: Any) -> Notification:
    when = days(age)
    defaults: dict[str, Any] = {"created_at": when}
    if status in (Status.DELIVERED, Status.READ, Status.CANCELLED, Status.EXPIRED, Status.DEAD):
        defaults |= {"settled_at": when}
    if status == Status.SENT:
        defaults |= {"sent_at": when}
    return a_row(when, status, **(defaults | facts))


@pytest.mark.parametrize("status", [Status.SENT, Status.DELIVERED, Status.READ, Status.CANCELLED, Status.EXPIRED])
def test_settled_messages_go_after_their_period_with_attempts_receipts_and_lines(status: str) -> None:
    old, young = an_old_row(status), an_old_row(status, age=89)
    for row in (old, young):
        sid = an_attempt(row, days(91)).provider_sid
        Receipt.objects.create(provider_sid=sid or "", status="sent", received_at=days(29), applied_at=days(29))
        action = StaffAction.objects.create(deed=StaffDeed.RETRY, by="awa", why="repaired", begun_at=days(91))
        StaffActionLine.objects.create(action=action, notification=row, status_before="dead", channel_before="sms")
    assert forget() == 1
    assert list(Notification.objects.all()) == [young]
    assert (Attempt.objects.count(), Receipt.objects.count(), StaffActionLine.objects.count()) == (1, 1, 1)
    assert forget() == 0


@pytest.mark.parametrize("status", [Status.QUEUED, Status.SENDING, Status.UNCONFIRMED, Status.DEAD])
def test_what_is_not_settled_and_dead_letters_stay(status: str) -> None:
    an_old_row(status, age=5000)
    assert forget() == 0
    assert Notification.objects.count() == 1


def test_a_message_stays_until_its_news_is_told() -> None:
    an_old_row(Status.DELIVERED, news_due=days(91))
    assert forget() == 0


def test_a_message_that_ended_late_has_its_whole_period() -> None:
    an_old_row(Status.READ, age=5000, settled_at=days(89))
    assert forget() == 0


def test_the_period_is_a_setting(settings: Any) -> None:
    an_old_row(Status.READ, age=11)
    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"messages": 10}
    assert forget() == 1


def test_old_rows_that_stay_do_not_hide_those_that_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "SLICE", 3)
    monkeypatch.setattr(ageing, "BATCH", 2)
    for number in range(20):
        an_old_row(Status.DEAD if number % 3 else Status.READ, age=200 - number)
    an_old_row(Status.READ, age=10)
    assert forget() == 7
    assert set(Notification.objects.values_list("status", flat=True)) == {Status.DEAD, Status.READ}
    assert Notification.objects.filter(status=Status.READ).count() == 1


def test_the_walk_ends_where_all_are_younger(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    monkeypatch.setattr(ageing, "SLICE", 2)
    for _ in range(30):
        an_old_row(Status.READ, age=10)
    with django_assert_max_num_queries(1):
        assert forget("messages") == 0


def test_receipts_that_match_nothing_go_and_those_of_a_message_stay() -> None:
    attempt = an_attempt(a_row(NOON), NOON)
    for sid, public_id, age in (
        ("SMstranger", None, 31),
        ("SMyoung", None, 29),
        (attempt.provider_sid or "", None, 31),
        ("SMother", attempt.public_id, 31),
    ):
        Receipt.objects.create(
            provider_sid=sid, status="sent", attempt_public_id=public_id, received_at=days(age), applied_at=days(age)
        )
    assert forget() == 1
    assert not Receipt.objects.filter(provider_sid="SMstranger").exists()
    assert Receipt.objects.count() == 3


def an_old_alert(state: str, name: str = "x") -> EscalationAlert:
    when = days(181)
    resolved = when if state == AlertState.RESOLVED else None
    return EscalationAlert.objects.create(
        fingerprint=name, title=name, state=state, first_seen_at=when, last_seen_at=when, resolved_at=resolved
    )


def test_resolved_alerts_go_unless_a_message_points_to_them_and_open_ones_stay() -> None:
    an_old_alert(AlertState.RESOLVED, "gone")
    pointed = an_old_alert(AlertState.RESOLVED, "pointed")
    an_old_alert(AlertState.OPEN, "open")
    an_old_alert(AlertState.ACKNOWLEDGED, "acknowledged")
    row = an_old_row(Status.DEAD, alert=pointed)
    assert forget() == 1
    assert set(EscalationAlert.objects.values_list("title", flat=True)) == {"pointed", "open", "acknowledged"}
    Notification.objects.filter(pk=row.pk).update(status=Status.CANCELLED)
    assert forget() == 2, "the letter is settled: it goes, and then its alert"


def test_traces_and_leftovers_go_after_their_periods() -> None:
    StaffAction.objects.create(
        deed=StaffDeed.PAUSE, by="awa", why="w", status="done", begun_at=days(400), finished_at=days(366)
    )
    StaffAction.objects.create(deed=StaffDeed.RETRY, by="awa", why="runs on", begun_at=days(400))
    Heartbeat.objects.create(worker="dead", started_at=days(9), seen_at=days(1.1))
    Heartbeat.objects.create(worker="alive", started_at=days(9), seen_at=NOON)
    ScheduledRun.objects.create(name="a duty of old", last_at=days(91))
    ScheduledRun.objects.create(name="a duty", last_at=NOON)
    UnreachableMark.objects.create(contact=someone(), channel="sms", until=days(31), code="21610")
    assert forget() == 4
    assert StaffAction.objects.get().why == "runs on"
    assert Heartbeat.objects.get().worker == "alive"
    assert ScheduledRun.objects.get().name == "a duty"


def test_a_foreseen_number_is_what_then_goes() -> None:
    for age in (100, 95, 80):
        an_attempt(an_old_row(Status.READ, age=age), days(age), Outcome.REFUSED)
    (kind,) = [kind for kind in KINDS if kind.name == "messages"]
    assert ageing.count(kind, NOON) == (2, days(100))
    assert forget("messages") == 2
    assert ageing.count(kind, NOON) == (0, None)
