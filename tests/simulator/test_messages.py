"""Messages: created, listed, fetched, delivered and told by callbacks, as at Twilio."""

from datetime import UTC, datetime, timedelta

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.simulator.receiver import Receiver
from tests.simulator_process import SimulatorProcess, start_simulator

AWA = "+237699000001"
TO_AWA = f"whatsapp:{AWA}"


def test_a_message_is_queued_then_sent_then_delivered_then_read(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    simulator.write(AWA, "Bonjour")
    sent = client.messages.create(
        to=TO_AWA,
        from_=simulator.whatsapp_from,
        body="Bonsoir",
        status_callback=f"{receiver.base_url}/status/?attempt=a1",
    )
    assert (sent.status, sent.date_sent, sent.direction) == ("queued", None, "outbound-api")
    simulator.wait_for_status(str(sent.sid), "delivered")
    assert simulator.read(AWA) == 1
    simulator.wait_for(lambda: receiver.statuses(str(sent.sid)) == ["sent", "delivered", "read"])
    fetched = client.messages(str(sent.sid)).fetch()
    assert fetched.status == "read"
    assert fetched.date_sent
    assert all(call.url.endswith("/status/?attempt=a1") for call in receiver.calls if "MessageStatus" in call.fields)


def test_free_text_to_somebody_who_never_wrote_fails_in_the_callback(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    sent = client.messages.create(
        to=TO_AWA, from_=simulator.whatsapp_from, body="Promo", status_callback=f"{receiver.base_url}/status/"
    )
    simulator.wait_for_status(str(sent.sid), "failed")
    simulator.wait_for(lambda: receiver.statuses(str(sent.sid)) == ["failed"])
    assert receiver.calls[-1].fields["ErrorCode"] == "63016"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"to": "whatsapp:12"}, 21211),
        ({"to": "+12"}, 21211),
        ({"from_": "whatsapp:+19998887777"}, 63007),
        ({"from_": "+14155238886"}, 63007),
        ({"body": "x" * 1601}, 21617),
        ({"body": ""}, 21602),
        ({"content_variables": "{}"}, 21654),
        ({"content_sid": f"HX{0:032x}"}, 21655),
        ({"status_callback": "http://under_score.example/"}, 21609),
        ({"status_callback": "nonsense"}, 21609),
        ({"to": "+237699000001", "from_": "+19998887777"}, 21606),
        ({"to": "+237222000001", "from_": "+15005550006"}, 21614),
        ({"send_at": datetime.now(UTC) + timedelta(hours=1), "schedule_type": "fixed"}, 35118),
    ],
)
def test_what_twilio_refuses_is_refused_with_its_code(
    simulator: SimulatorProcess, client: Client, change: dict[str, object], code: int
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(**{"to": TO_AWA, "from_": simulator.whatsapp_from, "body": "x"} | change)
    assert (refused.value.code, refused.value.status) == (code, 400)
    listed = client.messages.list(limit=1)[0]
    assert (listed.status, listed.error_code) == ("failed", code)


def test_a_missing_recipient_or_sender_is_named(simulator: SimulatorProcess, client: Client) -> None:
    with pytest.raises(TwilioRestException) as without_sender:
        client.messages.create(to=TO_AWA, body="x")
    with pytest.raises(TwilioRestException) as without_recipient:
        client.messages.create(to="", from_=simulator.whatsapp_from, body="x")
    assert (without_sender.value.code, without_recipient.value.code) == (21603, 21604)


def test_wrong_credentials_and_foreign_accounts_get_20003(simulator: SimulatorProcess) -> None:
    for client in (simulator.client(auth_token="wrong"), simulator.client(account_sid=f"AC{9:032x}")):
        with pytest.raises(TwilioRestException) as refused:
            client.messages(f"SM{1:032x}").fetch()
        assert (refused.value.code, refused.value.status) == (20003, 401)


def test_an_unknown_sid_is_20404(client: Client) -> None:
    with pytest.raises(TwilioRestException) as missing:
        client.messages(f"SM{999:032x}").fetch()
    assert (missing.value.code, missing.value.status) == (20404, 404)


def test_the_list_pages_and_filters(simulator: SimulatorProcess, client: Client) -> None:
    simulator.control("settings", {"window_rule": False})
    for number in range(7):
        client.messages.create(to=f"whatsapp:+23767700000{number % 2}", from_=simulator.whatsapp_from, body=str(number))
    assert [message.body for message in client.messages.list(page_size=3)] == list("6543210")
    to_one = client.messages.list(to="whatsapp:+237677000001", from_=simulator.whatsapp_from, page_size=2)
    assert [message.body for message in to_one] == ["5", "3", "1"]
    simulator.wait_for(lambda: len(simulator.messages(status="delivered")) == 7)
    hour = timedelta(hours=1)
    now = datetime.now(UTC)
    assert len(client.messages.list(date_sent_after=now - hour)) == 7
    assert client.messages.list(date_sent_after=now + hour) == []
    assert len(client.messages.list(date_sent=now.date())) in {0, 7}  # midnight may pass


def test_a_message_can_be_redacted_and_deleted_once_it_is_complete(simulator: SimulatorProcess, client: Client) -> None:
    simulator.write(AWA, "Bonjour")
    sent = client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="secret")
    with pytest.raises(TwilioRestException) as early:
        client.messages(str(sent.sid)).delete()
    assert (early.value.code, early.value.status) == (20009, 409)
    simulator.wait_for_status(str(sent.sid), "delivered")
    assert client.messages(str(sent.sid)).update(body="").body == ""
    assert client.messages(str(sent.sid)).delete()
    with pytest.raises(TwilioRestException):
        client.messages(str(sent.sid)).fetch()


def test_a_messaging_service_accepts_first_and_schedules(simulator: SimulatorProcess, client: Client) -> None:
    service = f"MG{1:032x}"
    simulator.write(AWA, "Bonjour")
    now = client.messages.create(to=TO_AWA, messaging_service_sid=service, body="x")
    assert (now.status, now.from_, now.num_segments) == ("accepted", None, "0")
    moment = datetime.now(UTC) + timedelta(hours=1)
    asked = {"to": TO_AWA, "messaging_service_sid": service, "send_at": moment, "schedule_type": "fixed"}
    kept, dropped = (client.messages.create(body=body, **asked) for body in ("later", "never"))
    assert kept.status == "scheduled"
    assert client.messages(str(dropped.sid)).update(status="canceled").status == "canceled"
    simulator.advance(3601)
    simulator.wait_for_status(str(kept.sid), "delivered")
    assert simulator.control(f"messages/{dropped.sid}")["status"] == "canceled"


def test_a_trial_account_prefixes_sms_and_counts_sms_in_segments() -> None:
    with start_simulator(trial=True) as simulator:
        sent = simulator.client().messages.create(to=AWA, from_=simulator.sms_from, body="ça")
    assert str(sent.body).endswith(" - ça")
    assert str(sent.body).startswith("Sent from your Twilio trial account")


@pytest.mark.parametrize(
    ("body", "count"),
    [("a" * 160, "1"), ("a" * 161, "2"), ("ç" * 70, "1"), ("ç" * 71, "2"), ("à" * 160, "1"), ("€" * 81, "2")],
)
def test_segments_are_counted_as_the_network_does(
    simulator: SimulatorProcess, client: Client, body: str, count: str
) -> None:
    assert client.messages.create(to=AWA, from_=simulator.sms_from, body=body).num_segments == count
