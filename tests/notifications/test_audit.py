"""The audit of the queue finds each broken invariant, and is silent about a queue in order.

Where a constraint forbids the breach, it is dropped inside the test's transaction.
"""

from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.db import connection

from notifications import budget, channel_health, clock, consequences, seeding
from notifications.audit import AUDITS
from notifications.audit_scope import SLICE, Look
from notifications.models import (
    Account,
    Attempt,
    Channel,
    EscalationAlert,
    Notification,
    Outcome,
    Receipt,
    StaffAction,
    StaffActionLine,
    StaffDeed,
    Status,
)
from tests.audits import broken_rows
from tests.engine import a_message, drain, later, someone
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db
_numbers = count(1)


@pytest.fixture
def at() -> datetime:
    return clock.now()


def a_row(at: datetime, status: str = Status.SENT, **facts: Any) -> Notification:
    """A message in any status, without its attempts."""
    defaults: dict[str, Any] = {
        "purpose": "reply",
        "phone_number": "+237699000001",
        "body": "Bonjour",
        "channel": "whatsapp",
        "status": status,
        "attempt_count": 0 if status in (Status.QUEUED, Status.CANCELLED) else 1,
        "due_at": at,
    }
    if status == Status.SENDING:
        defaults |= {"leased_by": "worker", "leased_until": at + timedelta(minutes=1)}
    if status == Status.DEAD:
        defaults |= {"last_error_code": "63024"}
    return Notification.objects.create(**(defaults | facts))


def an_attempt(row: Notification, at: datetime, outcome: str = Outcome.ACCEPTED, **facts: Any) -> Attempt:
    """A call that left (or not) at `at`; an accepted one has its SID."""
    sid = f"SM{next(_numbers):032x}" if outcome == Outcome.ACCEPTED else None
    defaults: dict[str, Any] = {
        "channel": row.channel,
        "started_at": at,
        "finished_at": None if outcome == Outcome.IN_FLIGHT else at,
        "outcome": outcome,
        "provider_sid": sid,
    }
    return Attempt.objects.create(notification=row, **(defaults | facts))


def a_sent_row(at: datetime, **facts: Any) -> Notification:
    row = a_row(at, **facts)
    sid = an_attempt(row, at).provider_sid
    Notification.objects.filter(pk=row.pk).update(provider_sid=sid)
    return row


def broken(at: datetime, *, is_full: bool = False) -> dict[str, list[int]]:
    return broken_rows(AUDITS, at, is_full=is_full)


