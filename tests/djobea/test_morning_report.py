"""The status report: as a page, to take along, and by mail every morning."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from djobea import morning_report, traffic
from notifications import clock
from notifications.models import Attempt, Notification, Outcome
from tests.djobea.admin_rows import a_full_house, a_message

pytestmark = pytest.mark.django_db

SEVEN = datetime(2026, 11, 28, 7, 5, tzinfo=ZoneInfo("Africa/Douala"))


def mails() -> list[tuple[str, str]]:
    return list(Notification.objects.order_by("pk").values_list("email", "channel"))


def test_it_is_mailed_once_a_morning_to_everybody_on_the_list(settings: Any) -> None:
    settings.STATUS_REPORT_EMAILS = ["awa@djobea.example", "serge@djobea.example"]
    assert morning_report.mail(SEVEN - timedelta(minutes=10)) == 0
    assert morning_report.mail(SEVEN) == 2
    assert morning_report.mail(SEVEN + timedelta(hours=3)) == 0
    assert mails() == [("awa@djobea.example", "email"), ("serge@djobea.example", "email")]
    assert morning_report.mail(SEVEN + timedelta(days=1)) == 2


def test_nobody_on_the_list_gets_no_mail(settings: Any) -> None:
    settings.STATUS_REPORT_EMAILS = []
    assert morning_report.mail(SEVEN) == 0
    assert mails() == []


def test_the_page_and_its_copies_open_for_who_may_see_the_queue(client: Client) -> None:
    a_full_house(clock.now())
    page = reverse("status_report")
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    assert client.get(page).status_code == 403
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    assert 'class="dj-health dj-bad"' in client.get(page).content.decode()
    assert client.get(page, {"format": "json"}).json()["status"] == "critical"
    copy = client.get(page, {"format": "markdown"})
    assert copy.content.decode().startswith("# ")
    assert "attachment" in copy["Content-Disposition"]


def a_call(at: datetime, outcome: str = Outcome.ACCEPTED, channel: str = "whatsapp") -> None:
    message = a_message(at)
    Attempt.objects.create(notification=message, channel=channel, started_at=at, finished_at=at, outcome=outcome)


def test_calls_are_counted_hour_by_hour(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    a_call(SEVEN)
    a_call(SEVEN - timedelta(hours=5))
    a_call(SEVEN - timedelta(hours=5), Outcome.FAILED)
    a_call(SEVEN - timedelta(hours=25))
    a_call(SEVEN - timedelta(hours=1), channel="sms")
    hours = traffic.of_a_day(SEVEN)
    assert traffic.by_channel(hours) == {"whatsapp": (2, 1), "sms": (1, 0)}
    a_call(SEVEN)
    assert traffic.by_channel(traffic.of_a_day(SEVEN))["whatsapp"] == (3, 1)  # the hour that runs is never kept
