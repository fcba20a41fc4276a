"""One simulator for the whole session, put back to its start before each test; and a web server in Djobea's place."""

from collections.abc import Iterator

import pytest
from twilio.rest import Client

from tests.simulator.receiver import Receiver
from tests.simulator_process import SimulatorProcess, start_simulator

SETTINGS = {
    "window_rule": True,
    "strict": False,
    "sms_two_way": False,
    "media_auth": True,
    "media_redirect": False,
    "sent_after": 0.02,
    "delivered_after": 0.02,
}


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    """The process; tests take `simulator`."""
    with start_simulator(seed=7) as process:
        yield process


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A web server that takes webhooks."""
    with Receiver() as found:
        yield found


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, receiver: Receiver) -> SimulatorProcess:
    """The simulator as at its start, with the receiver behind all its senders."""
    simulator_process.control("settings", SETTINGS)
    simulator_process.reset()
    for address in (simulator_process.whatsapp_from, simulator_process.sms_from):
        wish = {"address": address, "callback_url": f"{receiver.base_url}/webhooks/twilio/inbound/"}
        simulator_process.control("senders", wish)
    return simulator_process


@pytest.fixture
def client(simulator: SimulatorProcess) -> Client:
    """The real Twilio client."""
    return simulator.client()
