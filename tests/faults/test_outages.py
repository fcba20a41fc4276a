"""Customers write while we are down: Twilio hears 503 or nothing, and every message is answered once, in order, later."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connection

from marketplace.models import InboundMessage, InboundStatus
from notifications.models import Notification, Status
from tests.faults.database import database_setting, hang_up, line_of_an_operator
from tests.faults.house import House
from tests.phones import Phone

CATCH_UP = 181  # seconds; missed messages are read from Twilio's list every three minutes


@pytest.fixture
def people(house: House) -> list[Phone]:
    return [Phone(house.simulator, f"+23769900000{number}", name) for number, name in ((1, "Awa"), (2, "Paul"))]


def all_answered(count: int) -> bool:
    return InboundMessage.objects.filter(status=InboundStatus.PROCESSED).count() == count


def webhooks(house: House, count: int) -> list[dict[str, object]]:
    """What became of the last webhooks that brought customers' messages."""
    found: list[dict[str, object]] = house.wait_for(
        lambda: (log := house.simulator.control("log?kind=inbound")["log"])[count - 1 :] and log, "the webhooks"
    )
    return found


def write(people: list[Phone], *texts: str) -> None:
    for text in texts:
        for person in people:
            person.writes(text)


def stories(people: list[Phone]) -> list[list[str]]:
    """What we know of each person, in the order in which it is answered."""
    return [
        list(
            InboundMessage.objects.filter(contact__phone_number=person.number)
            .order_by("processed_at", "pk")
            .values_list("body", flat=True)
        )
        for person in people
    ]


def all_left() -> bool:
    return not Notification.objects.filter(status__in=[Status.QUEUED, Status.SENDING]).exists()


def test_what_people_write_while_the_web_server_is_down_is_read_from_the_list(
    house: House, people: list[Phone]
) -> None:
    texts = ("Bonjour", "J'ai une fuite d'eau", "c'est à Bonamoussadi")
    write(people, *texts)
    assert {call["http_status"] for call in webhooks(house, 6)} == {0}, "nobody may have been there"
    worker = house.worker()
    house.wait_for(lambda: all_answered(6), "an answer to everybody", worker)
    assert stories(people) == [list(texts)] * 2
    house.web()
    write(people, "merci")
    house.wait_for(lambda: all_answered(8), "the webhook again", worker)
    house.advance(CATCH_UP)
    house.wait_for(all_left, "all answers to leave", worker)
    assert InboundMessage.objects.count() == 8, "what the list shows again is known"
    assert InboundMessage.objects.filter(was_caught_up=True).count() == 6
    house.account_for_everything()


@contextmanager
def nobody_gets_in(operator: psycopg.Connection) -> Iterator[None]:
    """The database takes no connections, and those that were open are gone (but the test's own)."""
    close = f'ALTER DATABASE "{connection.settings_dict["NAME"]}" ALLOW_CONNECTIONS'
    with line_of_an_operator(dbname="postgres") as outside:
        outside.execute(f"{close} false")
        try:
            hang_up(operator)
            yield
        finally:
            outside.execute(f"{close} true")


@pytest.mark.parametrize("fault", ["down", "read-only"])
def test_what_people_write_while_the_database_fails_is_refused_and_read_later(
    house: House, people: list[Phone], operator: psycopg.Connection, fault: str
) -> None:
    worker, web = house.worker(), house.web()
    write(people, "Bonjour")
    house.wait_for(lambda: all_answered(2), "the first answers", worker, web)
    house.wait_for(all_left, "the first answers to leave", worker)
    broken = (
        nobody_gets_in(operator)
        if fault == "down"
        else database_setting(operator, "default_transaction_read_only", "on")
    )
    with broken:
        assert house.get("/health/ready/") == 503
        assert house.get("/health/live/") == 200
        write(people, "J'ai une fuite d'eau", "c'est à Bonamoussadi")
        assert [call["http_status"] for call in webhooks(house, 6)] == [200] * 2 + [503] * 4
        rows = house.enqueue(3)  # by somebody who still had a line
    house.wait_for(lambda: house.get("/health/ready/") == 200, "the web server to recover", worker, web)
    house.advance(CATCH_UP)
    house.wait_for(lambda: all_answered(6), "what was missed", worker, web)
    house.wait_for(all_left, "all answers to leave", worker, web)
    assert stories(people) == [["Bonjour", "J'ai une fuite d'eau", "c'est à Bonamoussadi"]] * 2
    assert all(house.sent_to(row) for row in rows)
    house.account_for_everything()
