"""Callbacks and webhooks: signed as Twilio signs, shaped as Twilio shapes them, retried as Twilio retries."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from djobea.simulator.signing import signature, split_overrides
from tests.simulator.contents import a_content
from tests.simulator.receiver import Receiver, Reply
from tests.simulator_process import SimulatorProcess, free_port

PAYLOADS: dict[str, Any] = json.loads((Path(__file__).parent / "twilio_payloads.json").read_text(encoding="utf-8"))
AWA = "+237699000001"
TO_AWA = f"whatsapp:{AWA}"


def test_the_published_test_vector_holds() -> None:
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
    token = "0123456789abcdef0123456789abcdef"
    assert signature(token, url, fields) == "XpHDdO+cGUSd7YG7UFLeQszMjdI="
    assert RequestValidator(token).validate(url, fields, signature(token, url, fields))


def test_the_fragment_of_a_webhook_is_neither_sent_nor_signed() -> None:
    assert split_overrides("https://a.cm/x?y=1#rc=5&rp=5xx,ct") == ("https://a.cm/x?y=1", {"rc": "5", "rp": "5xx,ct"})


def test_every_call_carries_a_signature_that_the_real_validator_accepts(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    simulator.write(AWA, "Robinet cassé à Makepe & Akwa +1")
    client.messages.create(
        to=TO_AWA,
        from_=simulator.whatsapp_from,
        body="ok",
        status_callback=f"{receiver.base_url}/status/?attempt=1&b=é",
    )
    simulator.wait_for(lambda: len(receiver.calls) == 3)
    validator = RequestValidator(simulator.auth_token)
    for call in receiver.calls:
        assert validator.validate(call.url, call.fields, call.headers["X-Twilio-Signature"])
        assert not validator.validate(call.url, call.fields | {"Body": "forged"}, call.headers["X-Twilio-Signature"])


@pytest.mark.parametrize("kind", ["text", "location_named", "quick_reply_in_session", "list_reply", "voice_note", "image_with_caption", "hidden_number_bsuid", "sms"])  # fmt: skip
def test_inbound_fields_are_those_of_the_captures(
    simulator: SimulatorProcess, client: Client, receiver: Receiver, kind: str
) -> None:
    wish = _wish(simulator, client, kind)
    sid = simulator.control("inbound", {"phone": AWA, **wish})["sid"]
    (got,) = simulator.wait_for(lambda: [call.fields for call in receiver.calls if call.fields["MessageSid"] == sid])
    expected = PAYLOADS["inbound"][kind]
    assert set(got) == set(expected)
    for name in (
        "MessageType",
        "NumMedia",
        "Body",
        "WaId",
        "ButtonText",
        "ButtonPayload",
        "ListId",
        "ListTitle",
        "SmsStatus",
    ):
        assert got.get(name) == expected.get(name), name
    if kind == "hidden_number_bsuid":
        assert got["From"] == got["ExternalUserId"]
        assert got["From"].startswith("whatsapp:CM.")


def _wish(simulator: SimulatorProcess, client: Client, kind: str) -> dict[str, Any]:
    body = PAYLOADS["inbound"][kind]["Body"]
    if kind == "sms":
        simulator.control("settings", {"sms_two_way": True})
        return {"channel": "sms", "text": body}
    if kind == "hidden_number_bsuid":
        simulator.phone(AWA, hides_number=True, name="Awa Douala")
    if kind == "location_named":
        return {
            "location": {"latitude": 4.0483, "longitude": 9.7043, "label": "Marché Mboppi", "address": "Rue Mboppi"}
        }
    if kind in {"voice_note", "image_with_caption"}:
        content_type = "audio/ogg" if kind == "voice_note" else "image/jpeg"
        return {"text": body, "media": {"content_type": content_type, "data_base64": "aGVsbG8="}}
    if kind == "quick_reply_in_session":
        _shown(simulator, client, {"twilio/quick-reply": {"body": "?", "actions": [{"type": "QUICK_REPLY", "title": "Accepter", "id": "offer:42:accept"}]}})  # fmt: skip
        return {"button": "offer:42:accept"}
    if kind == "list_reply":
        _shown(simulator, client, {"twilio/list-picker": {"body": "?", "button": "b", "items": [{"item": "Plomberie", "id": "svc:plomberie"}]}})  # fmt: skip
        return {"item": "Plomberie"}
    return {"text": body}


def _shown(simulator: SimulatorProcess, client: Client, types: dict[str, Any]) -> None:
    simulator.write(AWA, "Bonjour")
    content = a_content(client, types)
    sent = client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, content_sid=str(content.sid))
    simulator.wait_for_status(str(sent.sid), "delivered")


@pytest.mark.parametrize("kind", ["whatsapp_sent", "whatsapp_delivered", "whatsapp_read", "whatsapp_undelivered", "whatsapp_failed_window", "sms_sent", "sms_delivered", "sms_undelivered"])  # fmt: skip
def test_status_fields_are_those_of_the_captures(
    simulator: SimulatorProcess, client: Client, receiver: Receiver, kind: str
) -> None:
    channel, _, status = kind.partition("_")
    if kind != "whatsapp_failed_window":
        simulator.write(AWA, "Bonjour")
    if kind == "whatsapp_undelivered":
        simulator.fault("no_whatsapp")
    if kind == "sms_undelivered":
        simulator.fault("error", code=30003)
    to, sender = (TO_AWA, simulator.whatsapp_from) if channel == "whatsapp" else (AWA, simulator.sms_from)
    sent = client.messages.create(to=to, from_=sender, body="x", status_callback=f"{receiver.base_url}/status/")
    if kind == "whatsapp_read":
        simulator.wait_for_status(str(sent.sid), "delivered")
        simulator.read(AWA)
    wanted = status.removesuffix("_window")
    simulator.wait_for(lambda: wanted in receiver.statuses(str(sent.sid)))
    got = next(call.fields for call in receiver.calls if call.fields.get("MessageStatus") == wanted)
    expected = PAYLOADS["status_callbacks"][kind]
    assert set(got) == set(expected)
    for name in (
        "ChannelToAddress",
        "EventType",
        "ErrorCode",
        "ErrorMessage",
        "ChannelStatusMessage",
        "StructuredMessage",
    ):
        assert got.get(name) == expected.get(name), name


def test_a_webhook_that_answers_500_is_not_called_again(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    receiver.reply = lambda _call: Reply(status=500)
    written = simulator.write(AWA, "Bonjour")
    simulator.wait_for(lambda: simulator.control(f"messages/{written['sid']}")["callbacks"])
    time.sleep(0.2)
    assert len(receiver.calls) == 1
    assert client.messages(written["sid"]).fetch().error_code == 11200


def test_a_webhook_without_a_listener_is_called_once_more(simulator: SimulatorProcess) -> None:
    simulator.control(
        "senders", {"address": simulator.whatsapp_from, "callback_url": f"http://127.0.0.1:{free_port()}/x"}
    )
    written = simulator.write(AWA, "Bonjour")
    (outcome,) = simulator.wait_for(lambda: simulator.control(f"messages/{written['sid']}")["callbacks"])
    assert (outcome["failure"], outcome["tries"], outcome["http_status"]) == ("ct", 2, 0)


def test_overrides_in_the_fragment_add_tries(simulator: SimulatorProcess, receiver: Receiver) -> None:
    receiver.reply = lambda _call: Reply(status=503 if len(receiver.calls) < 3 else 200)
    simulator.control(
        "senders", {"address": simulator.whatsapp_from, "callback_url": f"{receiver.base_url}/in/#rc=5&rp=5xx"}
    )
    simulator.write(AWA, "Bonjour")
    simulator.wait_for(lambda: len(receiver.calls) == 4)
    assert len({call.headers["I-Twilio-Idempotency-Token"] for call in receiver.calls}) == 1


def test_an_answer_without_content_type_and_one_with_a_message(simulator: SimulatorProcess, receiver: Receiver) -> None:
    receiver.reply = lambda _call: Reply(headers={})
    simulator.wait_for(lambda: simulator.messages(phone=AWA) or simulator.write(AWA, "un"))
    simulator.wait_for(lambda: simulator.messages(phone=AWA, error_code=12300))
    receiver.reply = lambda _call: Reply(body="<Response><Message>Bonsoir &amp; merci</Message></Response>")
    simulator.write(AWA, "deux")
    (reply,) = simulator.wait_for(lambda: simulator.messages(direction="outbound-reply", status="delivered"))
    assert reply["body"] == "Bonsoir & merci"
