"""Whole stories over HTTP: the simulator calls a real web server, and the worker's turns are real."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from djobea.worker import Worker
from marketplace import seeding_vocabulary
from marketplace.models import InboundMessage, InboundStatus
from providers import seeding
from tests.engine import point_at
from tests.phones import Phone
from tests.simulator_process import SimulatorProcess, start_simulator


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    with start_simulator(seed=7) as process:
        yield process


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, live_server: Any, settings: Any) -> SimulatorProcess:
    """The simulator, whose webhooks come to the live server."""
    settings.PUBLIC_BASE_URL = live_server.url
    simulator_process.reset()
    for address in (simulator_process.whatsapp_from, simulator_process.sms_from):
        callback = f"{live_server.url}/webhooks/twilio/inbound/"
        simulator_process.control("senders", {"address": address, "callback_url": callback})
    point_at(simulator_process, settings)
    for step in seeding.steps(demo_providers=True):
        step.run()
    seeding_vocabulary.seed_vocabulary()
    return simulator_process


@pytest.fixture
def work() -> Callable[[], None]:
    """Let the worker do all that is due, until nothing changes and no receipt is on its way."""

    def until_quiet() -> None:
        worker = Worker(concurrency=8)
        for _ in range(3):
            worker.run_once()
            time.sleep(0.15)
        assert not InboundMessage.objects.filter(status=InboundStatus.FAILED).exists()

    return until_quiet


@pytest.fixture
def customer(simulator: SimulatorProcess) -> Phone:
    return Phone(simulator, "+237699000001", "Awa Ngono")
