"""Fire drills in a whole house: what staff would have seen, and a proof that can fail."""

from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from djobea.drills import proof, running
from djobea.drills.script import WrongScriptError, load, shipped
from djobea.drills.twilio import SimulatedTwilio
from notifications.models import EscalationAlert, Notification, WaitingFor
from tests.faults.house import House

SHORT = """
title = "63007 for a minute and a half"
minutes = 3
messages_a_minute = 8
expects = ["channel:whatsapp:63007"]

[[steps]]
at_seconds = 15
says = "the sender is unknown"
faults = [{ fault = "unknown_sender", channel = "whatsapp" }]

[[steps]]
at_seconds = 60
says = "the database restarts"
restart_database = true

[[steps]]
at_seconds = 105
says = "the sender is repaired"
clear = true
"""


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "short.toml"
    path.write_text(SHORT)
    return str(path)


@pytest.mark.restart  # its script restarts the embedded server, which all tests share
def test_a_drill_tells_what_staff_would_have_seen_and_loses_nothing(
    house: House, script: str, capsys: pytest.CaptureFixture[str]
) -> None:
    house.web()
    house.worker()
    call_command("fire_drill", script, simulator=house.simulator.base_url)
    said = capsys.readouterr().out
    assert "the sender is unknown" in said
    states = [line.rpartition(": ")[2] for line in said.splitlines() if "(channel:whatsapp:63007)" in line]
    assert states == ["open", "resolved"]
    assert "Nothing was lost." in said
    assert EscalationAlert.objects.filter(fingerprint="channel:whatsapp:63007").count() == 1
    assert Notification.objects.filter(purpose="job_news", channel="sms").exists(), "the urgent took the next channel"
    house.account_for_everything()


def test_a_drill_without_a_worker_says_what_is_on_its_way_and_fails(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(running, "PACE", 0.0)
    monkeypatch.setattr(running, "PATIENCE", 0.0)
    monkeypatch.setattr(running, "AFTERWARDS", (15.0,))
    path = tmp_path / "quiet.toml"
    path.write_text(
        'title = "nobody works"\nminutes = 0.5\nmessages_a_minute = 8\nexpects = ["channel:whatsapp:63007"]\n'
    )
    with pytest.raises(CommandError):
        call_command("fire_drill", str(path), simulator=house.simulator.base_url)
    said = capsys.readouterr().out
    assert said.count("!! ") >= 4
    assert "Nothing was lost." not in said


def test_a_message_that_vanished_or_that_twilio_never_had_is_a_loss(house: House) -> None:
    house.worker()
    (row, gone) = house.enqueue(2)
    twilio = SimulatedTwilio(house.simulator.base_url)
    house.wait_for(lambda: not proof.unsettled([row.pk, gone.pk]), "both to leave")
    assert not list(proof.losses([row.pk, gone.pk], [], twilio))
    gone.attempts.all().delete()
    Notification.objects.filter(pk=gone.pk).delete()
    house.simulator.reset()
    assert len(list(proof.losses([row.pk, gone.pk], ["SMunknown"], twilio))) == 3


def test_what_waits_for_a_slot_of_the_daily_limit_is_not_lost_but_what_waits_for_nothing_is(house: House) -> None:
    (slot, nothing) = house.enqueue(2)
    Notification.objects.filter(pk=slot.pk).update(waiting_for=WaitingFor.BUDGET)
    (loss,) = proof.losses([slot.pk, nothing.pk], [], SimulatedTwilio(house.simulator.base_url))
    assert str(nothing.pk) in loss


@pytest.mark.parametrize("name", shipped())
def test_every_shipped_script_can_be_read(name: str) -> None:
    script = load(name)
    assert script.steps
    assert all(step.at_seconds < script.minutes * 60 for step in script.steps)


@pytest.mark.parametrize(
    "text", ["title = 3", 'title = "x"\nminutes = "long"', 'title = "x"\nminutes = 1\nsurprise = 1', "[[", None]
)
def test_a_wrong_script_is_refused_before_anything_is_touched(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "wrong.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(WrongScriptError):
        load(str(path))
