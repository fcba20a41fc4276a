"""psycopg's pool (DATABASE_POOL_SIZE): its connections are killed and replaced, and its figures can be seen."""

import re

import psycopg

from marketplace import inbox
from marketplace.models import InboundMessage, InboundStatus
from tests.faults.accounting import unsettled
from tests.faults.database import hang_up
from tests.faults.house import House


def figures(house: House) -> list[int]:
    """Of the pool in `/health/ready/`: in use, limit, waiting, gave up, replaced."""
    status, answer = house.fetch("/health/ready/")
    assert status == 200
    (pool,) = [part for part in answer["components"] if part["name"] == "pool"]
    assert pool["state"] == "healthy"
    return [int(number) for number in re.findall(r"\d+", pool["evidence"])]


def test_the_web_servers_pool_replaces_killed_connections_before_a_request_meets_them(
    house: House, operator: psycopg.Connection
) -> None:
    web = house.web(DATABASE_POOL_SIZE="3")
    in_use, limit, waiting, gave_up, _ = figures(house)
    assert (in_use, limit, waiting, gave_up) == (1, 3, 0, 0)
    for _ in range(3):
        house.wait_for(lambda: hang_up(operator), "connections to kill", web)
        assert [house.get("/health/ready/") for _ in range(4)] == [200] * 4
    assert figures(house)[4] >= 3, "no connection was replaced"


def test_a_worker_whose_pool_is_smaller_than_its_threads_does_all_its_work(
    house: House, operator: psycopg.Connection
) -> None:
    worker = house.worker(DATABASE_POOL_SIZE="2")
    for round_ in range(3):
        house.enqueue(10)
        fields = {"From": "whatsapp:+237699000001", "To": "whatsapp:+14155238886", "Body": "Bonjour"}
        inbox.receive(fields | {"MessageSid": f"SM{round_:032}"})
        house.wait_for(lambda: hang_up(operator), "connections to kill", worker)
    answered = InboundMessage.objects.filter(status=InboundStatus.PROCESSED)
    house.wait_for(lambda: answered.count() == 3, "the answers", worker)
    house.settle(worker)
    assert not unsettled()
    assert "PoolTimeout" not in worker.output()
    house.account_for_everything()
