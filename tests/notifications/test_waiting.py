"""Messages before a closed channel: who takes another way, who waits for what, and whom a person must call."""

from datetime import timedelta
from typing import Any

from notifications import budget, clock, staff_actions, throttling, waiting
from notifications.models import (
    Account,
    AlertState,
    Attempt,
    Channel,
    EscalationAlert,
    Notification,
    Priority,
    Status,
    WaitingFor,
)
from tests.engine import a_message, drain, point_at, someone, turn
from tests.simulator_process import SimulatorProcess


def close(name: str, code: str = "63007") -> None:
    at = clock.now()
    Channel.objects.filter(name=name).update(paused_until=at + timedelta(hours=1), pause_code=code, paused_at=at)


def test_a_closed_channel_is_left_for_one_that_is_open(simulator: SimulatorProcess) -> None:
    row = a_message(someone(), purpose="offer_taken")
    close("whatsapp")
    assert waiting.sort_new(clock.now()) == 1
    row.refresh_from_db()
    assert (row.channel, row.status) == ("sms", Status.QUEUED)
    assert turn() == 1


def test_without_another_way_it_waits_with_its_reason_and_leaves_when_one_opens(simulator: SimulatorProcess) -> None:
    row = a_message(someone(), purpose="offer_taken")
    close("whatsapp")
    close("sms")
    assert waiting.sort_new(clock.now()) == 0
    row.refresh_from_db()
    assert row.waiting_for == WaitingFor.CHANNEL
    Channel.objects.filter(name="sms").update(paused_until=None, pause_code="")
    assert waiting.sort_new(clock.now()) == 0, "it is not new any more"
    assert waiting.sort_again(clock.now()) == 1
    row.refresh_from_db()
    assert (row.channel, row.waiting_for) == ("sms", WaitingFor.NOTHING)


def test_a_pause_by_staff_holds_routine_messages_and_lets_urgent_ones_take_another_way(
    simulator: SimulatorProcess,
) -> None:
    routine = a_message(someone(), purpose="offer_taken")
    urgent = a_message(someone("+237699000002"), purpose="offer")
    staff_actions.pause_channel("whatsapp", by="awa", why="a test", at=clock.now())
    assert waiting.sort_new(clock.now()) == 1
    routine.refresh_from_db()
    urgent.refresh_from_db()
    assert (routine.channel, urgent.channel) == ("whatsapp", "sms")


def test_a_used_up_limit_closes_the_account_before_twilio_refuses(simulator: SimulatorProcess, settings: Any) -> None:
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=5)
    Account.objects.update(urgent_share=0.4)
    rows = [a_message(someone(f"+2376990001{n:02}"), purpose="offer_taken") for n in range(4)]
    drain()
    assert Attempt.objects.count() == 3, "two slots are kept for urgent messages"
    budget.watch(clock.now())
    waiting.sort_new(clock.now())
    rows[3].refresh_from_db()
    assert (rows[3].status, rows[3].waiting_for) == (Status.QUEUED, WaitingFor.BUDGET)
    for n in range(3):
        a_message(someone(f"+2376990002{n:02}"), purpose="offer")
    drain()
    assert Attempt.objects.count() == 5, "message 6 is not even tried"
    at = clock.now()
    assert budget.watch(at) == 1
    account = Account.objects.get(sid=simulator.account_sid)
    assert account.paused_until == throttling.next_free_slot(account, at=at)
    assert set(Channel.objects.filter(account=account).values_list("pause_code", flat=True)) == {"63038"}
    alert = EscalationAlert.objects.get(fingerprint=f"account:{account.pk}:63038")
    assert alert.cause.startswith("2 "), "staff read how many wait"


def test_the_alert_of_the_limit_neither_flickers_nor_multiplies(simulator: SimulatorProcess, settings: Any) -> None:
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=5)
    Account.objects.update(urgent_share=0)
    for n in range(7):
        a_message(someone(f"+2376990001{n:02}"), purpose="offer_taken")
    drain()
    budget.watch(clock.now())
    budget.watch(clock.now())
    oldest = Attempt.objects.order_by("pk").first()
    assert oldest is not None
    Attempt.objects.filter(pk=oldest.pk).update(started_at=clock.now() - timedelta(hours=25))
    Channel.objects.update(paused_until=None, pause_code="")
    Account.objects.update(paused_until=None, pause_code="")
    drain()  # one slot was free: it is used at once
    budget.watch(clock.now())
    alerts = EscalationAlert.objects.filter(fingerprint__endswith=":63038")
    assert [(a.state, a.occurrences) for a in alerts] == [(AlertState.OPEN, 1)]
    Attempt.objects.update(started_at=clock.now() - timedelta(hours=25))
    budget.watch(clock.now())
    assert alerts.get().state == AlertState.RESOLVED


