"""Callbacks go forwards only, whenever and however often they come."""

from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.test import Client

from notifications import clock, escalation, receipts, settlement
from notifications.channels import Accepted
from notifications.delivery import Deadline, deliver
from notifications.models import Attempt, EscalationAlert, Notification, Outcome, Receipt, Status, UnreachableMark
from notifications.queue import claim
from notifications.receipts import Callback
from tests import signed
from tests.breakdown import integrity_error
from tests.engine import a_message, later, someone, turn
from tests.simulator_process import SimulatorProcess

PATH = "/webhooks/twilio/status/"


def sent() -> Notification:
    row = a_message(someone(), purpose="news")
    turn()
    row.refresh_from_db()
    assert row.status == Status.SENT
    return row


def tell(row: Notification, status: str, **facts: Any) -> None:
    receipts.receive(Callback(str(row.provider_sid), status, **facts), at=clock.now())
    row.refresh_from_db()


def test_delivered_then_read_then_nothing_goes_back(simulator: SimulatorProcess) -> None:
    row = sent()
    tell(row, "read")
    assert row.status == Status.READ
    for late in ("sent", "delivered", "undelivered"):
        tell(row, late)
        assert row.status == Status.READ


def test_a_callback_before_the_answer_brings_the_sid_and_the_answer_changes_nothing(
    simulator: SimulatorProcess,
) -> None:
    row = a_message(someone(), purpose="news")
    claim("w", 1, clock.now())
    attempt = row.attempts.get()
    receipts.receive(Callback("SM" + "a" * 32, "delivered", attempt.public_id), at=clock.now())
    row.refresh_from_db()
    attempt.refresh_from_db()
    assert (row.status, row.provider_sid) == (Status.DELIVERED, "SM" + "a" * 32)
    assert attempt.outcome == Outcome.ACCEPTED


def test_a_callback_without_our_parameter_waits_for_the_sid(simulator: SimulatorProcess) -> None:
    receipts.receive(Callback("SM" + "b" * 32, "delivered"), at=clock.now())
    row = a_message(someone(), purpose="news")
    claim("w", 1, clock.now())
    attempt = row.attempts.get()
    Attempt.objects.filter(pk=attempt.pk).update(
        provider_sid="SM" + "b" * 32, outcome=Outcome.ACCEPTED, finished_at=clock.now()
    )
    assert receipts.apply_waiting(["SM" + "b" * 32], clock.now()) == 1
    row.refresh_from_db()
    assert row.status == Status.DELIVERED


def test_63016_in_a_callback_sends_the_message_on_to_sms(simulator: SimulatorProcess) -> None:
    row = sent()
    tell(row, "failed", error_code="63016")
    assert (row.status, row.channel) == (Status.QUEUED, "sms")
    turn()
    row.refresh_from_db()
    assert row.status == Status.SENT
    assert [a.outcome for a in row.attempts.all()] == [Outcome.FAILED, Outcome.ACCEPTED]


def test_the_first_copy_arrives_after_all_and_the_second_is_called_back(simulator: SimulatorProcess) -> None:
    row = sent()
    first = row.provider_sid
    tell(row, "failed", error_code="63016")
    receipts.receive(Callback(str(first), "delivered"), at=clock.now())
    row.refresh_from_db()
    assert row.status == Status.DELIVERED
    assert turn() == 0


def test_a_repeated_callback_changes_nothing(simulator: SimulatorProcess) -> None:
    row = sent()
    for _ in range(3):
        tell(row, "undelivered", error_code="30008")
    assert row.retry_count == 1
    assert Receipt.objects.count() == 1


def test_the_webhook_takes_only_twilios_word(simulator: SimulatorProcess, client: Client, settings: Any) -> None:
    row = sent()
    fields = {"MessageSid": str(row.provider_sid), "MessageStatus": "delivered", "AccountSid": simulator.account_sid}
    assert client.post(PATH, fields).status_code == 403
    assert signed.post(client, PATH, fields, token="forged").status_code == 403
    assert signed.post(client, PATH, fields | {"AccountSid": "AC" + "9" * 32}).status_code == 403
    assert Receipt.objects.count() == 0
    assert signed.post(client, PATH, fields).status_code == 204
    row.refresh_from_db()
    assert row.status == Status.DELIVERED


@pytest.mark.parametrize("query", ["", "?attempt=nonsense", "?attempt=6c9d4f8e-0000-4000-8000-000000000001"])
def test_the_webhook_works_with_any_parameter(simulator: SimulatorProcess, client: Client, query: str) -> None:
    row = sent()
    fields = {"MessageSid": str(row.provider_sid), "MessageStatus": "read", "AccountSid": simulator.account_sid}
    assert signed.post(client, PATH + query, fields).status_code == 204
    row.refresh_from_db()
    assert row.status == Status.READ


def test_the_contracts_test_vector_is_accepted(client: Client, settings: Any, db: None) -> None:
    from twilio.request_validator import RequestValidator  # noqa: PLC0415

    url = "https://djobea.example.cm/webhooks/twilio/inbound/"
    sid = "SM00000000000000000000000000000001"
    fields = {
        "MessageSid": sid,
        "SmsMessageSid": sid,
        "SmsSid": sid,
        "AccountSid": "AC00000000000000000000000000000001",
        "From": "whatsapp:+237699000001",
        "To": "whatsapp:+14155238886",
        "WaId": "237699000001",
        "ProfileName": "Awa N.",
        "Body": "Robinet cassé à Makepe & Akwa +1",
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsStatus": "received",
        "MessageType": "text",
        "ApiVersion": "2010-04-01",
    }
    signature = RequestValidator("0123456789abcdef0123456789abcdef").compute_signature(url, fields)
    assert signature == "XpHDdO+cGUSd7YG7UFLeQszMjdI="


