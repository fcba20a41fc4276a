"""Faults: each strikes as Twilio fails, only whom it shall, only as long as it shall."""

import time

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from tests.simulator.receiver import Receiver
from tests.simulator_process import SimulatorProcess, running_simulator, twilio_client

AWA = "+237699000001"
TO_AWA = f"whatsapp:{AWA}"


def refused(simulator: SimulatorProcess, client: Client, to: str = TO_AWA) -> TwilioRestException:
    sender = simulator.whatsapp_from if to.startswith("whatsapp") else simulator.sms_from
    with pytest.raises(TwilioRestException) as error:
        client.messages.create(to=to, from_=sender, body="x")
    return error.value


def accepted(simulator: SimulatorProcess, client: Client, to: str = TO_AWA, callback: str = "") -> str:
    sender = simulator.whatsapp_from if to.startswith("whatsapp") else simulator.sms_from
    asked = {"to": to, "from_": sender, "body": "x"} | ({"status_callback": callback} if callback else {})
    return str(client.messages.create(**asked).sid)


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        ({"fault": "unknown_sender"}, 400, 63007),
        ({"fault": "63007"}, 400, 63007),
        ({"fault": "opted_out"}, 400, 21610),
        ({"fault": "channel_rate"}, 429, 63018),
        ({"fault": "bad_credentials"}, 401, 20003),
        ({"fault": "too_many_requests"}, 429, 20429),
        ({"fault": "server_error", "http_status": 502}, 502, 20500),
        ({"fault": "server_error", "http_status": 503, "html": True}, 503, 503),
        ({"fault": "error", "code": 63051, "where": "answer"}, 400, 63051),
        ({"fault": "daily_limit", "limit": 0}, 429, 63038),
    ],
)
def test_an_answer_fault_gives_status_and_code(
    simulator: SimulatorProcess, client: Client, fault: dict[str, object], status: int, code: int
) -> None:
    simulator.control("faults", fault)
    error = refused(simulator, client)
    assert (error.status, error.code) == (status, code)
    simulator.clear_faults()
    assert accepted(simulator, client)


def test_a_fault_strikes_only_its_channel_its_count_and_its_time(simulator: SimulatorProcess, client: Client) -> None:
    simulator.fault("unknown_sender", channel="whatsapp", count=2)
    assert accepted(simulator, client, AWA)
    assert {refused(simulator, client).code, refused(simulator, client).code} == {63007}
    assert accepted(simulator, client)
    simulator.fault("unknown_sender", duration_seconds=60, recipient=TO_AWA)
    assert refused(simulator, client).code == 63007
    assert accepted(simulator, client, "whatsapp:+237699000002")
    simulator.advance(61)
    assert accepted(simulator, client)
    assert simulator.control("faults")["faults"] == []


def test_a_fault_that_nobody_knows_is_refused_with_words(simulator: SimulatorProcess) -> None:
    with pytest.raises(AssertionError, match="no fault 'gremlins'"):
        simulator.fault("gremlins")
    with pytest.raises(AssertionError, match="slow has no colour"):
        simulator.fault("slow", colour="red")


def test_the_daily_limit_counts_both_channels_and_frees_as_the_day_rolls(
    simulator: SimulatorProcess, client: Client
) -> None:
    simulator.control("accounts", {"sid": simulator.account_sid, "daily_limit": 3})
    accepted(simulator, client)
    accepted(simulator, client, AWA)
    simulator.advance(3600)
    accepted(simulator, client)
    error = refused(simulator, client, AWA)
    assert error.msg.endswith(f"Account {simulator.account_sid} exceeded the 3 daily messages limit")
    assert all(message["status"] != "failed" or message["error_code"] == 63016 for message in simulator.messages())
    simulator.advance(86_400 - 3600 + 1)
    accepted(simulator, client)
    accepted(simulator, client)
    assert refused(simulator, client).code == 63038


def test_the_limit_may_read_null(simulator: SimulatorProcess, client: Client) -> None:
    simulator.fault("daily_limit", limit=0, null_text=True)
    assert "exceeded the null daily messages limit" in refused(simulator, client).msg


def test_sms_of_a_second_account_has_its_own_limit() -> None:
    second = {"sms_account_sid": f"AC{2:032x}", "sms_auth_token": "2" * 32}
    with running_simulator(daily_limit=0, api_key="SK1:secret", **second) as simulator:
        assert refused(simulator, simulator.client()).code == 63038
        assert refused(simulator, simulator.client(), AWA).code == 21606
        simulator.control("accounts", {"sid": second["sms_account_sid"], "daily_limit": None})
        assert accepted(simulator, simulator.client(second["sms_account_sid"], second["sms_auth_token"]), AWA)
        key = Client("SK1", "secret", simulator.account_sid)
        key.api.base_url = simulator.base_url
        assert key.api.v2010.accounts(simulator.account_sid).balance.fetch().currency == "USD"