def drop_constraint(table: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")


@pytest.mark.parametrize("is_full", [True, False])
def test_a_queue_that_has_worked_is_in_order(simulator: SimulatorProcess, is_full: bool) -> None:
    for number in range(3):
        a_message(someone(f"+23769900010{number}"))
    simulator.fault("error", code=63024, count=1)
    drain()
    a_message(someone("+237699000200"), due_at=later(hours=1))
    assert broken(later(minutes=1), is_full=is_full) == {}


def test_a_sent_message_without_an_attempt_that_left_is_a_breach(at: datetime) -> None:
    row = a_row(at)
    an_attempt(row, at, Outcome.NOT_SENT)
    assert broken(at) == {"sent-has-attempt": [row.pk], "attempt-count": [row.pk]}


def test_a_message_that_miscounts_its_attempts_is_a_breach(at: datetime) -> None:
    row = a_sent_row(at, attempt_count=2)
    a_sent_row(at)
    assert broken(at) == {"attempt-count": [row.pk]}


@pytest.mark.parametrize(("many", "code", "is_breach"), [(7, "30008", True), (6, "30008", False), (7, "63007", False)])
def test_more_failures_of_its_own_than_tries_are_a_breach(at: datetime, many: int, code: str, is_breach: bool) -> None:
    row = a_row(at, Status.QUEUED, attempt_count=many)
    for _ in range(many):
        an_attempt(row, at, Outcome.REFUSED, error_code=code)
    assert broken(at) == ({"attempts-bounded": [row.pk]} if is_breach else {})


def test_staff_who_send_it_again_give_it_all_tries_anew(at: datetime) -> None:
    row = a_row(at, Status.QUEUED, attempt_count=12)
    for _ in range(12):
        an_attempt(row, at, Outcome.REFUSED, error_code="30008")
    action = StaffAction.objects.create(deed=StaffDeed.RETRY, by="awa", why="repaired", begun_at=at)
    StaffActionLine.objects.create(
        action=action, notification=row, status_before=Status.DEAD, channel_before="whatsapp"
    )
    assert broken(at) == {}
    StaffAction.objects.update(deed=StaffDeed.CANCEL)
    assert broken(at) == {"attempts-bounded": [row.pk]}


def test_a_lease_that_nobody_ends_is_a_breach(at: datetime) -> None:
    row = a_row(at, Status.SENDING, leased_until=at - timedelta(seconds=61))
    an_attempt(row, at, Outcome.IN_FLIGHT)
    assert broken(at) == {"lease": [row.pk]}
    assert broken(at - timedelta(seconds=2)) == {}


def test_an_unknown_outcome_that_nobody_looks_up_is_a_breach(at: datetime) -> None:
    row = a_row(at, Status.UNCONFIRMED, due_at=at - timedelta(seconds=121))
    an_attempt(row, at, Outcome.UNKNOWN)
    assert broken(at) == {"look-up": [row.pk]}


def test_news_that_nobody_hears_is_a_breach(at: datetime) -> None:
    row = a_sent_row(at, news_due=at - timedelta(seconds=61))
    assert broken(at) == {"news": [row.pk]}
    assert broken(at - timedelta(seconds=2)) == {}


def test_a_useless_message_that_waits_is_a_breach(at: datetime) -> None:
    row = a_row(at, Status.QUEUED, expires_at=at - timedelta(seconds=121))
    assert broken(at) == {"expiry": [row.pk]}


def test_a_dead_letter_without_an_alert_is_a_breach_unless_it_is_harmless(at: datetime) -> None:
    silent = a_row(at, Status.DEAD)
    harmless = a_row(at, Status.DEAD, last_error_code="21602")
    alert = EscalationAlert.objects.create(fingerprint="x", title="x", first_seen_at=at, last_seen_at=at)
    told = a_row(at, Status.DEAD, alert=alert)
    for row in (silent, harmless, told):
        an_attempt(row, at, Outcome.REFUSED, error_code=row.last_error_code)
    assert broken(at) == {"dead-letter-alert": [silent.pk]}


def spend(account: Account, row: Notification, *moments: datetime, outcome: str = Outcome.ACCEPTED) -> None:
    for moment in moments:
        an_attempt(row, moment, outcome, account=account)
    Notification.objects.filter(pk=row.pk).update(attempt_count=row.attempts.exclude(outcome=Outcome.NOT_SENT).count())


def test_a_budget_that_is_overrun_in_any_day_is_a_breach(at: datetime) -> None:
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=3)
    row, hour = a_row(at), timedelta(hours=1)
    spend(account, row, at - 28 * hour, at - 27 * hour, at - 26 * hour, at - 5 * hour)
    spend(account, row, at - 3 * hour, outcome=Outcome.REFUSED)
    assert broken(at) == {"budget": [row.attempts.get(started_at=at - 5 * hour).pk]}, "four within 23 hours"
    assert broken(at + 20 * hour) == {}, "ended when the day is over"
    account.daily_limit = 4
    account.save()
    assert broken(at) == {}


def test_a_limit_that_was_lowered_judges_only_what_left_after_it(at: datetime, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_DAILY_LIMIT = "AC" + "1" * 32, 10
    seeding.seed()
    account, row = Account.objects.get(sid=settings.TWILIO_ACCOUNT_SID), a_row(at)
    spend(account, row, *[at - timedelta(hours=hour) for hour in range(2, 8)])
    settings.TWILIO_DAILY_LIMIT = 3
    seeding.seed()
    assert broken(at) == {}
    afterwards = clock.now() + timedelta(minutes=1)
    spend(account, row, afterwards)
    assert "budget" in broken(afterwards), "one more left although there was no room"


def test_a_limit_that_twilio_lowered_judges_only_what_left_after_it(at: datetime) -> None:
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=10)
    Channel.objects.update_or_create(name="whatsapp", defaults={"account": account})
    row = a_row(at)
    spend(account, row, *[at - timedelta(hours=hour) for hour in range(2, 8)])
    channels = channel_health.lock_channels()
    alerts = consequences.Alerts()
    budget.spend(channels["whatsapp"], channels, "63038", "exceeded the 3 daily messages limit", alerts, at)
    assert Account.objects.get().daily_limit == 3
    assert broken(at) == {}


