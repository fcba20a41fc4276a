"""PostgreSQL goes down in the middle of everything, in good order or not, and comes back."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from djobea.postgres.server import DATABASE, EmbeddedServer
from marketplace.models import InboundMessage, InboundStatus
from notifications.models import Attempt, Notification, Outcome, Status
from tests.djobea.conftest import open_folder  # noqa: F401  a fixture
from tests.engine import point_at
from tests.faults.house import House, Nursery, Process, environment_for, quick_channels
from tests.phones import Phone
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.restart


@pytest.fixture
def server(open_folder: Path) -> Iterator[EmbeddedServer]:  # noqa: F811  the fixture
    """A server of the test's own."""
    server = EmbeddedServer(open_folder, {"fsync": "off"})
    server.start()
    yield server
    server.stop()


@pytest.fixture
def house(
    server: EmbeddedServer,
    fault_simulator: SimulatorProcess,
    fault_web_port: int,
    django_db_blocker: Any,
    settings: Any,
    tmp_path: Path,
) -> Iterator[House]:
    """A house whose database is on that server; the test's own connection leads there too."""
    before = dict(connection.settings_dict)
    connection.close()
    connection.settings_dict |= {"HOST": server.host, "PORT": "", "NAME": DATABASE, "USER": "postgres", "PASSWORD": ""}
    with django_db_blocker.unblock():
        call_command("migrate", verbosity=0)
        fault_simulator.reset()
        point_at(fault_simulator, settings, PUBLIC_BASE_URL=f"http://127.0.0.1:{fault_web_port}")
        quick_channels()
        nursery = Nursery(environment_for(fault_simulator, fault_web_port))
        house = House(fault_simulator, tmp_path, fault_web_port, nursery)
        yield house
        house.close()
        nursery.close()
    connection.close()
    connection.settings_dict.clear()
    connection.settings_dict.update(before)


def stopped(server: EmbeddedServer) -> None:
    assert server.stop()


def killed(server: EmbeddedServer) -> None:
    main_process = server.process_id()
    assert main_process is not None
    os.kill(main_process, signal.SIGKILL)


def go_through_it(house: House, server: EmbeddedServer, fall: Callable[[EmbeddedServer], None]) -> Process:
    """The server falls in the middle of sending, and comes back; returns a worker that was started meanwhile."""
    house.wait_for(Attempt.objects.filter(outcome=Outcome.IN_FLIGHT).exists, "calls in flight")
    fall(server)
    Phone(house.simulator, "+237699000001", "Awa").writes(f"Bonjour {fall.__name__}")
    assert house.get("/health/ready/") == 503
    late = house.born(concurrency=4)
    house.wait_for(lambda: "the database fails" in late.output(), "a start without a database", late)
    assert server.start()
    connection.close()  # the test's own was lost too
    house.wait_for(lambda: house.get("/health/ready/") == 200, "the web server to recover")
    house.wait_for(lambda: house.is_heard(late), "the late worker to begin", late)
    return late


def test_postgresql_that_goes_down_again_and_again_in_the_middle_loses_nothing(
    house: House, server: EmbeddedServer
) -> None:
    workers = house.workers(2, concurrency=4)
    house.web()
    house.simulator.fault("slow", seconds=0.4)
    rows = house.enqueue(24)
    workers.append(go_through_it(house, server, stopped))
    rows += house.enqueue(24)
    workers.append(go_through_it(house, server, killed))
    house.simulator.clear_faults()
    house.advance(181)  # the next look into Twilio's list of what was missed
    answered = InboundMessage.objects.filter(status=InboundStatus.PROCESSED)
    house.wait_for(lambda: answered.count() == 2, "an answer to the customer", *workers)
    house.settle(*workers)
    assert list(answered.order_by("processed_at").values_list("body", flat=True)) == [
        "Bonjour stopped",
        "Bonjour killed",
    ]
    arrived = Notification.objects.filter(status__in=[Status.SENT, Status.DELIVERED])
    assert arrived.filter(pk__in=[row.pk for row in rows]).count() == len(rows)
    house.account_for_everything()