def test_a_cut_before_leaves_nothing_and_a_cut_after_leaves_a_message(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    for fault in ("cut_before", "down"):
        simulator.fault(fault)
        with pytest.raises(requests.ConnectionError):
            accepted(simulator, client)
        simulator.clear_faults()
    assert simulator.messages() == []
    simulator.fault("cut_after", count=1)
    with pytest.raises(requests.ConnectionError):
        accepted(simulator, client, AWA, f"{receiver.base_url}/status/?attempt=7")
    simulator.wait_for(lambda: [call.fields["MessageStatus"] for call in receiver.calls] == ["sent", "delivered"])
    assert len(client.messages.list(to=AWA)) == 1


def test_a_slow_answer_times_out_and_the_message_is_created_all_the_same(simulator: SimulatorProcess) -> None:
    client = twilio_client(simulator.base_url, simulator.account_sid, simulator.auth_token)
    client.http_client.timeout = 0.1
    simulator.fault("slow", seconds=0.4, count=1)
    with pytest.raises(requests.ReadTimeout):
        accepted(simulator, client)
    assert simulator.wait_for(simulator.messages)


@pytest.mark.parametrize("body", ["empty", "no_sid"])
def test_a_201_may_come_without_a_sid(simulator: SimulatorProcess, client: Client, body: str) -> None:
    simulator.fault("empty_answer", body=body, count=1)
    answer = requests.post(
        f"{simulator.base_url}/2010-04-01/Accounts/{simulator.account_sid}/Messages.json",
        data={"To": TO_AWA, "From": simulator.whatsapp_from, "Body": "x"},
        auth=(simulator.account_sid, simulator.auth_token),
        timeout=5,
    )
    assert (answer.status_code, answer.text) == (201, "" if body == "empty" else "{}")
    assert len(simulator.messages()) == 1


def test_retry_after_comes_with_20429_and_only_above_the_rate(simulator: SimulatorProcess, client: Client) -> None:
    simulator.fault("too_many_requests", retry_after=7, above_per_second=3)
    url = f"{simulator.base_url}/2010-04-01/Accounts/{simulator.account_sid}/Balance.json"
    auth = (simulator.account_sid, simulator.auth_token)
    answers = [requests.get(url, auth=auth, timeout=5) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].headers["Retry-After"] == "7"


def test_callbacks_are_lost_doubled_reordered_delayed_and_early(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    url = f"{receiver.base_url}/status/"

    def statuses(fault: str, expected: list[str], **parameters: object) -> None:
        simulator.fault(fault, **parameters)
        sid = accepted(simulator, client, AWA, url)
        if fault == "callbacks_early":
            assert receiver.statuses(sid) == ["sent"]
        simulator.wait_for(lambda: simulator.control(f"messages/{sid}")["status"] == "delivered")
        if fault == "callbacks_delayed":
            time.sleep(0.1)
            assert receiver.statuses(sid) == []
            simulator.advance(61)
        if fault == "callbacks_delayed":  # both fall due in the same jump of the clock, so their order is open
            simulator.wait_for(lambda: sorted(receiver.statuses(sid), reverse=True) == expected)
        else:
            simulator.wait_for(lambda: receiver.statuses(sid) == expected)
        simulator.clear_faults()

    statuses("callbacks_lost", ["delivered"], statuses="sent")
    statuses("callbacks_doubled", ["sent", "sent", "delivered", "delivered"])
    statuses("callbacks_reordered", ["delivered", "sent"])
    statuses("callbacks_delayed", ["sent", "delivered"], seconds=60)
    statuses("callbacks_early", ["sent", "delivered"])


def test_the_list_can_lag_and_be_silent(simulator: SimulatorProcess, client: Client) -> None:
    simulator.fault("list_lag", seconds=600)
    sid = accepted(simulator, client, AWA)
    simulator.clear_faults()
    assert client.messages.list(to=AWA) == []
    assert client.messages(sid).fetch().sid == sid
    simulator.advance(601)
    assert [message.sid for message in client.messages.list(to=AWA)] == [sid]
    simulator.fault("list_silent")
    accepted(simulator, client, AWA)
    assert len(client.messages.list(to=AWA)) == 1


def test_inbound_webhooks_can_be_lost_and_doubled(
    simulator: SimulatorProcess, client: Client, receiver: Receiver
) -> None:
    simulator.fault("inbound_lost", count=1)
    lost = simulator.write(AWA, "perdu")
    simulator.fault("inbound_doubled")
    simulator.write(AWA, "double")
    simulator.wait_for(lambda: len(receiver.calls) == 2)
    assert {call.fields["Body"] for call in receiver.calls} == {"double"}
    listed = client.messages.list(to=simulator.whatsapp_from)
    assert lost["sid"] in [message.sid for message in listed]
    assert {message.direction for message in listed} == {"inbound"}


def test_a_script_switches_faults_by_the_clock(simulator: SimulatorProcess, client: Client) -> None:
    steps = [
        {"after_seconds": 10, "faults": [{"fault": "unknown_sender", "duration_seconds": 600}]},
        {"after_seconds": 20, "faults": [{"fault": "unknown_sender", "on": False}, {"fault": "opted_out"}]},
    ]
    simulator.control("script", {"steps": steps})
    accepted(simulator, client)
    simulator.advance(11)
    assert refused(simulator, client).code == 63007
    simulator.advance(10)
    assert refused(simulator, client).code == 21610
    assert simulator.control("script")["running"] == []
    simulator.clear_faults()
    for script in simulator.control("script")["scripts"]:
        simulator.control("script", {"name": script["name"]})
    simulator.wait_for(lambda: len(simulator.control("faults")["faults"]) >= 5)


def test_the_senders_list_tells_what_a_probe_needs(simulator: SimulatorProcess, client: Client) -> None:
    def known() -> dict[str, str]:
        found = client.messaging.v2.channels_senders.list(channel="whatsapp")
        return {str(sender.sender_id): str(sender.status) for sender in found}

    assert known() == {simulator.whatsapp_from: "ONLINE"}
    simulator.fault("unknown_sender")
    assert known() == {}
    simulator.clear_faults()
    simulator.control("senders", {"address": simulator.whatsapp_from, "status": "OFFLINE"})
    assert known() == {simulator.whatsapp_from: "OFFLINE"}
    assert refused(simulator, client).code == 63007
