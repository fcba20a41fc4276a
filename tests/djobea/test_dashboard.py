from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from djobea import dashboard
from notifications import clock
from notifications.failure_policy import failure_for
from notifications.models import Account, Attempt, Heartbeat, Outcome, Status
from tests.djobea.admin_rows import a_channel, a_full_house, a_message, an_alert
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db

MOST_QUERIES = 60


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def first_page(staff: Client) -> str:
    answer = staff.get(reverse("admin:index"))
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_opens_on_an_empty_database_and_on_a_full_one(staff: Client, at: datetime) -> None:
    assert 'id="dashboard"' in first_page(staff)
    a_full_house(at)
    with CaptureQueriesContext(connection) as queries:
        page = first_page(staff)
    assert 'hx-trigger="every 10s"' in page
    assert len(queries) <= MOST_QUERIES


def test_a_paused_channel_is_named_with_its_cause_and_remedy(staff: Client, at: datetime) -> None:
    a_channel(
        paused_until=at + timedelta(days=1),
        paused_at=at - timedelta(minutes=7),
        pause_code="63007",
        pause_reason="Twilio could not find a Channel",
    )
    page = first_page(staff)
    with translation.override("fr"):
        assert escape(failure_for("63007").remedy) in page
    assert "Twilio could not find a Channel" in page
    assert "63007" in page


def test_a_channel_that_a_person_paused_names_the_person(staff: Client, at: datetime) -> None:
    a_channel(paused_until=at + timedelta(days=1), paused_at=at, pause_code="staff", pause_reason="awa")
    page = first_page(staff)
    assert "awa" in page


def test_every_figure_leads_to_a_list_that_opens(staff: Client, at: datetime) -> None:
    a_full_house(at)
    links = [figure.link for figure in [*dashboard.queue_figures(at), *dashboard.work_figures(at)]]
    links += [row[name] for row in dashboard.traffic(at) for name in ("went_link", "failed_link")]
    assert len(links) > 10
    for link in links:
        assert staff.get(link).status_code == 200, link


def test_a_figure_counts_what_its_list_shows(staff: Client, at: datetime) -> None:
    for status in (Status.DEAD, Status.DEAD, Status.QUEUED):
        a_message(at - timedelta(seconds=90), status)
    a_provider()
    shown = {figure.link.rsplit("=", 1)[1]: figure for figure in dashboard.queue_figures(at)}
    assert (shown["dead"].value, shown["queued"].value) == ("2", "1")
    assert "1\xa0minute" in shown["queued"].note


def test_large_counts_are_not_counted_to_the_end(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard, "MANY", 2)
    for _time in range(5):
        a_message(at)
    assert dashboard.queue_figures(at)[0].value == "2+"


def test_the_last_day_is_told_by_channel(at: datetime) -> None:
    a_channel()
    message = a_message(at)
    for outcome, when in [
        (Outcome.ACCEPTED, at),
        (Outcome.ACCEPTED, at),
        (Outcome.REFUSED, at),
        (Outcome.ACCEPTED, at - timedelta(days=2)),
    ]:
        Attempt.objects.create(
            notification=message, channel="whatsapp", started_at=when, finished_at=when, outcome=outcome
        )
    whatsapp = next(row for row in dashboard.traffic(at) if row["channel"].name == "whatsapp")
    assert (whatsapp["went"], whatsapp["failed"], whatsapp["share"]) == (2, 1, 67)


def test_a_spent_budget_says_when_the_next_slot_is_free(at: datetime) -> None:
    account = Account.objects.create(sid="AC" + "0" * 32, daily_limit=2)
    message = a_message(at)
    for hours in (5, 1):
        when = at - timedelta(hours=hours)
        Attempt.objects.create(
            notification=message,
            channel="whatsapp",
            account=account,
            started_at=when,
            finished_at=when,
            outcome="accepted",
        )
    spent = dashboard.budget(account, at)
    assert (spent.used, spent.left, spent.is_low) == (2, 0, True)
    assert spent.next_slot == at + timedelta(hours=19)


def test_open_alerts_bring_their_remedy(staff: Client, at: datetime) -> None:
    an_alert(at, title="The sender is unknown", remedy="Compare the sender with the console")
    page = first_page(staff)
    assert "The sender is unknown" in page
    assert "Compare the sender with the console" in page


def test_a_missing_worker_is_said_first(staff: Client, at: datetime) -> None:
    assert "worker" in first_page(staff)
    assert dashboard.facts(at)["tone"] == "bad"
    a_channel("whatsapp")
    Heartbeat.objects.create(worker="w1", started_at=at, seen_at=at)
    assert dashboard.facts(at)["tone"] == "good"


def test_badges_are_silent_when_there_is_nothing_to_do(at: datetime, rf: Any) -> None:
    request = rf.get("/")
    assert dashboard.count_alerts(request) == ""
    assert dashboard.count_dead_letters(request) == ""
    an_alert(at)
    a_message(at, Status.DEAD)
    assert dashboard.count_alerts(request) == "1"
    assert dashboard.count_dead_letters(request) == "1"


def test_who_may_not_see_the_queue_sees_no_figures(client: Client) -> None:
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    assert 'id="dashboard"' not in first_page(client)


def test_what_failed_leads_to_exactly_those_attempts(staff: Client, at: datetime) -> None:
    a_channel()
    message = a_message(at, Status.DEAD)
    for outcome, age in ((Outcome.REFUSED, 1), (Outcome.FAILED, 2), (Outcome.ACCEPTED, 3), (Outcome.ACCEPTED, 30)):
        then = at - timedelta(hours=age)
        facts = {"notification": message, "channel": "whatsapp", "started_at": then, "finished_at": then}
        Attempt.objects.create(outcome=outcome, **facts)
    row = next(row for row in dashboard.traffic(at) if row["channel"].name == "whatsapp")
    assert (row["went"], row["failed"]) == (1, 2)
    for link, many in ((row["went_link"], row["went"]), (row["failed_link"], row["failed"])):
        assert len(staff.get(link).context["cl"].result_list) == many
