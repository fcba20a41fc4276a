"""What people wrote while no webhook could be reached: read from the simulator's list over HTTP, and answered once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from marketplace import inbox
from marketplace.models import InboundMessage, ServiceRequest
from notifications import clock, twilio_client
from notifications.models import EscalationAlert, Notification
from tests.engine import later, point_at
from tests.factories import inbound_fields
from tests.phones import Phone
from tests.simulator_process import SimulatorProcess, start_simulator

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def simulator_process() -> Iterator[SimulatorProcess]:
    with start_simulator(seed=3) as process:
        yield process


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, settings: Any) -> SimulatorProcess:
    """It knows no webhook, as when ours is down."""
    simulator_process.reset()
    point_at(simulator_process, settings)
    return simulator_process


@pytest.fixture
def _old_house() -> None:
    rows = MigrationRecorder(connection).migration_qs.filter(app="marketplace")
    rows.update(applied=datetime.now(UTC) - timedelta(days=30))


@pytest.mark.usefixtures("_old_house")
def test_messages_that_no_webhook_brought_are_read_from_the_list_and_answered_once(
    simulator: SimulatorProcess,
) -> None:
    phone = Phone(simulator, "+237699000001", "Awa")
    phone.writes("bonjour").writes("aide")
    at = clock.now()
    assert inbox.read_missed(at) == 2
    assert inbox.read_missed(at) == 0
    assert inbox.read_missed_day(at) == 0
    while inbox.process_next(worker="test", at=clock.now()):
        pass
    messages = InboundMessage.objects.order_by("pk")
    assert [(m.body, m.status, m.was_caught_up) for m in messages] == [
        ("bonjour", "processed", True),
        ("aide", "processed", True),
    ]
    # No request brought them, so each begins an id of its own for the logs, and its answer has it.
    traces = [message.trace for message in messages]
    assert len(set(traces)) == 2
    assert all(traces)
    answers = Notification.objects.filter(reference__startswith="inbound:").order_by("pk")
    assert list(answers.values_list("trace", flat=True)) == traces


@pytest.mark.usefixtures("_old_house")
def test_a_listed_message_that_cannot_be_stored_does_not_hold_the_others_up(simulator: SimulatorProcess) -> None:
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    poison = {"MessageSid": "SM" + "9" * 80, "From": "whatsapp:+237699000001", "To": "x", "SentAt": "2026-01-01"}
    assert not inbox._catch_up(poison)  # noqa: SLF001  Twilio lists no such message; the step is what is promised
    assert inbox.read_missed(clock.now()) == 1


def test_what_was_written_before_the_installation_is_not_ours(simulator: SimulatorProcess) -> None:
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    rows = MigrationRecorder(connection).migration_qs.filter(app="marketplace")
    rows.update(applied=datetime.now(UTC) + timedelta(minutes=1))
    assert inbox.read_missed_day(clock.now()) == 0


# --- in order, once, whatever the list does -------------------------------------------------------------------------


def answer_all(at: datetime | None = None) -> None:
    while inbox.process_next(worker="test", at=at or clock.now()):
        pass


@pytest.mark.usefixtures("_old_house")
def test_what_was_missed_is_answered_before_what_a_webhook_brought_after_it(simulator: SimulatorProcess) -> None:
    phone = Phone(simulator, "+237699000001", "Awa")
    phone.writes("bonjour")
    inbox.receive(inbound_fields("aide"), at=clock.now() + timedelta(seconds=2))
    assert inbox.read_missed(clock.now()) == 1
    order: list[str] = []
    while inbox.process_next(worker="test", at=later(seconds=5)):
        order += (
            InboundMessage.objects.filter(status="processed").exclude(body__in=order).values_list("body", flat=True)
        )
    assert order == ["bonjour", "aide"]


@pytest.mark.usefixtures("_old_house")
def test_overlapping_windows_of_several_workers_store_each_message_once(simulator: SimulatorProcess) -> None:
    phone = Phone(simulator, "+237699000001", "Awa")
    for number in range(5):
        phone.writes(f"bonjour {number}")
    known = simulator.messages(direction="inbound")[2]
    inbox.receive(inbound_fields("bonjour 2", MessageSid=known["sid"]), at=clock.now())
    assert inbox.read_missed(clock.now()) == 4, "it does not stop at the first that is known"
    assert inbox.read_missed_day(clock.now()) == 0
    assert inbox.read_missed(later(minutes=3)) == 0
    assert InboundMessage.objects.count() == 5


@pytest.mark.usefixtures("_old_house")
def test_what_the_list_shows_late_is_found_by_a_later_run_though_newer_ones_are_known(
    simulator: SimulatorProcess,
) -> None:
    phone = Phone(simulator, "+237699000001", "Awa")
    simulator.fault("list_lag", seconds=600)
    phone.writes("bonjour")
    simulator.clear_faults()
    phone.writes("aide")
    assert inbox.read_missed(clock.now()) == 1
    simulator.advance(601)
    assert inbox.read_missed(later(seconds=601)) == 1
    assert set(InboundMessage.objects.values_list("body", flat=True)) == {"bonjour", "aide"}


@pytest.mark.usefixtures("_old_house")
def test_a_gap_of_hours_is_closed_by_the_run_that_looks_a_day_back(simulator: SimulatorProcess) -> None:
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    simulator.advance(5 * 3600)
    assert inbox.read_missed(later(hours=5)) == 0, "two hours back it is not to be seen"
    assert inbox.read_missed_day(later(hours=5)) == 1


@pytest.mark.usefixtures("_old_house")
def test_after_a_long_outage_people_hear_one_honest_word_and_nothing_is_searched(simulator: SimulatorProcess) -> None:
    phone = Phone(simulator, "+237699000001", "Awa")
    phone.writes("fuite d'eau à Bonamoussadi, urgent").writes("allo ?")
    at = later(hours=7)
    simulator.advance(7 * 3600)
    assert inbox.read_missed_day(at) == 2
    answer_all(at)
    assert set(InboundMessage.objects.values_list("status", "was_caught_up")) == {("processed", True)}
    [word] = Notification.objects.filter(purpose="reply")
    assert "retard" in word.body
    assert not ServiceRequest.objects.exists()
    assert EscalationAlert.objects.get(fingerprint="inbound:late").occurrences == 2
    assert not InboundMessage.objects.filter(conversation__isnull=True).exists(), "staff see it in the talk"


def test_a_message_that_waited_for_hours_because_no_worker_ran_starts_nothing_either(
    simulator: SimulatorProcess,
) -> None:
    inbox.receive(inbound_fields("fuite d'eau à Bonamoussadi, urgent"), at=clock.now())
    answer_all(later(hours=7))
    [word] = Notification.objects.filter(purpose="reply")
    assert "retard" in word.body
    assert EscalationAlert.objects.filter(fingerprint="inbound:late").exists()


@pytest.mark.usefixtures("_old_house")
def test_a_message_missed_for_minutes_is_answered_as_if_it_had_just_come(simulator: SimulatorProcess) -> None:
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    simulator.advance(1200)
    assert inbox.read_missed(later(minutes=20)) == 1
    answer_all(later(minutes=20))
    assert InboundMessage.objects.get().understood
    assert not EscalationAlert.objects.exists()


@pytest.mark.usefixtures("_old_house")
def test_an_sms_account_that_refuses_us_hides_no_whatsapp_message(simulator: SimulatorProcess, settings: Any) -> None:
    settings.TWILIO_SMS_ACCOUNT_SID, settings.TWILIO_SMS_AUTH_TOKEN = "AC" + "7" * 32, "wrong"
    twilio_client.forget_clients()
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    assert inbox.read_missed(clock.now()) == 1


@pytest.mark.usefixtures("_old_house")
def test_while_twilio_is_down_nothing_fails_and_later_everything_is_found(simulator: SimulatorProcess) -> None:
    Phone(simulator, "+237699000001", "Awa").writes("bonjour")
    simulator.fault("down")
    assert inbox.read_missed(clock.now()) == 0
    simulator.clear_faults()
    assert inbox.read_missed(clock.now()) == 1


@pytest.mark.usefixtures("_old_house")
def test_a_photo_that_no_webhook_brought_is_found_with_its_message(simulator: SimulatorProcess) -> None:
    simulator.phone("+237699000001", name="Awa")
    simulator.write("+237699000001", "", media={"content_type": "image/jpeg"})
    assert inbox.read_missed(clock.now()) == 1
    [webhook] = simulator.messages(direction="inbound")
    message = InboundMessage.objects.get()
    assert message.payload["NumMedia"] == "1"
    assert message.payload["MediaUrl0"].startswith(f"{simulator.base_url}/2010-04-01/Accounts/{simulator.account_sid}/")
    assert message.payload["MediaUrl0"].split("/")[-3] == webhook["sid"]
    assert message.payload["MediaContentType0"].startswith("image/")