def test_a_slot_is_free_again_after_exactly_a_day(at: datetime) -> None:
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=1)
    row = a_row(at)
    spend(account, row, at - timedelta(hours=24), at)
    assert broken(at) == {}
    spend(account, row, at - timedelta(microseconds=1))
    assert "budget" in broken(at)


def test_an_unlimited_account_and_other_accounts_are_no_breach(at: datetime) -> None:
    row = a_row(at)
    for number, limit in enumerate((None, 2, 2)):
        account = Account.objects.create(sid=f"AC{number:032}", daily_limit=limit)
        spend(account, row, *[at - timedelta(minutes=minute) for minute in range(limit or 5)])
    assert broken(at) == {}


def test_two_attempts_with_one_sid_are_a_breach(at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'notifications_attempt'::regclass "
            "AND contype = 'u' AND conname LIKE '%provider_sid%'"
        )
        (name,) = cursor.fetchone()
    drop_constraint("notifications_attempt", name)
    first, second = a_sent_row(at), a_sent_row(at)
    sid = first.attempts.get().provider_sid
    second.attempts.update(provider_sid=sid)
    Notification.objects.filter(pk=second.pk).update(provider_sid=None)
    found = {check: sorted(rows) for check, rows in broken(at).items()}
    assert found == {"sid-unique": [first.attempts.get().pk, second.attempts.get().pk]}


def test_a_message_with_a_strange_sid_is_a_breach(at: datetime) -> None:
    row = a_sent_row(at)
    Notification.objects.filter(pk=row.pk).update(provider_sid="SMstrange")
    assert broken(at) == {"sid-own": [row.pk]}


def test_a_receipt_that_waits_for_a_known_message_is_a_breach(at: datetime) -> None:
    sid = a_sent_row(at).attempts.get().provider_sid
    received = at - timedelta(seconds=121)
    late = Receipt.objects.create(provider_sid=sid or "", status="delivered", received_at=received)
    Receipt.objects.create(provider_sid=sid or "", status="read", received_at=at)
    Receipt.objects.create(provider_sid="SMstranger", status="delivered", received_at=received)
    assert broken(at) == {"receipt": [late.pk]}
    Receipt.objects.filter(pk=late.pk).update(failures=1)
    assert broken(at) == {}, "it has an alert of its own and is tried again"
    assert broken(at + timedelta(days=1)) != {}


# --- what a quick run looks at -----------------------------------------------------------------------------------


def old_and_new(at: datetime) -> tuple[Notification, Notification]:
    """A broken old message, and another many ids later."""
    old = a_sent_row(at, attempt_count=2)
    new = a_sent_row(at, pk=old.pk + 3 * SLICE)
    Attempt.objects.update(started_at=at - timedelta(hours=1))
    return old, new


def test_each_old_row_has_its_turn_in_some_run(at: datetime) -> None:
    old, _new = old_and_new(at)
    seen = [broken(at + turn * timedelta(minutes=5)) for turn in range(4)]
    assert sorted(len(found) for found in seen) == [0, 0, 0, 1], "one run of four has its slice"
    assert {"attempt-count": [old.pk]} in seen
    assert broken(at, is_full=True) == {"attempt-count": [old.pk]}


def test_rows_that_were_named_or_tried_a_moment_ago_are_always_looked_at(at: datetime) -> None:
    old, _new = old_and_new(at)
    Channel.objects.create(name="whatsapp")
    counters = next(check for check in AUDITS if check.name == "attempt-count").find
    turns = [at + turn * timedelta(minutes=5) for turn in range(4)]
    assert [len(list(counters(Look(turn, is_full=False, named=[old.pk])))) for turn in turns] == [1] * 4
    old.attempts.update(started_at=at)
    assert [len(list(counters(Look(turn, is_full=False)))) for turn in turns[:3]] == [1] * 3
