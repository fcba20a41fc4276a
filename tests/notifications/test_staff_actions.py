"""What staff do by hand: foreseen truly, done in batches, traced, and never more than asked."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from notifications import audit, clock, staff_actions
from notifications.audit_scope import Look
from notifications.models import (
    Account,
    ActionStatus,
    AlertState,
    Attempt,
    Channel,
    Contact,
    EscalationAlert,
    Notification,
    Outcome,
    Priority,
    StaffAction,
    StaffActionLine,
    Status,
    UnreachableMark,
    WaitingFor,
)
from notifications.staff_actions import Fate, Selection, execution
from tests.engine import a_message, drain, point_at, someone, turn
from tests.factories import in_threads, wait_for_a_waiter
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 11, 0, tzinfo=timezone.get_fixed_timezone(0))  # by day in Douala
WHO: Any = {"by": "awa", "why": "the line is mended"}


@pytest.fixture(autouse=True)
def channels() -> dict[str, Channel]:
    """WhatsApp and SMS on one Twilio account without a known limit, and email."""
    account = Account.objects.create(sid="AC" + "0" * 32, urgent_share=0.2)
    facts: list[tuple[str, Account | None]] = [("whatsapp", account), ("sms", account), ("email", None)]
    return {
        name: Channel.objects.create(name=name, account=mine, is_configured=True, sender="x", per_second=10)
        for name, mine in facts
    }


def a_row(status: str = Status.DEAD, **facts: Any) -> Notification:
    """A message to somebody who wrote an hour ago, in any status."""
    person = facts.pop("contact", None) or a_person()
    defaults: dict[str, Any] = {
        "purpose": "offer_taken",
        "contact": person,
        "phone_number": person.phone_number or "",
        "body": "Bonjour",
        "channel": "whatsapp",
        "due_at": NOON - timedelta(hours=1),
        "status": status,
        "attempt_count": int(status != Status.QUEUED),
    }
    if status == Status.DEAD:
        defaults |= {"last_error_code": "63024", "settled_at": NOON, "retry_count": 5}
    if status == Status.SENDING:
        defaults |= {"leased_until": NOON, "leased_by": "worker"}
    return Notification.objects.create(**(defaults | facts))


def a_person(**facts: Any) -> Contact:
    number = f"+237699{Contact.objects.count():06d}"
    return Contact.objects.create(**({"phone_number": number, "last_inbound_at": NOON - timedelta(hours=1)} | facts))


def an_attempt(row: Notification, outcome: str = Outcome.REFUSED, **facts: Any) -> Attempt:
    defaults: dict[str, Any] = {"channel": row.channel, "started_at": NOON - timedelta(hours=2), "outcome": outcome}
    defaults["finished_at"] = None if outcome == Outcome.IN_FLIGHT else defaults["started_at"]
    return Attempt.objects.create(notification=row, **(defaults | facts))


def an_alert(*rows: Notification, fingerprint: str = "dead-letter:whatsapp:63024") -> EscalationAlert:
    alert = EscalationAlert.objects.create(
        fingerprint=fingerprint, title="Dead letters", first_seen_at=NOON, last_seen_at=NOON
    )
    Notification.objects.filter(pk__in=[row.pk for row in rows]).update(alert=alert)
    return alert


def status_of(row: Notification) -> str:
    return Notification.objects.values_list("status", flat=True).get(pk=row.pk)


EVERY = [status for status in Status.values if status != Status.SENDING]
HINDERED: list[tuple[str, dict[str, Any], Fate]] = [
    ("sent", {"status": Status.SENT}, Fate.SENT),
    ("read", {"status": Status.READ}, Fate.SENT),
    ("leaving", {"status": Status.SENDING}, Fate.LEAVING),
    ("cancelled", {"status": Status.CANCELLED}, Fate.CANCELLED),
    ("expired", {"status": Status.EXPIRED}, Fate.EXPIRED),
    ("useless by now", {"expires_at": NOON - timedelta(seconds=1)}, Fate.EXPIRED),
    ("due", {"status": Status.QUEUED}, Fate.WAITING),
    ("no number for SMS", {"channel": "sms", "phone_number": "", "whatsapp_id": "CM.1"}, Fate.NO_ADDRESS),
    ("no such channel", {"channel": "fax"}, Fate.NO_ADDRESS),
]


@pytest.mark.parametrize(("name", "facts", "fate"), HINDERED, ids=[name for name, _, _ in HINDERED])
def test_what_cannot_go_is_foreseen_and_left_as_it_is(name: str, facts: dict[str, Any], fate: Fate) -> None:
    row = a_row(**facts)
    before = Notification.objects.filter(pk=row.pk).values().get()
    foreseen = staff_actions.foresee("retry", Selection.of([row.pk]), at=NOON)
    assert (foreseen.matched, foreseen.goes, foreseen.skipped) == (1, 0, {fate: 1}), name
    action = staff_actions.retry(Selection.of([row.pk]), **WHO, at=NOON)
    assert (action.done_count, action.skipped) == (0, {str(fate): 1})
    assert Notification.objects.filter(pk=row.pk).values().get() == before


def test_the_person_and_the_channel_decide_too(channels: dict[str, Channel]) -> None:
    opted_out = a_row(contact=a_person(opted_out_at=NOON))
    marked = a_row()
    assert marked.contact is not None
    UnreachableMark.objects.create(contact=marked.contact, channel="whatsapp", until=NOON + timedelta(days=1), code="1")
    silent = a_row(contact=a_person(last_inbound_at=NOON - timedelta(days=2)))
    Channel.objects.filter(name="email").update(is_configured=False)
    by_mail = a_row(channel="email", email="awa@example.com")
    answer = a_row(contact=a_person(opted_out_at=NOON), purpose="reply")
    foreseen = staff_actions.foresee("retry", Selection.where(), at=NOON)
    assert foreseen.skipped == {Fate.OPTED_OUT: 1, Fate.UNREACHABLE: 1, Fate.WINDOW: 1, Fate.NOT_SET_UP: 1}
    staff_actions.retry(Selection.where(), **WHO, at=NOON)
    assert status_of(answer) == Status.QUEUED
    assert {status_of(row) for row in (opted_out, marked, silent, by_mail)} == {Status.DEAD}


def test_a_message_that_is_impossible_here_goes_on_where_a_channel_is_left() -> None:
    row = a_row(channels_left=["sms"])
    assert row.contact is not None
    UnreachableMark.objects.create(contact=row.contact, channel="whatsapp", until=NOON + timedelta(days=1), code="1")
    (stream,) = staff_actions.foresee("retry", Selection.where(), at=NOON).streams
    assert (stream.channel, stream.now) == ("sms", 1)


def test_a_retry_gives_all_tries_back_and_keeps_the_history() -> None:
    row = a_row()
    an_attempt(row, Outcome.FAILED, provider_sid="SM1")
    Notification.objects.update(provider_sid="SM1", news_due=NOON)
    alert = an_alert(row)
    staff_actions.retry(Selection.of([row.pk]), **WHO, at=NOON)
    row.refresh_from_db()
    assert (row.status, row.retry_count, row.due_at, row.alert) == (Status.QUEUED, 0, NOON, None)
    assert (row.settled_at, row.news_due, row.possible_duplicate) == (None, None, False)
    assert (row.provider_sid, row.attempts.get().provider_sid) == ("SM1", "SM1")
    alert.refresh_from_db()
    assert (alert.state, alert.resolved_by) == (AlertState.RESOLVED, "awa")
    line = StaffActionLine.objects.get()
    assert (line.status_before, line.error_before, line.channel_before) == (Status.DEAD, "63024", "whatsapp")
    assert (line.action.by, line.action.why, line.action.status) == ("awa", WHO["why"], ActionStatus.DONE)


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.ACCEPTED, Outcome.IN_FLIGHT])
def test_a_copy_that_may_have_arrived_makes_the_next_a_possible_duplicate(outcome: str) -> None:
    row = a_row(Status.UNCONFIRMED)
    an_attempt(row, outcome)
    assert staff_actions.foresee("retry", Selection.of([row.pk]), at=NOON).duplicates == 1
    staff_actions.retry(Selection.of([row.pk]), **WHO, at=NOON)
    row.refresh_from_db()
    assert (row.status, row.possible_duplicate) == (Status.QUEUED, True)


def test_an_alert_stays_while_a_dead_letter_points_to_it() -> None:
    first, second = a_row(), a_row()
    alert = an_alert(first, second)
    other = an_alert(a_row(), fingerprint="channel:whatsapp:63007")
    staff_actions.retry(Selection.of([first.pk]), **WHO, at=NOON)
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN
    staff_actions.retry(Selection.where(), **WHO, at=NOON)
    alert.refresh_from_db()
    other.refresh_from_db()
    assert (alert.state, other.state) == (AlertState.RESOLVED, AlertState.OPEN)
    assert not list(audit.dead_letters_have_their_alert(Look(NOON)))


def test_all_of_one_error_go_and_nothing_else() -> None:
    rows = [a_row(last_error_code="63007") for _ in range(3)]
    other = a_row()
    action = staff_actions.retry(Selection.where(status="dead", last_error_code="63007"), **WHO, at=NOON)
    assert action.done_count == 3
    assert {status_of(row) for row in rows} == {Status.QUEUED}
    assert status_of(other) == Status.DEAD
    assert Selection.from_json(action.selection) == Selection.where(status="dead", last_error_code="63007")


@pytest.mark.parametrize(
    "criteria", [{"body": "x"}, {"status": "gone"}, {"priority": "9"}, {"possible_duplicate": "t"}]
)
def test_a_filter_that_is_not_understood_acts_on_nothing(criteria: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=next(iter(criteria))):
        Selection.where(**criteria)


def test_a_selection_finds_by_each_criterion_and_by_search() -> None:
    row = a_row(reference="request:42", priority=Priority.URGENT, waiting_for=WaitingFor.RETRY, possible_duplicate=True)
    a_row(Status.QUEUED, channel="sms", purpose="offer")
    for criteria in (
        {"status": "dead"},
        {"channel": "whatsapp"},
        {"purpose": "offer_taken"},
        {"priority": "2"},
        {"waiting_for": "retry"},
        {"possible_duplicate": "1"},
        {"search": "request:4"},
    ):
        assert list(Selection.where(**criteria).rows()) == [row], criteria


# --- many -------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "BATCH", 3)


@pytest.mark.usefixtures("small_batches")
def test_what_a_click_does_not_finish_the_worker_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PATIENCE", 0)
    rows = [a_row() for _ in range(8)]
    action = staff_actions.retry(Selection.where(status="dead"), **WHO, at=NOON)
    assert (action.status, action.done_count) == (ActionStatus.RUNNING, 3)
    assert staff_actions.advance_due(NOON) == 5
    assert staff_actions.advance_due(NOON) == 0
    action.refresh_from_db()
    assert (action.status, action.done_count, action.finished_at) == (ActionStatus.DONE, 8, NOON)
    assert {status_of(row) for row in rows} == {Status.QUEUED}


@pytest.mark.usefixtures("small_batches")
def test_a_message_that_dies_again_meanwhile_is_not_sent_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PATIENCE", 0)
    first, *_others = [a_row() for _ in range(5)]
    action = staff_actions.retry(Selection.where(status="dead"), **WHO, at=NOON)
    Notification.objects.filter(pk=first.pk).move(Status.DEAD, last_error_code="63024")
    newcomer = a_row()
    staff_actions.advance_due(NOON)
    action.refresh_from_db()
    assert (action.status, action.done_count) == (ActionStatus.DONE, 5)
    assert (status_of(first), status_of(newcomer)) == (Status.DEAD, Status.DEAD)


@pytest.mark.usefixtures("small_batches")
def test_an_action_can_be_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PATIENCE", 0)
    for _ in range(5):
        a_row()
    action = staff_actions.retry(Selection.where(), **WHO, at=NOON)
    assert staff_actions.stop(action, by="awa", at=NOON)
    assert staff_actions.advance_due(NOON) == 0
    assert Notification.objects.filter(status=Status.QUEUED).count() == 3
    assert not staff_actions.stop(action, by="awa", at=NOON)


@pytest.mark.usefixtures("small_batches")
def test_a_batch_that_fails_is_undone_and_stops_the_action(monkeypatch: pytest.MonkeyPatch) -> None:
    def stumble(*_facts: Any) -> None:
        raise LookupError

    monkeypatch.setattr(execution, "leave_trace", stumble)
    row = a_row()
    action = staff_actions.retry(Selection.where(), **WHO, at=NOON)
    assert (action.status, action.note, action.done_count) == (ActionStatus.STOPPED, "LookupError", 0)
    assert status_of(row) == Status.DEAD


def test_many_messages_refuse_an_open_transaction() -> None:
    with pytest.raises(RuntimeError, match="transaction"), transaction.atomic():
        staff_actions.retry(Selection.where(), **WHO, at=NOON)


def test_nobody_acts_without_a_reason() -> None:
    with pytest.raises(Exception, match="staff_action_has_who_and_why"):
        staff_actions.retry(Selection.where(), by="awa", why="  ", at=NOON)


@pytest.mark.django_db(transaction=True)
def test_two_workers_and_a_claim_share_the_rows(small_batches: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(execution, "PATIENCE", 0)
    rows = [a_row() for _ in range(40)]
    action = staff_actions.retry(Selection.where(status="dead"), **WHO, at=NOON)

    def work() -> int:
        looked, patience = 0, time.monotonic() + 60
        while StaffAction.objects.filter(status=ActionStatus.RUNNING).exists() and time.monotonic() < patience:
            looked += staff_actions.advance_due(NOON)
        return looked

    deeds: list[Callable[[], int]] = [work, work, work]
    assert sum(in_threads(deeds)) == 37
    action.refresh_from_db()
    assert (action.done_count, action.lines.count()) == (40, 40)
    assert {status_of(row) for row in rows} == {Status.QUEUED}


@pytest.mark.django_db(transaction=True)
def test_a_dead_letter_that_comes_in_the_middle_keeps_its_alert_open() -> None:
    first, second = a_row(), a_row(Status.QUEUED)
    alert = an_alert(first)
    locked = threading.Event()

    def bury() -> None:
        with transaction.atomic():
            EscalationAlert.objects.filter(pk=alert.pk).update(occurrences=2)
            locked.set()
            wait_for_a_waiter()
            Notification.objects.filter(pk=second.pk).move(Status.DEAD, last_error_code="63024", alert=alert)

    def retry() -> None:
        assert locked.wait(10)
        staff_actions.retry(Selection.of([first.pk]), **WHO, at=NOON)

    in_threads([bury, retry])
    alert.refresh_from_db()
    assert alert.state == AlertState.OPEN


# --- how long, and what it takes ----------------------------------------------------------------------------------


def test_the_rate_tells_how_long_it_takes() -> None:
    for _ in range(20):
        a_row()
    for _ in range(10):
        a_row(Status.QUEUED)
    foreseen = staff_actions.foresee("retry", Selection.where(status="dead"), at=NOON)
    (stream,) = foreseen.streams
    assert (stream.now, stream.ahead, stream.waits) == (20, 10, [])
    assert foreseen.ends_at == NOON + timedelta(seconds=3)  # thirty at ten a second
    assert foreseen.budgets == []


def test_the_budget_tells_who_waits_until_when() -> None:
    account = Account.objects.get()
    Account.objects.update(daily_limit=10)  # two of them kept for urgent messages
    used = a_row(Status.SENT)
    for hours in (20, 19, 18, 17):
        an_attempt(used, Outcome.ACCEPTED, account=account, started_at=NOON - timedelta(hours=hours))
    an_attempt(used, Outcome.REFUSED, account=account)
    urgent = [a_row(priority=Priority.URGENT) for _ in range(2)]
    normal = [a_row() for _ in range(5)]
    foreseen = staff_actions.foresee("retry", Selection.of([row.pk for row in urgent + normal]), at=NOON)
    (stream,) = foreseen.streams
    assert stream.now == 4  # eight slots for all, four used: two urgent, then two
    (wait,) = stream.waits
    assert (wait.waiting_for, wait.count, wait.until) == (WaitingFor.BUDGET, 3, NOON + timedelta(hours=4))
    assert stream.ends_at == NOON + timedelta(hours=6)  # the third slot that becomes free
    (budget,) = foreseen.budgets
    assert (budget.limit, budget.used, budget.kept, budget.takes, budget.left) == (10, 4, 2, 4, 2)


def test_more_than_a_days_budget_takes_days() -> None:
    Account.objects.update(daily_limit=5, urgent_share=0)
    for _ in range(12):
        a_row()
    (stream,) = staff_actions.foresee("retry", Selection.where(), at=NOON).streams
    assert (stream.now, stream.waits[0].count, stream.waits[0].until) == (5, 7, NOON + timedelta(days=1))
    assert stream.ends_at == NOON + timedelta(days=2)


@pytest.mark.parametrize(
    ("code", "priority", "left", "channel", "waits"),
    [
        ("63007", Priority.NORMAL, ["sms"], "sms", []),
        ("63007", Priority.NORMAL, [], "whatsapp", [WaitingFor.CHANNEL]),
        ("staff", Priority.NORMAL, ["email"], "whatsapp", [WaitingFor.CHANNEL]),
        ("staff", Priority.URGENT, ["email"], "email", []),
        ("63038", Priority.NORMAL, ["email"], "whatsapp", [WaitingFor.BUDGET]),
        ("63038", Priority.URGENT, ["email"], "email", []),
    ],
)
def test_a_paused_channel_is_foreseen_as_the_queue_treats_it(
    code: str, priority: int, left: list[str], channel: str, waits: list[str]
) -> None:
    Channel.objects.filter(name="whatsapp").update(
        paused_until=NOON + timedelta(hours=1), paused_at=NOON, pause_code=code
    )
    a_row(channels_left=left, priority=priority, email="awa@example.com")
    (stream,) = staff_actions.foresee("retry", Selection.where(), at=NOON).streams
    assert (stream.channel, [wait.waiting_for for wait in stream.waits]) == (channel, waits)
    assert (stream.now == 0) == bool(waits)


def test_quiet_hours_are_foreseen() -> None:
    night = NOON.replace(hour=22)
    a_row(purpose="rating_request", contact=a_person(last_inbound_at=night))
    (stream,) = staff_actions.foresee("retry", Selection.where(), at=night).streams
    assert [(wait.waiting_for, wait.until) for wait in stream.waits] == [
        (WaitingFor.QUIET_HOURS, NOON.replace(hour=6) + timedelta(days=1))  # seven o'clock in Douala
    ]


# --- edit, move, cancel, channels -----------------------------------------------------------------------------------


def test_a_corrected_number_begins_its_way_anew_with_another_contact() -> None:
    row = a_row(channel="sms", email="awa@example.com", purpose="offer_won")
    number, old = "+237655000009", row.phone_number
    fate = staff_actions.edit(row.pk, {"phone_number": number, "body": "Bonsoir"}, **WHO, at=NOON)
    row.refresh_from_db()
    # A new number has no open window and no template here: the policy will take the next channel.
    assert (fate, row.status, row.channel, row.channels_left) == (Fate.GO, Status.QUEUED, "whatsapp", ["sms", "email"])
    assert row.contact is not None
    assert (row.phone_number, row.body, row.contact.phone_number) == (number, "Bonsoir", number)
    line = StaffActionLine.objects.get()
    assert line.old_values == {"phone_number": old, "body": "Bonjour"}
    assert (line.status_before, line.channel_before) == (Status.DEAD, "sms")


def test_an_edited_text_stays_on_its_channel() -> None:
    row = a_row(channel="sms")
    staff_actions.edit(row.pk, {"body": "Bonsoir", "phone_number": row.phone_number}, **WHO, at=NOON)
    row.refresh_from_db()
    assert (row.channel, row.body) == ("sms", "Bonsoir")
    assert StaffActionLine.objects.get().old_values == {"body": "Bonjour"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"body": " "}, ValueError),
        ({"status": "sent"}, ValueError),
        ({"phone_number": "677"}, ValueError),
        ({"email": "awa"}, ValidationError),
    ],
)
def test_nonsense_is_not_written(changes: dict[str, str], error: type[Exception]) -> None:
    row = a_row()
    with pytest.raises(error):
        staff_actions.edit(row.pk, changes, **WHO, at=NOON)
    assert status_of(row) == Status.DEAD


def test_an_edit_that_cannot_go_changes_nothing() -> None:
    a_person(phone_number="+237655000009", opted_out_at=NOON)
    row = a_row()
    cases = [
        ({"phone_number": "+237655000009"}, Fate.OPTED_OUT),
        ({"phone_number": ""}, Fate.NO_ADDRESS),
    ]
    for changes, fate in cases:
        before = Notification.objects.filter(pk=row.pk).values().get()
        assert staff_actions.edit(row.pk, changes, **WHO, at=NOON) == fate
        assert Notification.objects.filter(pk=row.pk).values().get() == before
    assert staff_actions.edit(a_row(Status.SENDING).pk, {"body": "x"}, **WHO, at=NOON) == Fate.LEAVING
    assert not StaffAction.objects.exists()


def test_messages_move_to_the_channel_that_staff_chose() -> None:
    dead = a_row(channels_left=["sms", "email"], email="awa@example.com")
    seen = an_attempt(a_row(Status.SENT), Outcome.ACCEPTED).notification
    nobody = a_row(phone_number="", whatsapp_id="CM.1")
    there = a_row(channel="sms")
    foreseen = staff_actions.foresee("move", Selection.where(), at=NOON, channel="sms")
    assert (foreseen.goes, foreseen.skipped) == (2, {Fate.NO_ADDRESS: 1, Fate.THERE: 1})
    assert foreseen.streams[0].channel == "sms"
    action = staff_actions.move(Selection.where(), "sms", **WHO, at=NOON)
    dead.refresh_from_db()
    seen.refresh_from_db()
    assert (dead.status, dead.channel, dead.channels_left) == (Status.QUEUED, "sms", ["email"])
    assert (seen.status, seen.channel, seen.possible_duplicate) == (Status.QUEUED, "sms", True)
    assert {status_of(nobody), status_of(there)} == {Status.DEAD}
    assert (action.done_count, action.channel) == (2, "sms")


def test_only_what_has_not_left_is_called_back() -> None:
    rows = {status: a_row(status) for status in Status.values}
    foreseen = staff_actions.foresee("cancel", Selection.where(), at=NOON)
    assert (foreseen.goes, foreseen.skipped[Fate.SENT], foreseen.skipped[Fate.DEAD]) == (2, 3, 1)
    staff_actions.cancel(Selection.where(), **WHO, at=NOON)
    changed = {status for status, row in rows.items() if status_of(row) != status}
    assert changed == {Status.QUEUED, Status.UNCONFIRMED}
    assert status_of(rows[Status.QUEUED]) == Status.CANCELLED


def test_a_channel_is_held_and_let_go_with_its_trace() -> None:
    a_row(Status.QUEUED)
    assert staff_actions.pause_channel("whatsapp", **WHO, at=NOON)
    assert Channel.objects.get(name="whatsapp").is_paused(NOON)
    foreseen = staff_actions.foresee_channel("whatsapp", at=NOON)
    assert (foreseen.goes, foreseen.now) == (1, 1)
    assert staff_actions.resume_channel("whatsapp", **WHO, at=NOON)
    assert not staff_actions.resume_channel("whatsapp", **WHO, at=NOON)
    assert not staff_actions.pause_channel("fax", **WHO, at=NOON)
    assert list(StaffAction.objects.values_list("deed", "channel", "by")) == [
        ("resume", "whatsapp", "awa"),
        ("pause", "whatsapp", "awa"),
    ]


# --- all of it ------------------------------------------------------------------------------------------------------


def test_a_repaired_channel_sends_all_its_dead_letters_again(
    channels: dict[str, Channel], simulator: SimulatorProcess, settings: Any
) -> None:
    point_at(simulator, settings, TWILIO_SMS_FROM="")
    simulator.fault("error", code=63013, where="answer", count=3)
    rows = [a_message(someone(f"+23769900000{number}")) for number in (1, 2, 3)]
    drain()
    assert {status_of(row) for row in rows} == {Status.DEAD}
    at = clock.now()
    selection = Selection.where(status="dead", last_error_code="63013")
    foreseen = staff_actions.foresee("retry", selection, at=at)
    action = staff_actions.retry(selection, **WHO, at=at)
    assert (foreseen.goes, foreseen.now, action.done_count) == (3, 3, 3)
    while turn():
        pass
    assert {status_of(row) for row in rows} == {Status.SENT}
    for row in rows:
        first, second = row.attempts.order_by("pk")
        assert (first.outcome, first.error_code, second.outcome) == (Outcome.REFUSED, "63013", Outcome.ACCEPTED)
    sids = {message["sid"] for message in simulator.messages(direction="outbound-api")}
    assert sids >= set(Attempt.objects.filter(outcome=Outcome.ACCEPTED).values_list("provider_sid", flat=True))
    assert not EscalationAlert.objects.filter(fingerprint__startswith="dead-letter").exclude(state="resolved").exists()
    for check in (audit.counters_equal_rows, audit.dead_letters_have_their_alert, audit.sent_rows_have_an_attempt):
        assert not list(check(Look(at)))
