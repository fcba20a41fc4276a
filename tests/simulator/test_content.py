"""Templates, windows, opt-outs, media, sandbox: what decides whether words reach a phone."""

import base64

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from tests.simulator.contents import a_content
from tests.simulator.receiver import Receiver
from tests.simulator_process import SimulatorProcess, running_simulator

AWA = "+237699000001"
TO_AWA = f"whatsapp:{AWA}"
TEXT = {"twilio/text": {"body": "Bonjour {{1}}, votre demande {{2}} est prise."}}


def approve(client: Client, sid: str, category: str = "UTILITY") -> str:
    wish = ApprovalCreateList.ContentApprovalRequest({"name": "essai", "category": category})
    client.content.v1.contents(sid).approval_create.create(wish)
    found = client.content.v1.contents(sid).approval_fetch().fetch().whatsapp or {}
    return str(found["status"])


def test_an_approved_template_reaches_somebody_who_never_wrote(simulator: SimulatorProcess, client: Client) -> None:
    content = a_content(client, TEXT, variables={"1": "vous", "2": "12"})
    asked = {"to": TO_AWA, "from_": simulator.whatsapp_from, "content_sid": str(content.sid)}
    before = client.messages.create(content_variables='{"1": "Awa"}', **asked)
    assert simulator.wait_for_status(str(before.sid), "failed")["error_code"] == 63016
    assert approve(client, str(content.sid)) == "approved"
    sent = client.messages.create(content_variables='{"1": "Awa"}', **asked)
    assert (sent.body, str(sent.sid)[:2]) == ("Bonjour Awa, votre demande 12 est prise.", "MM")
    simulator.wait_for_status(str(sent.sid), "delivered")
    simulator.control(f"contents/{content.sid}/approval", {"status": "paused"})
    paused = client.messages.create(content_variables='{"1": "Awa"}', **asked)
    assert simulator.wait_for_status(str(paused.sid), "failed")["error_code"] == 63041


@pytest.mark.parametrize("variables", ["nonsense", "[]", '{"1": ""}', '{"1": "a\\nb", "2": "c"}', '{"1": "Awa"}'])
def test_variables_that_do_not_fit_are_21656(simulator: SimulatorProcess, client: Client, variables: str) -> None:
    content = a_content(client, TEXT)
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(
            to=TO_AWA, from_=simulator.whatsapp_from, content_sid=str(content.sid), content_variables=variables
        )
    assert refused.value.code == 21656


@pytest.mark.parametrize(
    "types",
    [
        {"twilio/text": {"body": "{{1}} commence"}},
        {"twilio/text": {"body": "a {{1}}{{2}} b"}},
        {"twilio/list-picker": {"body": "?", "button": "b", "items": [{"item": "x", "id": "1"}]}},
    ],
)
def test_whatsapp_rejects_what_it_never_approves(client: Client, types: dict[str, object]) -> None:
    assert approve(client, str(a_content(client, types).sid)) == "rejected"


def test_templates_are_listed_with_their_approvals_and_deleted(simulator: SimulatorProcess, client: Client) -> None:
    sids = [str(a_content(client, TEXT).sid) for _ in range(3)]
    approve(client, sids[0])
    assert [each.sid for each in client.content.v1.contents.list(page_size=2)] == sids
    statuses = [(each.approval_requests or {})["status"] for each in client.content.v1.content_and_approvals.list()]
    assert statuses == ["approved", "unsubmitted", "unsubmitted"]
    assert client.content.v1.contents(sids[0]).delete()
    assert len(client.content.v1.contents.list()) == 2


def test_the_window_closes_a_day_after_the_last_message(simulator: SimulatorProcess, client: Client) -> None:
    simulator.write(AWA, "Bonjour")

    def fate() -> str:
        sent = client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x")
        return str(simulator.wait_for_status(str(sent.sid), "delivered", "failed")["status"])

    assert fate() == "delivered"
    simulator.advance(86_401)
    assert fate() == "failed"
    simulator.phone(AWA, wrote_seconds_ago=60)
    assert fate() == "delivered"


