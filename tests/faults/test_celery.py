"""The same queue under Celery, with real brokers: nudged at once, and nothing lost when the broker is."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from notifications.models import Notification, ScheduledRun
from tests.brokers import Broker, RabbitMQ, Redis
from tests.faults.accounting import TAKEN, unsettled
from tests.faults.house import House, Process

pytestmark = pytest.mark.broker


@pytest.fixture(params=[Redis, RabbitMQ], ids=["redis", "rabbitmq"])
def broker(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Broker]:
    """One that runs."""
    broker: Broker = request.param(tmp_path / "broker")
    broker.start()
    yield broker
    broker.stop()


def celery(house: House, broker: Broker, *arguments: str) -> Process:
    command = [sys.executable, "-m", "celery", "-A", "djobea.celery", "worker", "-c", "2", "--without-mingle"]
    environment = {"CELERY_BROKER_URL": broker.url, "DATABASE_POOL_SIZE": "4"}
    process = house.spawn([*command, "--without-gossip", "-l", "INFO", *arguments], environment)
    house.wait_for(lambda: " ready." in process.output(), "the first word of Celery", process)
    return process


class Keeper:
    """What systemd does for Celery: kombu may fall over its own feet when Redis goes, and is started again."""

    def __init__(self, house: House, broker: Broker, kept: Process) -> None:
        self.house, self.broker, self.kept = house, broker, kept

    def keeps(self) -> bool:
        """Start it again if it has ended."""
        if self.kept.poll() is not None:
            self.kept = celery(self.house, self.broker, "-B")
        return True


def bridge(house: House, broker: Broker) -> Process:
    process = house.spawn([sys.executable, "manage.py", "bridge"], {"CELERY_BROKER_URL": broker.url})
    house.wait_for(lambda: "the bridge listens" in process.output(), "the bridge", process)
    return process


def sent() -> int:
    return Notification.objects.filter(status__in=TAKEN).count()


def test_messages_leave_under_celery_and_a_lost_broker_loses_none(house: House, broker: Broker) -> None:
    with_beat, nudging = celery(house, broker, "-B"), bridge(house, broker)
    first = house.enqueue(30)
    house.wait_for(lambda: sent() == len(first), "the first messages", with_beat, nudging)
    assert ScheduledRun.objects.filter(name="notifications.recover_leases").exists(), "duties run too"
    broker.stop()
    second = house.enqueue(30)  # the bridge hears them, and finds no broker
    house.wait_for(lambda: "the broker is away" in nudging.output(), "the bridge's word", nudging)
    assert sent() == len(first)
    broker.start()
    keeper = Keeper(house, broker, with_beat)
    house.wait_for(lambda: keeper.keeps() and sent() == len(first) + len(second), "the rest", nudging)
    house.settle(keeper.kept)
    house.account_for_everything()
    assert nudging.stop() == 0
    assert "has finished cleanly" in nudging.output()


def test_the_bridge_nudges_without_beat(house: House, tmp_path: Path) -> None:
    broker = Redis(tmp_path / "broker")
    broker.start()
    try:
        alone, nudging = celery(house, broker), bridge(house, broker)
        rows = house.enqueue(5)
        house.wait_for(lambda: sent() == len(rows), "what was just committed", alone, nudging)
        alone.kill()
        house.enqueue(5)
        other = celery(house, broker, "-B")
        house.wait_for(lambda: not unsettled(), "what nobody was there for", other)
        house.account_for_everything()
    finally:
        broker.stop()
