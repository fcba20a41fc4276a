"""Messages that break whatever touches them: each ends before a person's eyes, and the others go on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import pytest
from django.db import connection

from notifications.models import Attempt, Channel, Contact, EscalationAlert, Notification, Outcome, Status
from tests.faults.house import House

GONE: Final = (Status.SENT, Status.DELIVERED, Status.READ)  # the list may know more than the answer would have said


def dead(row: Notification) -> bool:
    return Notification.objects.filter(pk=row.pk, status=Status.DEAD).exists()


def others_are_sent(poison: Notification) -> bool:
    return not Notification.objects.exclude(pk=poison.pk).exclude(status__in=GONE).exists()


def break_choices(row: Notification) -> None:
    Notification.objects.filter(pk=row.pk).update(choices=[{"titre": "Oui"}])


def break_time_zone(row: Notification) -> None:
    Contact.objects.filter(notifications=row).update(time_zone="Mars/Olympus")
    Notification.objects.filter(pk=row.pk).update(purpose="rating_request")  # which asks whether it is night there


@pytest.mark.parametrize("spoil", [break_choices, break_time_zone])
def test_a_message_that_cannot_be_prepared_dies_with_an_alert(
    house: House, spoil: Callable[[Notification], None]
) -> None:
    rows = house.enqueue(9)
    poison = rows[0]
    spoil(poison)
    worker = house.worker()
    house.wait_for(lambda: dead(poison) and others_are_sent(poison), "the end of all", worker)
    poison.refresh_from_db()
    assert (poison.last_error_code, poison.attempt_count) == ("internal", 0)
    assert EscalationAlert.objects.get().fingerprint == "dead-letter:whatsapp:internal"
    house.account_for_everything()


@contextmanager
def a_row_that_refuses(row: Notification, *statuses: str) -> Iterator[None]:
    """PostgreSQL itself refuses to move this message to any of these statuses."""
    named = ", ".join(f"'{status}'" for status in statuses)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;"
            "CREATE TRIGGER refuse BEFORE UPDATE ON notification_queue FOR EACH ROW "
            f"WHEN (NEW.id = {row.pk} AND NEW.status IN ({named})) EXECUTE FUNCTION refuse()"
        )
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON notification_queue; DROP FUNCTION refuse()")


def test_a_message_whose_answer_cannot_be_stored_dies_with_an_alert(house: House) -> None:
    rows = house.enqueue(8)
    poison = rows[3]
    with a_row_that_refuses(poison, Status.SENT):
        worker = house.worker()
        house.wait_for(lambda: dead(poison) and others_are_sent(poison), "the end of all", worker)
        assert worker.stop() == 0
    attempt = Attempt.objects.get(notification=poison)
    assert attempt.outcome == Outcome.ACCEPTED, "the attempt must tell that it left"
    assert attempt.provider_sid
    house.account_for_everything()


def test_a_message_that_breaks_its_look_up_dies_with_an_alert(house: House) -> None:
    house.simulator.fault("cut_after", count=4)
    rows = house.enqueue(4)
    poison = rows[0]
    worker = house.worker()
    unknown = Notification.objects.filter(status=Status.UNCONFIRMED)
    house.wait_for(lambda: unknown.count() == len(rows), "nobody to know what became of the messages", worker)
    with a_row_that_refuses(poison, *GONE):
        house.advance(31)
        house.wait_for(lambda: dead(poison) and others_are_sent(poison), "the end of all", worker)
        assert worker.stop() == 0
    house.account_for_everything()


def test_a_message_that_breaks_its_sender_dies_with_an_alert_after_its_tries(house: House) -> None:
    Channel.objects.create(name="pigeon", sender="loft", is_configured=True, per_second=100)
    rows = house.enqueue(8)
    poison = rows[5]
    Notification.objects.filter(pk=poison.pk).update(channel="pigeon", channels_left=[], max_retries=1)
    worker = house.worker()
    house.wait_for(lambda: others_are_sent(poison), "the others", worker)
    house.settle(worker)
    poison.refresh_from_db()
    assert (poison.status, poison.attempt_count) == (Status.DEAD, 2)
    house.account_for_everything()
