"""What a database does to those who use it: it hangs up, refuses to write, breaks knots. The work is done all the same."""

import psycopg
import pytest

from marketplace import inbox
from marketplace.models import Conversation, InboundMessage, InboundStatus
from notifications.models import Attempt, EscalationAlert, Notification, Outcome
from tests.faults.accounting import TAKEN
from tests.faults.database import database_setting, hang_up, who_waits
from tests.faults.house import House


def in_flight() -> int:
    return Attempt.objects.filter(outcome=Outcome.IN_FLIGHT).count()


def all_sent() -> bool:
    return not Notification.objects.exclude(status__in=TAKEN).exists()


def write(number: str, text: str, sid: str) -> None:
    """A message of a customer, as the webhook stores it."""
    inbox.receive(
        {
            "MessageSid": sid,
            "From": f"whatsapp:{number}",
            "To": "whatsapp:+14155238886",
            "Body": text,
            "ProfileName": "Awa",
        }
    )


def answered(sid: str) -> bool:
    return InboundMessage.objects.filter(message_sid=sid, status=InboundStatus.PROCESSED).exists()


def test_connections_that_are_killed_again_and_again_lose_nothing(house: House, operator: psycopg.Connection) -> None:
    house.simulator.fault("slow", seconds=0.05, spread=0.05)
    workers = house.workers(2, concurrency=4)
    rows = []
    for _ in range(8):
        rows += house.enqueue(10)
        house.wait_for(in_flight, "calls in flight", *workers)
        house.wait_for(lambda: hang_up(operator), "a kill that strikes", *workers)
    house.settle(*workers)
    assert Notification.objects.filter(status__in=TAKEN).count() == len(rows)
    house.account_for_everything()


def test_answers_that_come_while_the_database_is_read_only_are_kept(house: House, operator: psycopg.Connection) -> None:
    worker = house.worker()
    house.simulator.fault("slow", seconds=0.5)
    rows = house.enqueue(8)
    house.wait_for(lambda: in_flight() == len(rows), "all calls in flight", worker)
    with database_setting(operator, "default_transaction_read_only", "on"):
        rows += house.enqueue(4)  # the test's own connection is older than the setting
        house.wait_for(lambda: len(house.simulator.messages()) == 8, "Twilio's answers", worker)
        house.wait_for(lambda: "ReadOnlySqlTransaction" in worker.output(), "a refused write", worker)
        assert in_flight() == 8
    house.wait_for(all_sent, "the rest of the work", worker)
    assert Attempt.objects.filter(outcome=Outcome.ACCEPTED).count() == len(rows), "an answer was forgotten"
    house.account_for_everything()


def test_a_settlement_that_dies_in_a_deadlock_is_done_again(house: House, operator: psycopg.Connection) -> None:
    worker = house.worker()
    house.simulator.fault("slow", seconds=0.3)
    (row,) = house.enqueue()
    house.wait_for(in_flight, "the call", worker)
    operator.execute("SET deadlock_timeout = '1min'")  # so it is the worker who is sacrificed
    with operator.transaction():  # the wrong order: a settlement locks the message first, then its attempt
        operator.execute("SELECT 1 FROM notifications_attempt WHERE notification_id = %s FOR UPDATE", [row.pk])
        house.wait_for(who_waits, "the settlement to wait", worker)
        operator.execute("SELECT 1 FROM notification_queue WHERE id = %s FOR UPDATE", [row.pk])
    house.wait_for(all_sent, "the second settlement", worker)
    assert "DeadlockDetected" in worker.output()
    house.account_for_everything()


def test_serialization_failures_between_two_workers_cost_nothing(house: House, operator: psycopg.Connection) -> None:
    with database_setting(operator, "default_transaction_isolation", "'repeatable read'"):
        workers = house.workers(2, concurrency=4)
        rows = house.enqueue(24)
        house.wait_for(all_sent, "all to be sent", *workers)
        assert any("SerializationFailure" in worker.output() for worker in workers), "nobody was in anybody's way"
        for worker in workers:
            assert worker.stop() == 0
    assert Notification.objects.filter(attempt_count=1).count() == len(rows)
    house.account_for_everything()


@pytest.mark.parametrize("fault", ["deadlock", "killed connection"])
def test_a_customer_hears_nothing_of_a_fault_of_the_database(
    house: House, operator: psycopg.Connection, fault: str
) -> None:
    worker = house.worker()
    write("+237699000001", "Bonjour", "SM" + "1" * 32)
    house.wait_for(lambda: answered("SM" + "1" * 32), "the first answer", worker)
    (talk,) = Conversation.objects.all()
    operator.execute("SET deadlock_timeout = '1min'")  # so it is the worker who is sacrificed
    with operator.transaction():  # an answer locks the person first, then the conversation
        operator.execute("SELECT 1 FROM marketplace_conversation WHERE id = %s FOR UPDATE", [talk.pk])
        write("+237699000001", "J'ai une fuite d'eau", "SM" + "2" * 32)
        house.wait_for(who_waits, "the answer to wait", worker)
        if fault == "deadlock":
            operator.execute("SELECT 1 FROM notifications_contact WHERE id = %s FOR UPDATE", [talk.contact_id])
        else:
            operator.execute("SELECT pg_terminate_backend(%s)", [who_waits()])
        house.wait_for(lambda: "is put back" in worker.output(), "the fault", worker)
    house.wait_for(lambda: answered("SM" + "2" * 32), "the second answer", worker)
    house.wait_for(all_sent, "the answers to leave", worker)
    assert not Notification.objects.filter(purpose="sorry").exists()
    assert not EscalationAlert.objects.filter(fingerprint__startswith="inbound:").exists()
    house.account_for_everything()
