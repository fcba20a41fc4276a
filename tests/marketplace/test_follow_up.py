"""Visits that are near and providers who do not set out."""

from datetime import datetime, timedelta
from functools import partial

import pytest

from marketplace import follow_up, jobs
from marketplace.models import Job, Urgency
from notifications.models import EscalationAlert
from tests.factories import a_job, in_threads, messages_to
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db
COMMITTED = pytest.mark.django_db(transaction=True)


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def told(job: Job) -> tuple[int, int]:
    """Reminders to the customer, and to the provider."""
    customer = job.request.customer.contact.phone_number
    return len(messages_to(customer, "reminder")), len(messages_to(job.provider.phone_number, "reminder"))


def test_both_sides_are_reminded_of_a_visit_once() -> None:
    job = a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(days=1))
    assert follow_up.remind_of_visits(after(hours=21)) == 0
    assert follow_up.remind_of_visits(after(hours=22)) == 1
    assert follow_up.remind_of_visits(after(hours=23)) == 0
    assert told(job) == (1, 1)
    (row,) = messages_to(job.provider.phone_number, "reminder")
    assert "12:00" in row.body
    assert row.expires_at == after(days=1)


def test_a_visit_that_is_over_cancelled_or_hardly_agreed_is_not_reminded_of() -> None:
    over = a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(hours=3))
    follow_up.remind_of_visits(after(hours=3))
    cancelled = a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(hours=3))
    jobs.cancel(cancelled, reason="", by="provider", at=NOON)
    fresh = a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(hours=1))
    follow_up.remind_of_visits(after(minutes=70))
    follow_up.remind_of_visits(after(minutes=10))
    assert [told(cancelled), told(fresh)] == [(0, 0), (0, 0)]
    assert told(over) == (1, 1), "reminded at 70 minutes, not after its hour"


@pytest.mark.parametrize(
    ("urgency", "minutes"), [(Urgency.EMERGENCY, 20), (Urgency.TODAY, 60), (Urgency.UNSPECIFIED, 240)]
)
def test_who_does_not_set_out_is_asked_and_then_called_by_staff(urgency: str, minutes: int) -> None:
    job = a_job(urgency=urgency)
    assert follow_up.ask_the_late(after(minutes=minutes - 1)) == 0
    assert follow_up.ask_the_late(after(minutes=minutes)) == 1
    (row,) = messages_to(job.provider.phone_number, "job_news")
    assert [choice["id"] for choice in row.choices] == [f"job:{job.pk}:set_out", f"job:{job.pk}:give_up"]
    assert "/go/" in row.sms_body
    assert follow_up.ask_the_late(after(minutes=minutes + 14)) == 0
    assert follow_up.ask_the_late(after(minutes=minutes + 15)) == 1
    assert follow_up.ask_the_late(after(minutes=minutes + 16)) == 0
    assert EscalationAlert.objects.get().fingerprint == f"job:{job.pk}:late"
    jobs.set_out(job, at=after(minutes=minutes + 20))
    assert EscalationAlert.objects.get().state == "resolved"


def test_a_visit_on_a_day_is_late_a_quarter_of_an_hour_after_its_time() -> None:
    a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(hours=30))
    assert follow_up.ask_the_late(after(hours=30, minutes=14)) == 0
    assert follow_up.ask_the_late(after(hours=30, minutes=15)) == 1


def test_who_is_on_the_way_is_left_in_peace() -> None:
    job = a_job(urgency=Urgency.EMERGENCY)
    jobs.set_out(job, at=after(minutes=5))
    assert follow_up.ask_the_late(after(hours=5)) == 0


@COMMITTED
def test_several_workers_ask_once() -> None:
    job = a_job(urgency=Urgency.EMERGENCY)
    assert sum(in_threads([partial(follow_up.ask_the_late, after(minutes=25)) for _ in range(4)])) == 1
    assert len(messages_to(job.provider.phone_number, "job_news")) == 1
