"""One simulator for all tests of the queue, put back to its start before each."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.engine import point_at
from tests.simulator_process import SimulatorProcess, start_simulator


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[SimulatorProcess]:
    """The process; tests take `simulator`."""
    with start_simulator(seed=7, phones_wrote=True, phone=["+237699000001:Awa:customer"]) as process:
        yield process


@pytest.fixture
def simulator(simulator_process: SimulatorProcess, settings: Any, db: None) -> SimulatorProcess:
    """The simulator as at its start; Djobea's settings name it, with WhatsApp and SMS in one account."""
    simulator_process.reset()
    point_at(simulator_process, settings)
    return simulator_process
