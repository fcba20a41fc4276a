"""Callbacks go forwards only, whenever and however often they come."""

from typing import Any

import pytest
from django.test import Client

from notifications import clock, receipts
from notifications.models import Attempt, Notification, Outcome, Receipt, Status
from notifications.queue import claim
from notifications.receipts import Callback
from tests import signed
from tests.engine import a_message, someone, turn
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
