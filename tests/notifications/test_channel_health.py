"""The circuit breaker: what opens it, who may try, what closes it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from notifications import channel_health, clock, configuration, probing
from notifications.models import AlertState, Attempt, Channel, EscalationAlert, Notification, Outcome, Status
from tests.engine import a_message, drain, point_at, someone, turn
from tests.simulator_process import SimulatorProcess


def whatsapp() -> Channel:
    return Channel.objects.get(name="whatsapp")


def some_calls(outcome: str, count: int, *, at: datetime, code: str = "") -> None:
    """Attempts of the last minute, as if they had been sent by somebody."""
    row = a_message(someone(f"+2376{Notification.objects.count():08}"))
    Notification.objects.filter(pk=row.pk).move(Status.SENDING, leased_by="x", leased_until=at)
    Notification.objects.filter(pk=row.pk).move(
        Status.DEAD, leased_by="", leased_until=None, last_error_code="x", attempt_count=count
    )
    Attempt.objects.bulk_create(
        Attempt(
            notification=row,
            channel="whatsapp",
            started_at=at - timedelta(seconds=60),
            finished_at=at,
            outcome=outcome,
            error_code=code,
        )
        for _ in range(count)
    )


@pytest.mark.parametrize(
    ("outcome", "code", "opens"),
    [
        (Outcome.UNKNOWN, "20500", True),
        (Outcome.REFUSED, "network", True),
        (Outcome.FAILED, "63012", True),
        (Outcome.REFUSED, "a-new-code", True),
        (Outcome.FAILED, "63024", False),  # these people have no WhatsApp: no fault of the channel
        (Outcome.REFUSED, "63016", False),
        (Outcome.REFUSED, "20429", False),  # has its own remedy: slow down
        (Outcome.ACCEPTED, "", False),
    ],
)
def test_the_circuit_opens_when_half_of_the_calls_fail_through_no_fault_of_the_recipients(
    simulator: SimulatorProcess, outcome: str, code: str, opens: bool
) -> None:
    at = clock.now()
    some_calls(outcome, 10, at=at, code=code)
    some_calls(Outcome.ACCEPTED, 10, at=at)
    assert channel_health.watch_failure_rates(at) == opens
    assert whatsapp().is_paused(at) == opens
    assert EscalationAlert.objects.filter(fingerprint="channel:whatsapp:failure_rate").exists() == opens


def test_few_calls_prove_nothing(simulator: SimulatorProcess) -> None:
    at = clock.now()
    some_calls(Outcome.UNKNOWN, 19, at=at, code="20500")
    assert channel_health.watch_failure_rates(at) == 0


def test_each_channel_has_a_share_of_its_own(simulator: SimulatorProcess) -> None:
    at = clock.now()
    some_calls(Outcome.UNKNOWN, 10, at=at, code="20500")
    some_calls(Outcome.ACCEPTED, 10, at=at)
    Channel.objects.filter(name="whatsapp").update(failure_share=0.6)
    assert channel_health.watch_failure_rates(at) == 0


def test_one_message_tries_then_the_circuit_closes_and_old_failures_are_forgotten(simulator: SimulatorProcess) -> None:
    at = clock.now()
    some_calls(Outcome.UNKNOWN, 20, at=at, code="20500")
    assert channel_health.watch_failure_rates(at) == 1
    assert probing.probe_paused(at) == 0, "a list of senders cannot tell when failures end"
    assert whatsapp().paused_until == at + timedelta(minutes=1)
    Channel.objects.filter(name="whatsapp").update(paused_until=clock.now())
    assert channel_health.reopen_channels(clock.now()) == 1
    for number in range(3):
        a_message(someone(f"+2376770000{number:02}"))
    assert turn() == 1, "only one message may try"
    assert whatsapp().paused_until is None
    assert EscalationAlert.objects.get(fingerprint="channel:whatsapp:failure_rate").state == AlertState.RESOLVED
    assert channel_health.watch_failure_rates(clock.now()) == 0
    assert drain() == 2


def test_a_trial_that_fails_lengthens_the_wait(simulator: SimulatorProcess) -> None:
    at = clock.now()
    some_calls(Outcome.UNKNOWN, 20, at=at, code="20500")
    channel_health.watch_failure_rates(at)
    simulator.fault("server_error")
    waits = []
    for number in range(3):
        Channel.objects.filter(name="whatsapp").update(paused_until=clock.now())
        channel_health.reopen_channels(clock.now())
        a_message(someone(f"+2376770000{number:02}"))
        assert turn() == 1
        paused_until = whatsapp().paused_until
        assert paused_until is not None
        waits.append(round((paused_until - clock.now()).total_seconds() / 60))
    assert waits == [2, 4, 8]


def test_no_second_message_tries_while_the_first_is_out(simulator: SimulatorProcess) -> None:
    at = clock.now()
    Channel.objects.filter(name="whatsapp").update(paused_until=at, pause_code="63007", paused_at=at, is_half_open=True)
    some_calls(Outcome.ACCEPTED, 1, at=at)
    Attempt.objects.update(outcome=Outcome.IN_FLIGHT, finished_at=None, started_at=at)
    a_message(someone())
    assert turn() == 0


def test_the_start_says_in_one_line_what_is_wrong(
    simulator: SimulatorProcess, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    point_at(simulator, settings, TWILIO_WHATSAPP_FROM="+14155238886")
    probing.probe_all(clock.now())
    assert "channel whatsapp is wrong: TWILIO_WHATSAPP_FROM" in caplog.text
    assert not whatsapp().is_paused(clock.now()), "only a refused message closes a channel"
    assert "whatsapp:" in whatsapp().probe_answer


@pytest.mark.parametrize(
    ("changes", "channel", "word"),
    [
        ({"TWILIO_WHATSAPP_FROM": "+14155238886"}, "whatsapp", "whatsapp:"),
        ({"TWILIO_WHATSAPP_FROM": "whatsapp:14155238886"}, "whatsapp", "whatsapp:+"),
        ({"TWILIO_SMS_FROM": "whatsapp:+14155238886"}, "sms", "TWILIO_SMS_FROM"),
        ({"TWILIO_ACCOUNT_SID": "SK123"}, "whatsapp", "TWILIO_ACCOUNT_SID"),
        ({"TWILIO_ACCOUNT_SID": ""}, "sms", "TWILIO_ACCOUNT_SID"),
    ],
)
def test_a_wrong_setting_is_named(settings: Any, changes: dict[str, str], channel: str, word: str) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC00000000000000000000000000000001"
    settings.TWILIO_WHATSAPP_FROM, settings.TWILIO_SMS_FROM = "whatsapp:+14155238886", "+15005550006"
    assert configuration.findings() == []
    for name, value in changes.items():
        setattr(settings, name, value)
    assert any(word in sentence for sentence in configuration.findings_of(channel))
