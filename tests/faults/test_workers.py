"""Workers that die, drain and share: nothing is lost, and nothing is said twice without a word about it."""

import time

import pytest

from notifications.models import Attempt, Channel, Notification, Outcome, Status
from tests.engine import later
from tests.faults.accounting import TAKEN, copies, unsettled
from tests.faults.house import LEASE, House

ROUNDS = 8


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
    assert Notification.objects.filter(status__in=TAKEN).count() == len(rows)
    house.account_for_everything()


@pytest.mark.parametrize("count", [2, 4])
def test_several_workers_on_one_queue_share_it_and_send_everything_once(house: House, count: int) -> None:
    house.simulator.fault("slow", seconds=0.1, spread=0.1)
    workers = house.workers(count, concurrency=4)
    rows = house.enqueue(80)
    busy: set[str] = set()

    def all_are_busy_or_done() -> bool:
        names = Notification.objects.filter(status=Status.SENDING).values_list("leased_by", flat=True)
        busy.update(name.partition("/")[0] for name in names)
        return not unsettled()

    house.wait_for(all_are_busy_or_done, "the end of the queue", *workers)
    assert len(busy) == count, "somebody had nothing to do"
    assert Notification.objects.filter(status__in=TAKEN, attempt_count=1).count() == len(rows)
    assert len(copies(house.simulator)) == len(rows)
    house.account_for_everything()


def test_a_stop_lets_the_answers_arrive_and_leaves_the_rest_to_the_next_worker(house: House) -> None:
    house.simulator.fault("slow", seconds=0.8)
    rows = house.enqueue(20)
    worker = house.worker(concurrency=4)
    house.wait_for(lambda: in_flight() == 4, "a full batch in flight", worker)
    assert worker.stop() == 0
    assert "has finished cleanly" in worker.output()
    assert not Notification.objects.filter(status__in=[Status.SENDING, Status.UNCONFIRMED]).exists()
    sent = Notification.objects.filter(status__in=TAKEN).count()
    assert 4 <= sent < len(rows)
    assert len(copies(house.simulator)) == sent, "each call that left has its answer stored"
    house.simulator.clear_faults()
    house.wait_for(lambda: not unsettled(), "the rest", house.worker())
    assert len(copies(house.simulator)) == len(rows)
    house.account_for_everything()


def test_workers_whose_clocks_are_wrong_keep_due_times_pauses_and_leases(house: House) -> None:
    fast, slow = house.worker(clock_is_off_by=600), house.worker(clock_is_off_by=-600)
    Channel.objects.filter(name="sms").update(
        paused_until=later(seconds=300), pause_code="staff", paused_at=later(seconds=-1)
    )
    house.simulator.fault("slow", seconds=1.0)
    now, soon = house.enqueue(16), house.enqueue(2, due_at=later(seconds=300))
    (paused,) = house.enqueue()
    Notification.objects.filter(pk=paused.pk).update(channel="sms", channels_left=[])
    waiting = Notification.objects.filter(pk__in=[paused.pk, *(row.pk for row in soon)])
    house.wait_for(lambda: sent_of(now) == len(now), "what is due", fast, slow)
    time.sleep(1.5)  # as long as a turn and a duty take: nothing more may happen
    assert waiting.filter(status=Status.QUEUED, attempt_count=0).count() == 3
    house.advance(301)
    house.wait_for(lambda: not unsettled(), "what was due later", fast, slow)
    assert Notification.objects.filter(status__in=TAKEN, attempt_count=1).count() == 19, "a lease was taken away"
    house.account_for_everything()


def sent_of(rows: list[Notification]) -> int:
    return Notification.objects.filter(pk__in=[row.pk for row in rows], status__in=TAKEN).count()
