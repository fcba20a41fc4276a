"""What the queue promises, against a Twilio over real HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from notifications import (
    channel_health,
    clock,
    outbox,
    probing,
    reconciliation,
    settlement,
    staff_actions,
    throttling,
    waiting,
)
from notifications.models import (
    Account,
    AlertState,
    Attempt,
    Channel,
    EscalationAlert,
    Notification,
    Outcome,
    Status,
    WaitingFor,
)
from notifications.queue import claim, expire, recover_leases
from tests.engine import a_message, drain, later, point_at, someone, turn
from tests.simulator_process import SimulatorProcess


def test_a_message_arrives_once_with_one_attempt_and_its_sid(simulator: SimulatorProcess) -> None:
    row = a_message(someone(), body="Bonjour Awa")
    assert drain() == 1
    row.refresh_from_db()
    attempt = row.attempts.get()
    assert (row.status, row.attempt_count, row.leased_by) == (Status.SENT, 1, "")
    assert row.provider_sid == attempt.provider_sid
    assert attempt.outcome == Outcome.ACCEPTED
    [message] = simulator.messages(direction="outbound-api")
    assert message["sid"] == row.provider_sid
    assert message["body"] == "Bonjour Awa"


def test_enqueue_belongs_into_a_transaction_and_names_one_recipient(transactional_db: None) -> None:
    with pytest.raises(RuntimeError, match="transaction"):
        outbox.enqueue(purpose="reply", body="x", phone_number="+237699000001")
    with transaction.atomic(), pytest.raises(ValueError, match="exactly one"):
        outbox.enqueue(purpose="reply", body="x", phone_number="+237699000001", email="a@example.cm")
    with transaction.atomic(), pytest.raises(ValueError, match="empty"):
        outbox.enqueue(purpose="reply", body="  ", phone_number="+237699000001")


def test_a_known_dedupe_key_returns_the_row_that_is_there(simulator: SimulatorProcess) -> None:
    awa = someone()
    assert a_message(awa, dedupe_key="k").pk == a_message(awa, dedupe_key="k", body="again").pk
    assert Notification.objects.count() == 1


def test_63007_opens_the_circuit_at_once_and_the_next_messages_take_sms(simulator: SimulatorProcess) -> None:
    simulator.fault("unknown_sender", channel="whatsapp")
    awa = someone()
    first, second = a_message(awa), a_message(awa)
    assert turn(slots=1) == 1
    drain()
    waiting.sort_new(clock.now())
    drain()
    whatsapp = Channel.objects.get(name="whatsapp")
    assert whatsapp.pause_code == "63007"
    assert whatsapp.is_paused(clock.now())
    assert Attempt.objects.filter(channel="whatsapp").count() == 1
    for row in (first, second):
        row.refresh_from_db()
        assert (row.channel, row.status) == ("sms", Status.SENT)
    alert = EscalationAlert.objects.get(fingerprint="channel:whatsapp:63007")
    assert alert.state == AlertState.OPEN
    assert "TWILIO_WHATSAPP_FROM" in alert.remedy


def test_63007_without_sms_waits_with_a_reason_and_arrives_once_after_the_repair(
    simulator: SimulatorProcess, settings: Any
) -> None:
    point_at(simulator, settings, TWILIO_SMS_FROM="")
    simulator.fault("unknown_sender", channel="whatsapp")
    awa = someone()
    rows = [a_message(awa), a_message(awa)]
    drain()
    waiting.sort_new(clock.now())
    for row in rows:
        row.refresh_from_db()
        assert (row.status, row.waiting_for, row.retry_count) == (Status.QUEUED, WaitingFor.CHANNEL, 0)
    probing.probe_paused(clock.now())
    assert drain() == 0, "the fault is still there"
    simulator.clear_faults()
    probing.probe_paused(clock.now())
    drain()
    for row in rows:
        row.refresh_from_db()
        assert row.status == Status.SENT
    assert EscalationAlert.objects.get(fingerprint="channel:whatsapp:63007").state == AlertState.RESOLVED
    arrived = [m for m in simulator.messages(direction="outbound-api") if m["status"] != "failed"]
    assert len(arrived) == 2


def test_the_daily_limit_is_never_overrun_and_the_rest_waits(simulator: SimulatorProcess, settings: Any) -> None:
    settings.TWILIO_DAILY_LIMIT = 5
    point_at(simulator, settings, TWILIO_DAILY_LIMIT=5)
    people = [someone(f"+2376990001{number:02}") for number in range(8)]
    rows = [a_message(person) for person in people]
    drain()
    assert Attempt.objects.count() == 5
    assert Notification.objects.filter(status=Status.SENT).count() == 5
    account = Account.objects.get(sid=simulator.account_sid)
    slot = throttling.next_free_slot(account, at=clock.now())
    assert slot is not None
    assert slot > later(hours=23)
    Attempt.objects.update(started_at=clock.now() - timedelta(hours=25))
    drain()
    assert Notification.objects.filter(status=Status.SENT).count() == len(rows)


def test_63038_pauses_the_whole_account_and_the_limit_is_learned(simulator: SimulatorProcess) -> None:
    simulator.fault("daily_limit", limit=2)
    for number in range(4):
        a_message(someone(f"+2376990002{number:02}"), purpose="offer_taken", urgent=False)
    for _ in range(4):
        turn(slots=1)
    account = Account.objects.get(sid=simulator.account_sid)
    assert account.daily_limit == 2
    assert account.paused_until is not None
    codes = set(Channel.objects.filter(name__in=["whatsapp", "sms"]).values_list("pause_code", flat=True))
    assert codes == {"63038"}
    assert Notification.objects.filter(status=Status.QUEUED).count() == 2
    assert Notification.objects.filter(status=Status.DEAD).count() == 0


def test_a_cut_after_acceptance_is_found_in_the_list_and_not_sent_twice(simulator: SimulatorProcess) -> None:
    simulator.fault("cut_after", count=1)
    row = a_message(someone())
    turn()
    row.refresh_from_db()
    assert row.status == Status.UNCONFIRMED
    reconciliation.reconcile_due(later(seconds=31))
    row.refresh_from_db()
    assert row.status in (Status.SENT, Status.DELIVERED)
    assert row.possible_duplicate is False
    assert len(simulator.messages(direction="outbound-api")) == 1


def test_a_cut_before_acceptance_is_sent_again_only_after_its_patience_and_is_flagged(
    simulator: SimulatorProcess,
) -> None:
    simulator.fault("cut_before", count=1)
    row = a_message(someone(), purpose="news", urgent=False)
    turn()
    for seconds in (31, 121):
        reconciliation.reconcile_due(later(seconds=seconds))
        row.refresh_from_db()
        assert row.status == Status.UNCONFIRMED
    reconciliation.reconcile_due(later(seconds=601))
    row.refresh_from_db()
    assert (row.status, row.possible_duplicate) == (Status.QUEUED, True)
    turn(at=later(seconds=602))
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert row.attempt_count == 2


def test_an_http_500_is_an_unknown_outcome(simulator: SimulatorProcess) -> None:
    simulator.fault("server_error", count=1)
    row = a_message(someone())
    turn()
    row.refresh_from_db()
    assert row.status == Status.UNCONFIRMED
    assert row.attempts.get().outcome == Outcome.UNKNOWN


def test_five_retries_then_a_dead_letter_with_its_alert(simulator: SimulatorProcess, settings: Any) -> None:
    point_at(simulator, settings, TWILIO_SMS_FROM="")
    simulator.fault("error", code=30008, where="answer")
    row = a_message(someone(), purpose="news")
    for hours in range(8):
        turn(at=later(hours=hours))
    row.refresh_from_db()
    assert row.status == Status.DEAD
    assert row.attempt_count == 6
    assert row.last_error_code == "30008"
    assert row.alert is not None


def test_63024_marks_the_address_and_takes_the_next_channel(simulator: SimulatorProcess) -> None:
    simulator.fault("error", code=63024, where="answer", channel="whatsapp")
    awa = someone()
    row = a_message(awa)
    drain()
    row.refresh_from_db()
    assert (row.channel, row.status) == ("sms", Status.SENT)


def test_a_lease_that_ran_out_is_unconfirmed_not_sent_again_at_once(simulator: SimulatorProcess) -> None:
    row = a_message(someone())
    claimed = claim("dies", 1, clock.now())
    assert len(claimed.envelopes) == 1
    assert recover_leases(later(seconds=61)) == 1
    row.refresh_from_db()
    assert row.status == Status.UNCONFIRMED
    assert row.attempts.get().outcome == Outcome.UNKNOWN


def test_an_expired_message_is_not_sent(simulator: SimulatorProcess) -> None:
    row = a_message(someone(), expires_at=clock.now() - timedelta(seconds=1))
    assert drain() == 0
    row.refresh_from_db()
    assert row.status == Status.EXPIRED
    other = a_message(someone("+237699000009"), expires_at=clock.now() + timedelta(hours=1), due_at=later(hours=2))
    expire(later(hours=2))
    other.refresh_from_db()
    assert other.status == Status.EXPIRED


def test_who_opted_out_gets_answers_only(simulator: SimulatorProcess) -> None:
    awa = someone(opted_out_at=clock.now())
    answer, offer = a_message(awa), a_message(awa, purpose="offer")
    drain()
    answer.refresh_from_db()
    offer.refresh_from_db()
    assert (answer.status, offer.status) == (Status.SENT, Status.CANCELLED)


def test_outside_the_window_without_a_template_the_message_goes_by_sms(simulator: SimulatorProcess) -> None:
    row = a_message(someone(last_inbound_at=clock.now() - timedelta(hours=25)))
    drain()
    row.refresh_from_db()
    assert (row.channel, row.status) == ("sms", Status.SENT)
    assert row.attempts.count() == 1


def test_without_a_receipt_an_urgent_message_takes_the_next_channel(simulator: SimulatorProcess) -> None:
    row = a_message(someone(), purpose="offer")
    turn()
    assert settlement.fall_back_without_receipt(later(seconds=119)) == 0
    assert settlement.fall_back_without_receipt(later(seconds=121)) == 1
    turn(at=later(seconds=122))
    row.refresh_from_db()
    assert (row.channel, row.status) == ("sms", Status.SENT)


def test_nobody_is_flooded(simulator: SimulatorProcess) -> None:
    awa = someone()
    for _ in range(25):
        a_message(awa)
    for _ in range(25):
        turn(slots=1)
    assert Attempt.objects.count() == throttling.FLOOD_LIMIT
    assert Notification.objects.filter(waiting_for=WaitingFor.FLOOD).count() >= 1


def test_a_batch_answers_for_itself_when_one_result_is_poison(simulator: SimulatorProcess) -> None:
    good, bad = a_message(someone()), a_message(someone("+237699000002"))
    at = clock.now()
    claimed = claim("w", 5, at)
    from notifications.channels import Accepted  # noqa: PLC0415

    results = [
        settlement.Result(e, claimed.lease, Accepted("SM1" if e.notification_id == good.pk else 7))  # type: ignore[arg-type]
        for e in claimed.envelopes
    ]
    settlement.settle(results, clock.now())
    good.refresh_from_db()
    assert good.status == Status.SENT
    bad.refresh_from_db()
    assert bad.status in (Status.SENT, Status.DEAD)


def test_staff_send_a_dead_letter_again_with_a_new_attempt(simulator: SimulatorProcess, settings: Any) -> None:
    point_at(simulator, settings, TWILIO_SMS_FROM="")
    simulator.fault("error", code=21211, where="answer", count=1)
    row = a_message(someone())
    drain()
    row.refresh_from_db()
    assert row.status == Status.DEAD
    row.contact.unreachable_marks.all().delete()  # type: ignore[union-attr]
    action = staff_actions.retry(staff_actions.Selection.of([row.pk]), by="awa", why="right now", at=clock.now())
    assert action.done_count == 1
    drain()
    row.refresh_from_db()
    assert (row.status, row.attempt_count) == (Status.SENT, 2)


@pytest.mark.parametrize(
    "facts",
    [
        {"status": Status.SENDING},
        {"status": Status.DEAD, "last_error_code": ""},
        {"status": Status.SENT},
        {"phone_number": "677"},
        {"phone_number": "", "email": "", "whatsapp_id": ""},
        {"status": "on its way"},
    ],
)
def test_rows_that_make_no_sense_cannot_be(db: None, facts: dict[str, Any]) -> None:
    sound: dict[str, Any] = {"purpose": "x", "phone_number": "+237699000001", "body": "x", "channel": "whatsapp"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Notification.objects.create(**(sound | {"due_at": clock.now()} | facts))


def test_a_channel_that_is_half_open_is_reopened_once(simulator: SimulatorProcess) -> None:
    at = clock.now()
    Channel.objects.filter(name="whatsapp").update(paused_until=at, pause_code="63007", paused_at=at)
    assert channel_health.reopen_channels(at) == 1
    assert channel_health.reopen_channels(at) == 0
    a_message(someone())
    assert drain() == 1
    channel = Channel.objects.get(name="whatsapp")
    assert (channel.paused_until, channel.is_half_open) == (None, False)


def test_each_message_of_a_batch_keeps_its_own_sid_and_its_own_wait(simulator: SimulatorProcess) -> None:
    """One statement settles them all; it must not mix them up."""
    purposes = ["offer", "reply", "offer_taken", "offer"]
    rows = [a_message(someone(f"+2376990004{number:02}"), purpose=each) for number, each in enumerate(purposes)]
    assert turn() == len(rows)
    sent = {message["sid"]: message for message in simulator.messages(direction="outbound-api")}
    for row in rows:
        row.refresh_from_db()
        attempt = row.attempts.get()
        message = sent[row.provider_sid]
        assert message["to"] == f"whatsapp:{row.phone_number}"
        assert attempt.provider_sid == row.provider_sid
        assert attempt.request_id
        assert (row.receipt_due_at is not None) == (row.purpose == "offer")
        assert (row.news_due is not None) == (row.purpose == "offer")
    assert len({row.provider_sid for row in rows}) == len(rows)