def test_when_the_limit_is_used_up_an_urgent_message_takes_a_channel_outside_the_account(
    simulator: SimulatorProcess, settings: Any
) -> None:
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=1, EMAIL_URL="locmem://", DEFAULT_FROM_EMAIL="us@djobea.example")
    drain_first = a_message(someone("+237699000009"))
    drain()
    assert drain_first.attempts.count() == 1
    with_mail = a_message(someone(email="awa@example.cm"), purpose="offer")
    without = a_message(someone("+237699000002"), purpose="offer")
    budget.watch(clock.now())
    assert waiting.sort_new(clock.now()) == 1
    with_mail.refresh_from_db()
    without.refresh_from_db()
    assert (with_mail.channel, without.channel) == ("email", "whatsapp")
    waiting.call_for_the_urgent(clock.now())
    alert = EscalationAlert.objects.get(fingerprint="call:whatsapp")
    assert "1" in alert.title
    staff_actions.cancel(staff_actions.Selection.of([without.pk]), by="awa", why="a test", at=clock.now())
    waiting.call_for_the_urgent(clock.now())
    alert.refresh_from_db()
    assert alert.state == AlertState.RESOLVED


def test_the_last_slots_of_the_day_go_to_what_expires_first(simulator: SimulatorProcess, settings: Any) -> None:
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=2)
    Account.objects.update(urgent_share=0)
    at = clock.now()
    hours = {1: None, 2: 9, 3: 2, 4: 5}
    rows = {
        n: a_message(
            someone(f"+2376990001{n:02}"), purpose="x", expires_at=at + timedelta(hours=h) if h else None, due_at=at
        )
        for n, h in hours.items()
    }
    drain()
    sent = {n for n, row in rows.items() if Notification.objects.get(pk=row.pk).status == Status.SENT}
    assert sent == {3, 4}


def test_the_sms_of_an_account_whose_limit_is_used_up_is_no_way_out_even_before_the_account_is_closed(
    simulator: SimulatorProcess, settings: Any
) -> None:
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=1)
    a_message(someone("+237699000009"))
    drain()
    row = a_message(someone(), purpose="offer")
    assert not Channel.objects.get(name="sms").is_paused(clock.now()), "nobody has closed the account yet"
    assert waiting.sort_new(clock.now()) == 0
    row.refresh_from_db()
    assert (row.channel, row.waiting_for) == ("whatsapp", WaitingFor.BUDGET)


def test_a_message_that_must_be_known_soon_becomes_urgent(simulator: SimulatorProcess) -> None:
    at = clock.now()
    near = a_message(someone(), purpose="rating_request", must_know_by=at + timedelta(minutes=9))
    far = a_message(someone("+237699000002"), purpose="rating_request", must_know_by=at + timedelta(hours=3))
    Notification.objects.update(due_at=at + timedelta(hours=9), waiting_for=WaitingFor.QUIET_HOURS)
    assert waiting.meet_deadlines(at) == 1
    near.refresh_from_db()
    far.refresh_from_db()
    assert (near.priority, near.waiting_for, near.due_at) == (Priority.URGENT, WaitingFor.NOTHING, at)
    assert far.priority == Priority.BULK


def test_a_receipt_is_expected_in_time_for_another_channel(simulator: SimulatorProcess) -> None:
    at = clock.now()
    row = a_message(someone(), purpose="reminder", must_know_by=at + timedelta(hours=1))
    drain()
    row.refresh_from_db()
    assert row.receipt_due_at == at + timedelta(minutes=50)


def test_who_does_not_know_in_time_is_called_by_a_person_once(simulator: SimulatorProcess) -> None:
    at = clock.now()
    known = a_message(someone(), purpose="reminder", must_know_by=at + timedelta(minutes=1))
    unknown = a_message(someone("+237699000002"), purpose="reminder", must_know_by=at + timedelta(minutes=1))
    Notification.objects.filter(pk=known.pk).move(Status.DELIVERED, delivered_at=at, attempt_count=1)
    later = at + timedelta(minutes=2)
    assert waiting.call_the_unknowing(at) == 0
    assert waiting.call_the_unknowing(later) == 1
    assert waiting.call_the_unknowing(later) == 0
    alert = EscalationAlert.objects.get(fingerprint="not-known:reminder")
    unknown.refresh_from_db()
    assert (unknown.alert, alert.occurrences) == (alert, 1)
