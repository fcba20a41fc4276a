"""A house for each fault story: processes that are killed at its end, and tables that are emptied after it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.engine import point_at
from tests.faults.database import line_of_an_operator
from tests.faults.house import House, Nursery, environment_for, quick_channels
from tests.simulator_process import SimulatorProcess, free_port, start_simulator


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whatever stands in this folder is a fault story."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.faults)


@pytest.fixture(scope="session")
def fault_web_port() -> int:
    """Where the house's web servers listen, one after the other."""
    return free_port()


@pytest.fixture(scope="session")
def fault_simulator(fault_web_port: int) -> Iterator[SimulatorProcess]:
    """One simulator for all stories; nobody's window is closed, and it remembers every call."""
    options: dict[str, Any] = {"no_window": True, "log_size": 200_000, "seed": 11}
    with start_simulator(webhook_url=f"http://127.0.0.1:{fault_web_port}", **options) as process:
        yield process


@pytest.fixture(scope="session")
def nursery(fault_simulator: SimulatorProcess, fault_web_port: int, django_db_setup: None) -> Iterator[Nursery]:
    """Where the workers of all stories are born; it knows their database and their simulator."""
    nursery = Nursery(environment_for(fault_simulator, fault_web_port))
    yield nursery
    nursery.close()


@pytest.fixture
def house(
    fault_simulator: SimulatorProcess,
    fault_web_port: int,
    nursery: Nursery,
    transactional_db: None,
    settings: Any,
    tmp_path: Path,
) -> Iterator[House]:
    """A fresh house on the test's database: rows are committed, and gone after the test."""
    fault_simulator.reset()
    point_at(fault_simulator, settings, PUBLIC_BASE_URL=f"http://127.0.0.1:{fault_web_port}")
    quick_channels()
    house = House(fault_simulator, tmp_path, fault_web_port, nursery)
    yield house
    house.close()


@pytest.fixture
def operator(house: House) -> Iterator[psycopg.Connection]:
    """Somebody with a line of their own to the house's database."""
    with line_of_an_operator() as line:
        yield line
