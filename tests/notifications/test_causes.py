"""Dead letters by cause, and counts that cost little: true for few, capped for many."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import RequestFactory

from notifications import causes, clock, contacts, tallies
from notifications.models import Contact, Notification, Status
from notifications.staff_actions import matching
from tests.djobea.admin_rows import a_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return clock.now()


def test_causes_are_counted_each_with_its_newest_message(at: datetime) -> None:
    a_message(at, Status.DEAD)
    newest = a_message(at, Status.DEAD)
    other = a_message(at, Status.DEAD, last_error_code="30003")
    a_message(at, Status.QUEUED, last_error_code="63024")
    found = causes.of_dead_letters()
    assert [(each.code, each.count, each.newest) for each in found] == [("63024", 2, newest), ("30003", 1, other)]


def test_no_dead_letters_have_no_cause() -> None:
    assert causes.of_dead_letters() == []


def test_more_than_many_are_said_to_be_more(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    for _number in range(4):
        a_message(at, Status.DEAD)
    monkeypatch.setattr(causes, "MANY", 2)
    monkeypatch.setattr(tallies, "MANY", 2)
    assert [(each.count, each.many) for each in causes.of_dead_letters()] == [(3, "2+")]
    counted = tallies.by_status()
    assert (counted[Status.DEAD], counted[Status.QUEUED]) == (3, 0)
    assert (tallies.words(3), tallies.words(2)) == ("2+", "2")


@pytest.mark.parametrize(
    ("facts", "index"),
    [
        ({"channel": "sms"}, "notification_by_channel"),
        ({"purpose": "offer"}, "notification_by_purpose"),
        ({"last_error_code": "63024"}, "notification_by_error"),
        ({"priority": 2}, "notification_by_priority"),
        ({"waiting_for": "retry"}, "notification_by_wait"),
        ({"possible_duplicate": True}, "notification_duplicates"),
        ("699 00 00 01", "notification_by_number"),
        ("request:4", "notification_by_reference"),
        ("awa@djobea.example", "notification_by_email"),
        ("SM0123abcd", "provider_sid"),
    ],
)
def test_each_filter_and_search_has_an_index_that_answers(facts: Any, index: str) -> None:
    rows = (
        Notification.objects.filter(matching(facts)) if isinstance(facts, str) else Notification.objects.filter(**facts)
    )
    with connection.cursor() as cursor:  # an empty table is read whole unless that is forbidden
        for way in ("seqscan", "indexscan" if index == "notification_by_reference" else "tidscan"):
            cursor.execute(f"SET LOCAL enable_{way} = off")
        cursor.execute(
            "EXPLAIN " + str(rows.order_by().values("pk").query.sql_with_params()[0]),
            rows.order_by().values("pk").query.sql_with_params()[1],
        )
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert index in plan, plan


@pytest.mark.parametrize(
    ("text", "names"), [("mba", ["Paul Mbarga"]), ("paul M", ["Paul Mbarga"]), ("arga", []), ("'&!", [])]
)
def test_people_are_found_by_the_beginnings_of_their_names(text: str, names: list[str]) -> None:
    for number, name in enumerate(["Paul Mbarga", "Awa Ngo"]):
        Contact.objects.create(name=name, phone_number=f"+23769900000{number}")
    assert [found.name for found in contacts.found_in(Contact.objects.all(), text)] == names


def test_a_list_sorts_by_nothing_that_no_index_sorts(at: datetime, admin_user: Any) -> None:
    request = RequestFactory().get("/", {"o": "1.3"})
    request.user = admin_user
    changelist = admin.site.get_model_admin(Notification).get_changelist_instance(request)
    assert set(changelist.queryset.query.order_by) == {"-pk"}