def test_phones_that_are_off_blocked_or_without_whatsapp(simulator: SimulatorProcess, client: Client) -> None:
    simulator.write(AWA, "Bonjour")

    def send() -> str:
        return str(client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x").sid)

    simulator.phone(AWA, on=False)
    waiting = send()
    simulator.wait_for_status(waiting, "sent")
    simulator.phone(AWA, on=True)
    simulator.wait_for_status(waiting, "delivered")
    simulator.phone(AWA, blocks_sender=True)
    blocked = send()
    simulator.wait_for_status(blocked, "sent")
    simulator.phone(AWA, blocks_sender=False, whatsapp=False)
    assert simulator.wait_for_status(send(), "undelivered", "failed")["error_code"] == 63024
    assert simulator.control(f"messages/{blocked}")["status"] == "sent"


def test_an_sms_to_a_phone_that_stays_off_ends_as_30003(simulator: SimulatorProcess, client: Client) -> None:
    simulator.phone(AWA, on=False)
    sent = client.messages.create(to=AWA, from_=simulator.sms_from, body="x", validity_period=60)
    simulator.wait_for_status(str(sent.sid), "sent")
    simulator.advance(61)
    assert simulator.wait_for_status(str(sent.sid), "undelivered")["error_code"] == 30003


def test_read_receipts_are_told_only_when_they_are_on(simulator: SimulatorProcess, client: Client) -> None:
    simulator.write(AWA, "Bonjour")
    simulator.phone(AWA, read_receipts=False, reads_after=0)
    first = client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x")
    simulator.wait_for_status(str(first.sid), "delivered")
    simulator.phone(AWA, read_receipts=True)
    second = client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x")
    simulator.wait_for_status(str(second.sid), "read")
    assert simulator.control(f"messages/{first.sid}")["status"] == "delivered"


def test_stop_by_sms_blocks_until_start(simulator: SimulatorProcess, client: Client, receiver: Receiver) -> None:
    with pytest.raises(AssertionError, match="one-way"):
        simulator.write(AWA, "STOP", channel="sms")
    simulator.control("settings", {"sms_two_way": True})
    simulator.write(AWA, "stop ", channel="sms")
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=AWA, from_=simulator.sms_from, body="x")
    assert refused.value.code == 21610
    simulator.write(AWA, "START", channel="sms")
    assert client.messages.create(to=AWA, from_=simulator.sms_from, body="x").sid
    simulator.wait_for(lambda: [call.fields.get("OptOutType") for call in receiver.calls] == ["STOP", "START"])
    simulator.write(AWA, "STOP")
    assert client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x").sid
    simulator.control("opt_outs", {"sender": simulator.whatsapp_from, "recipient": TO_AWA})
    with pytest.raises(TwilioRestException):
        client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x")


def test_a_hidden_number_is_answered_at_the_address_it_wrote_from(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    simulator.phone(AWA, hides_number=True)
    simulator.write(AWA, "Bonjour")
    (call,) = simulator.wait_for(lambda: receiver.calls)
    sent = client.messages.create(to=call.fields["From"], from_=call.fields["To"], body="Bonsoir")
    assert simulator.wait_for_status(str(sent.sid), "delivered")["phone"] == AWA


def test_media_need_credentials_and_may_redirect(simulator: SimulatorProcess, receiver: Receiver) -> None:
    content = base64.b64encode(b"\xff\xd8photo").decode()
    simulator.write(AWA, media={"content_type": "image/jpeg", "data_base64": content})
    (call,) = simulator.wait_for(lambda: receiver.calls)
    url, auth = call.fields["MediaUrl0"], (simulator.account_sid, simulator.auth_token)
    assert requests.get(url, timeout=5).status_code == 401
    assert requests.get(url, auth=auth, timeout=5).content == b"\xff\xd8photo"
    assert "sandbox" in requests.get(url, auth=auth, timeout=5).headers["Content-Security-Policy"]
    simulator.control("settings", {"media_redirect": True})
    first = requests.get(url, auth=auth, timeout=5, allow_redirects=False)
    assert first.status_code == 307
    assert requests.get(first.headers["Location"], timeout=5).headers["Content-Type"] == "image/jpeg"
    simulator.control("settings", {"media_auth": False, "media_redirect": False})
    assert requests.get(url, timeout=5).status_code == 200
    listed = simulator.client().messages(call.fields["MessageSid"]).media.list()
    assert [each.content_type for each in listed] == ["image/jpeg"]


def test_the_sandbox_wants_people_to_join_and_is_slow() -> None:
    with running_simulator(sandbox=True) as simulator:
        client = simulator.client()

        def code() -> int:
            with pytest.raises(TwilioRestException) as refused:
                client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x")
            return int(refused.value.code)

        assert code() == 63015
        simulator.write(AWA, "join quick-fox")
        assert client.messages.create(to=TO_AWA, from_=simulator.whatsapp_from, body="x").sid
        assert code() == 63018
        simulator.advance(3 * 86_400 + 1)
        assert code() == 63015


def test_a_strict_simulator_takes_public_callbacks_only() -> None:
    with running_simulator(strict=True) as simulator:
        asked = {"to": AWA, "from_": simulator.sms_from, "body": "x"}
        for url in ("http://127.0.0.1:8000/x", "http://localhost/x", "http://10.0.0.1/x", "http://djobea.local/x"):
            with pytest.raises(TwilioRestException) as refused:
                simulator.client().messages.create(status_callback=url, **asked)
            assert refused.value.code == 21609
        assert simulator.client().messages.create(status_callback="https://djobea.example.cm/x", **asked).sid