# --- a receipt whose application fails ------------------------------------------------------------------------------


def delivering_fails() -> AbstractContextManager[None]:
    return integrity_error("notification_queue", "status <> 'delivered'")


@pytest.mark.django_db(transaction=True)
def test_a_receipt_whose_application_fails_is_kept_told_and_applied_after_the_repair(
    simulator: SimulatorProcess, client: Client
) -> None:
    row = sent()
    fields = {"MessageSid": str(row.provider_sid), "MessageStatus": "delivered", "AccountSid": simulator.account_sid}
    with delivering_fails():
        assert signed.post(client, PATH, fields).status_code == 204, "it is kept, and Twilio need not come again"
        receipt = Receipt.objects.get()
        assert (receipt.applied_at, receipt.failures) == (None, 1)
        row.refresh_from_db()
        assert row.status == Status.SENT, "rolled back"
        alert = EscalationAlert.objects.get(fingerprint="receipt:IntegrityError")
        assert alert.state == "open"
        assert receipts.apply_left(later(seconds=30)) == 0, "not before its time"
        assert receipts.apply_left(later(seconds=61)) == 0
        receipt.refresh_from_db()
        assert receipt.failures == 2
    assert receipts.apply_left(later(seconds=100)) == 0, "the next wait is longer"
    assert receipts.apply_left(later(seconds=200)) == 1
    row.refresh_from_db()
    alert.refresh_from_db()
    assert (row.status, alert.state) == (Status.DELIVERED, "resolved")
    assert turn() == 0
    assert a_message(someone("+237699000002")).status == Status.QUEUED, "the connection is as good as before"


def test_where_not_even_the_failure_can_be_noted_the_receipt_is_kept_all_the_same(
    simulator: SimulatorProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = sent()

    def broken(**_facts: Any) -> None:
        Receipt.objects.create(provider_sid=str(row.provider_sid), status="delivered", received_at=clock.now())

    monkeypatch.setattr(escalation, "raise_alert", broken)
    with delivering_fails():
        tell(row, "delivered")
    receipt = Receipt.objects.get()
    assert (receipt.applied_at, receipt.failures, row.status) == (None, 0, Status.SENT)
    assert receipts.apply_left(clock.now()) == 1
    row.refresh_from_db()
    assert row.status == Status.DELIVERED


def test_where_nothing_can_be_kept_twilio_hears_503(simulator: SimulatorProcess, client: Client) -> None:
    row = sent()
    fields = {"MessageSid": str(row.provider_sid), "MessageStatus": "delivered", "AccountSid": simulator.account_sid}
    with integrity_error("notifications_receipt", "status = ''"):
        assert signed.post(client, PATH, fields).status_code == 503
    assert signed.post(client, PATH, fields).status_code == 204
    row.refresh_from_db()
    assert row.status == Status.DELIVERED


def test_an_early_receipt_that_cannot_be_applied_costs_its_message_nothing(simulator: SimulatorProcess) -> None:
    good, bad = a_message(someone(), purpose="news"), a_message(someone("+237699000002"), purpose="news")
    claimed = claim("w", 5, clock.now())
    results = [deliver(envelope, claimed.lease, Deadline.begin()) for envelope in claimed.envelopes]
    for result in results:
        assert isinstance(result.answer, Accepted)
        receipts.receive(Callback(str(result.answer.sid), "delivered"), at=clock.now())
    with delivering_fails():
        settlement.settle(results, clock.now())
    for row in (good, bad):
        row.refresh_from_db()
        assert row.status == Status.SENT
    assert receipts.apply_left(later(seconds=61)) == 2
    assert set(Notification.objects.values_list("status", flat=True)) == {Status.DELIVERED}


def test_a_receipt_that_missed_the_moment_in_which_its_sid_was_stored_is_applied_soon(
    simulator: SimulatorProcess,
) -> None:
    row = sent()
    Receipt.objects.create(provider_sid=str(row.provider_sid), status="delivered", received_at=clock.now())
    strange = Receipt.objects.create(provider_sid="SM" + "f" * 32, status="delivered", received_at=clock.now())
    assert receipts.apply_left(clock.now()) == 1
    assert receipts.apply_left(clock.now()) == 0
    row.refresh_from_db()
    strange.refresh_from_db()
    assert row.status == Status.DELIVERED
    assert strange.applied_at is None


# --- what an attempt says in the end --------------------------------------------------------------------------------


def test_undelivered_after_delivered_leaves_the_attempt_as_it_was(simulator: SimulatorProcess) -> None:
    row = sent()
    tell(row, "delivered")
    tell(row, "undelivered", error_code="63024")
    attempt = row.attempts.get()
    assert (row.status, attempt.outcome, attempt.error_code) == (Status.DELIVERED, Outcome.ACCEPTED, "")
    assert not UnreachableMark.objects.exists()


def test_delivered_after_undelivered_wins_on_the_attempt_too(simulator: SimulatorProcess) -> None:
    row = sent()
    tell(row, "undelivered", error_code="63016")
    assert row.channel == "sms"
    tell(row, "delivered")
    attempt = row.attempts.get()
    assert (row.status, attempt.outcome, attempt.error_code) == (Status.DELIVERED, Outcome.ACCEPTED, "")
    assert turn() == 0
