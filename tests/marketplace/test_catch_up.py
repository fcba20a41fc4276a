"""What people wrote while no webhook could be reached: read from the simulator's list over HTTP, and answered once."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from marketplace import inbox
from marketplace.models import InboundMessage
from notifications import clock
from tests.engine import point_at
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
