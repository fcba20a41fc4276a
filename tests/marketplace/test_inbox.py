"""The inbox with the real dialogue; failures are real ones, of rows that break the answer."""

import threading
from contextlib import nullcontext
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction

from marketplace import inbox
from marketplace.models import Conversation, InboundMessage, InboundStatus, ServiceRequest
from notifications import contacts
from notifications.models import Contact, EscalationAlert, Notification
from tests.factories import a_contact, an_inbound, in_threads, inbound_fields, messages_to, wait_for_a_waiter
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)


def step(at: datetime = NOON) -> bool:
    return inbox.process_next(worker="test", at=at)


def drain(at: datetime = NOON) -> int:
    count = 0
    while step(at):
        count += 1
    return count


class Breakdown:
    """Makes every new conversation fail in the database, in the middle of the dialogue, until it is repaired."""

    def __enter__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "ALTER TABLE marketplace_conversation ADD CONSTRAINT breakdown CHECK (language = 'none') NOT VALID"
            )

    def __exit__(self, *_error: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE marketplace_conversation DROP CONSTRAINT breakdown")


def test_a_message_is_answered_once_and_marked() -> None:
    message = an_inbound(a_contact())
    assert step()
    assert not step()
    message.refresh_from_db()
    assert (message.status, message.attempts, message.processed_at) == (InboundStatus.PROCESSED, 1, NOON)
    assert message.leased_until is None
    assert message.conversation is not None
    assert len(messages_to(message.contact.phone_number, "reply")) == 1


def test_answering_opens_the_window_and_keeps_the_name() -> None:
    inbox.receive(inbound_fields(ProfileName="Awa N."), at=NOON)
    drain()
    contact = Contact.objects.get()
    assert (contact.last_inbound_at, contact.name) == (NOON, "Awa N.")


def test_messages_of_one_person_are_answered_in_order_whatever_their_due_times() -> None:
    contact = a_contact()
    first = an_inbound(contact, "bonjour", due_at=NOON + timedelta(seconds=30))
    second = an_inbound(contact, "aide")
    assert not step(), "the second must not overtake the first"
    assert step(NOON + timedelta(seconds=30))
    first.refresh_from_db()
    assert first.status == InboundStatus.PROCESSED
    assert step(NOON + timedelta(seconds=30))
    second.refresh_from_db()
    assert second.status == InboundStatus.PROCESSED


def test_one_slow_person_does_not_hold_up_another() -> None:
    slow, quick = a_contact(), a_contact()
    an_inbound(slow, status=InboundStatus.PROCESSING, leased_until=NOON + timedelta(seconds=50))
    an_inbound(slow)
    other = an_inbound(quick)
    assert drain() == 1
    other.refresh_from_db()
    assert other.status == InboundStatus.PROCESSED


def test_a_failure_is_rolled_back_kept_told_and_tried_again_after_1_10_and_60_seconds() -> None:
    contact = a_contact()
    message = an_inbound(contact, "bonjour")
    later = an_inbound(contact, "aide")
    with Breakdown():
        assert step()
        assert not Conversation.objects.exists()
        message.refresh_from_db()
        assert (message.status, message.attempts) == (InboundStatus.FAILED, 1)
        assert message.error.startswith("IntegrityError")
        assert [row.purpose for row in messages_to(contact.phone_number)] == ["sorry"]
        assert not step(NOON + timedelta(milliseconds=900)), "the failed one blocks this person until it is due"
        at = NOON
        for wait in (1, 10, 60):
            at += timedelta(seconds=wait)
            assert step(at)
        message.refresh_from_db()
        assert (message.status, message.attempts) == (InboundStatus.FAILED, 4)
        alert = EscalationAlert.objects.get(fingerprint="inbound:IntegrityError")
        assert (alert.state, alert.occurrences) == ("open", 4)
    assert [row.purpose for row in messages_to(contact.phone_number)] == ["sorry"], "one kind word, not four"
    assert step(at + timedelta(days=1)), "after the fourth failure later messages go on"
    message.refresh_from_db()
    later.refresh_from_db()
    assert (message.status, later.status) == (InboundStatus.FAILED, InboundStatus.PROCESSED)
    assert EscalationAlert.objects.get(fingerprint="inbound:IntegrityError").state == "open"


def test_a_retry_that_works_answers_once_and_ends_the_alert() -> None:
    message = an_inbound(a_contact())
    with Breakdown():
        step()
    assert step(NOON + timedelta(seconds=1))
    message.refresh_from_db()
    assert (message.status, message.error) == (InboundStatus.PROCESSED, "")
    assert len(messages_to(message.contact.phone_number, "reply")) == 1
    assert EscalationAlert.objects.get().state == "resolved"


def test_an_expired_lease_is_picked_up_again() -> None:
    message = an_inbound(
        a_contact(), status=InboundStatus.PROCESSING, attempts=1, leased_until=NOON + timedelta(seconds=60)
    )
    assert not step(NOON + timedelta(seconds=59))
    assert step(NOON + timedelta(seconds=61))
    message.refresh_from_db()
    assert (message.status, message.attempts) == (InboundStatus.PROCESSED, 2)


def test_a_message_that_takes_its_worker_down_four_times_is_given_up_and_the_next_one_answered() -> None:
    contact = a_contact()
    poison = an_inbound(contact, status=InboundStatus.PROCESSING, attempts=4, leased_until=NOON)
    after = an_inbound(contact, "aide")
    drain()
    drain()
    poison.refresh_from_db()
    after.refresh_from_db()
    assert (poison.status, after.status) == (InboundStatus.FAILED, InboundStatus.PROCESSED)
    assert "vanished" in poison.error
    assert EscalationAlert.objects.filter(fingerprint="inbound:TimeoutError", state="open").exists()


def test_a_worker_that_wakes_up_after_its_lease_went_to_another_adds_nothing() -> None:
    """The steps between which a machine may stall for a minute are private, so they are called by their names."""
    for breakdown, told in ((Breakdown(), ["sorry"]), (nullcontext(), ["reply"])):
        message = an_inbound(a_contact())
        taken = inbox._take(NOON)  # noqa: SLF001
        assert taken
        stalled = taken[:2]
        assert stalled == (message.pk, 1)
        with breakdown:
            assert step(NOON + timedelta(seconds=61)), "another worker takes over"
            inbox._answer(*stalled, NOON)  # noqa: SLF001
            inbox._mark_failed(*stalled, NOON, ValueError("too late"))  # noqa: SLF001
        message.refresh_from_db()
        assert message.attempts == 2
        assert [row.purpose for row in messages_to(message.contact.phone_number)] == told
        InboundMessage.objects.all().delete()
    assert list(EscalationAlert.objects.values_list("fingerprint", "occurrences")) == [("inbound:IntegrityError", 1)]


def test_an_alert_ends_with_the_last_failure_of_its_kind_whatever_else_has_failed() -> None:
    an_inbound(a_contact(), status=InboundStatus.FAILED, attempts=4, error="KeyError: given up long ago")
    message = an_inbound(a_contact())
    with Breakdown():
        step()
    assert step(NOON + timedelta(seconds=1))
    message.refresh_from_db()
    assert message.status == InboundStatus.PROCESSED
    assert EscalationAlert.objects.get(fingerprint="inbound:IntegrityError").state == "resolved"


@COMMITTED
def test_a_deadlock_is_tried_again_in_silence_and_told_to_staff_at_the_fourth_time() -> None:
    message = an_inbound(a_contact())
    with connection.cursor() as cursor:
        cursor.execute("""CREATE FUNCTION clash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            RAISE EXCEPTION 'deadlock detected' USING ERRCODE = '40P01'; END $$""")
        cursor.execute(
            "CREATE TRIGGER clash BEFORE INSERT ON marketplace_conversation FOR EACH ROW EXECUTE FUNCTION clash()"
        )
    try:
        for seconds in (0, 1, 11):
            assert step(NOON + timedelta(seconds=seconds))
            message.refresh_from_db()
            assert (message.status, EscalationAlert.objects.count()) == (InboundStatus.RECEIVED, 0)
            assert not messages_to(message.contact.phone_number)
        assert step(NOON + timedelta(seconds=71))
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER clash ON marketplace_conversation")
            cursor.execute("DROP FUNCTION clash")
    message.refresh_from_db()
    assert message.status == InboundStatus.FAILED
    assert message.error.startswith("OperationalError: deadlock")
    assert EscalationAlert.objects.get().fingerprint == "inbound:OperationalError"


@COMMITTED
def test_many_workers_answer_each_message_once_and_in_order() -> None:
    people = [a_contact() for _ in range(4)]
    for number in range(5):
        for person in people:
            an_inbound(person, f"bonjour {number}", at=NOON + timedelta(milliseconds=number))
    at = NOON + timedelta(seconds=1)
    in_threads([partial(drain, at) for _ in range(6)])
    drain(at)
    assert set(InboundMessage.objects.values_list("status", "attempts")) == {("processed", 1)}
    for person in people:
        references = [row.reference for row in messages_to(person.phone_number, "reply")]
        assert references == [
            f"inbound:{pk}" for pk in person.inbound_messages.order_by("pk").values_list("pk", flat=True)
        ]


@COMMITTED
def test_a_message_survives_a_connection_killed_in_the_middle_of_its_answer() -> None:
    message = an_inbound(a_contact())
    with connection.cursor() as cursor:
        # The dialogue's own insert kills the connection it runs on.
        cursor.execute("""CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NEW; END $$""")
        cursor.execute(
            "CREATE TRIGGER die BEFORE INSERT ON marketplace_conversation FOR EACH ROW EXECUTE FUNCTION die()"
        )
    try:
        assert step()
    finally:
        connection.close()
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER die ON marketplace_conversation")
            cursor.execute("DROP FUNCTION die")
    message.refresh_from_db()
    assert message.status == InboundStatus.RECEIVED
    assert "terminating connection" in message.error
    assert step(NOON + timedelta(seconds=1))
    message.refresh_from_db()
    assert message.status == InboundStatus.PROCESSED
    assert len(messages_to(message.contact.phone_number, "reply")) == 1


def test_a_message_caught_up_hours_late_is_answered_once_and_starts_no_search() -> None:
    fields = [inbound_fields("fuite d'eau à Bonamoussadi, urgent"), inbound_fields("allo ?")]
    for form in fields:
        inbox.receive(form, at=NOON - timedelta(hours=7), was_caught_up=True)
    assert drain() == 2
    assert Notification.objects.filter(purpose="reply").count() == 1
    assert not ServiceRequest.objects.exists()
    assert EscalationAlert.objects.get().fingerprint == "inbound:late"


def test_a_late_message_is_shown_in_the_talk_of_its_person_and_a_late_stop_still_holds() -> None:
    for text, number in (("allo ?", "+237699000001"), ("STOP", "+237699000002")):
        form = inbound_fields(text, sender=f"whatsapp:{number}")
        inbox.receive(form, at=NOON - timedelta(hours=7), was_caught_up=True)
    assert drain() == 2
    talks = {message.body: message.conversation for message in InboundMessage.objects.all()}
    assert None not in talks.values()
    assert Contact.objects.get(phone_number="+237699000001").opted_out_at is None
    assert Contact.objects.get(phone_number="+237699000002").opted_out_at is not None


def test_a_message_caught_up_minutes_late_is_answered_as_usual() -> None:
    inbox.receive(inbound_fields(), at=NOON - timedelta(minutes=20), was_caught_up=True)
    drain()
    assert InboundMessage.objects.get().understood
    assert not EscalationAlert.objects.exists()


def test_a_person_is_joined_by_the_first_message_that_shows_number_and_id() -> None:
    inbox.receive(inbound_fields(sender="whatsapp:CM.99"), at=NOON)
    inbox.receive(inbound_fields(ExternalUserId="CM.99"), at=NOON)
    inbox.receive(inbound_fields(), at=NOON)
    contact = Contact.objects.get()
    assert (contact.phone_number, contact.whatsapp_id) == ("+237699000001", "CM.99")
    assert contact.inbound_messages.count() == 3


@COMMITTED
def test_a_webhook_that_shows_a_hidden_id_and_the_catch_up_of_the_same_message_do_not_block_each_other() -> None:
    a_contact(phone_number="+237699000001")
    fields, has_the_person = inbound_fields(), threading.Event()

    def webhook() -> bool:
        with transaction.atomic():  # as `receive` does for the first message that shows both
            contacts.find_or_make("+237699000001", "CM.99")
            has_the_person.set()
            wait_for_a_waiter()
            return inbox.receive(fields | {"ExternalUserId": "CM.99"}, at=NOON)

    def catch_up() -> bool:
        assert has_the_person.wait(30)
        with transaction.atomic():
            return inbox.receive(fields, at=NOON, was_caught_up=True)

    assert in_threads([webhook, catch_up]) == [True, False]
    assert InboundMessage.objects.get().contact.whatsapp_id == "CM.99"


def test_storing_reads_people_by_their_index_however_many_there_are() -> None:
    Contact.objects.bulk_create(Contact(phone_number=f"+2376{number:08d}") for number in range(3000))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_contact")
        for person, facts in ((inbox.BY_NUMBER, "number"), (inbox.BY_ID, "hidden")):
            values: dict[str, Any] = dict.fromkeys(("sid", "sender", "receiver", "body", "kind", "trace"), "x")
            values |= {"payload": "{}", "was_caught_up": False, "at": None, facts: "+237600000005"}
            cursor.execute("EXPLAIN " + inbox.STORE.format(person=person), values)
            assert "Seq Scan on notifications_contact" not in "\n".join(row[0] for row in cursor.fetchall())
