"""Workers that die, drain and share: nothing is lost, and nothing is said twice without a word about it."""

from notifications.models import Attempt, Notification, Outcome, Status
from tests.faults.house import LEASE, House

ROUNDS = 10


def in_flight() -> int:
    return Attempt.objects.filter(outcome=Outcome.IN_FLIGHT).count()


def test_workers_killed_in_mid_batch_round_after_round_lose_nothing(house: House) -> None:
    rows = house.enqueue(60)
    house.simulator.fault("slow", seconds=0.25, spread=0.2)
    killed_in_flight = 0
    for _ in range(ROUNDS):
        worker = house.worker(concurrency=8)
        house.wait_for(in_flight, "calls in flight", worker)
        worker.kill()
        killed_in_flight += in_flight()
        house.advance(LEASE + 1)
    assert killed_in_flight >= ROUNDS, "the kills did not strike in mid-batch"
    house.simulator.clear_faults()
    survivor = house.worker()
    house.settle(survivor)
    assert Notification.objects.filter(status=Status.SENT).count() == len(rows)
    house.account_for_everything()
