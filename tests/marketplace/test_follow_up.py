"""Visits that are near and providers who do not set out."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

import pytest

from marketplace import follow_up, job_reports, jobs
from marketplace.models import Job, JobStatus, Offer, OfferStatus, Urgency
from notifications.models import EscalationAlert, Status
from tests.factories import a_job, all_sent, in_threads, messages_to
from tests.providers.factories import NOON, a_provider

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


def confirming(job: Job) -> datetime:
    """Until when the job is to be confirmed."""
    job.refresh_from_db()
    assert job.confirm_by is not None
    return job.confirm_by


@pytest.mark.parametrize(("urgency", "minutes"), [(Urgency.EMERGENCY, 6), (Urgency.TODAY, 20)])
def test_who_does_not_confirm_is_asked_once_and_then_replaced(urgency: str, minutes: int) -> None:
    job = a_job(urgency=urgency)
    jobs.note_told(job.pk, customer=False, at=NOON)
    newcomer = a_provider()
    assert follow_up.ask_to_confirm(after(minutes=minutes / 2, seconds=-1)) == 0
    assert follow_up.ask_to_confirm(after(minutes=minutes / 2)) == 1
    assert follow_up.ask_to_confirm(after(minutes=minutes / 2, seconds=30)) == 0
    (asked,) = messages_to(job.provider.phone_number, "job_news")
    assert [choice["id"] for choice in asked.choices] == [f"job:{job.pk}:confirm", f"job:{job.pk}:give_up"]
    assert follow_up.release_unconfirmed(after(minutes=minutes, seconds=-1)) == 0
    assert follow_up.release_unconfirmed(after(minutes=minutes)) == 1
    job.refresh_from_db()
    assert job.status == JobStatus.CANCELLED
    assert Offer.objects.get(request=job.request, status=OfferStatus.OPEN).provider == newcomer
    assert len(messages_to(job.provider.phone_number, "job_news")) == 2, "asked, and told that it went to another"
    assert follow_up.release_unconfirmed(after(minutes=minutes + 1)) == 0


@pytest.mark.parametrize("step", [jobs.confirm, jobs.set_out, jobs.begin])
def test_any_step_is_a_confirmation(step: Callable[..., bool]) -> None:
    job = a_job(urgency=Urgency.EMERGENCY)
    jobs.note_told(job.pk, customer=False, at=NOON)
    assert step(job, at=after(minutes=2))
    assert follow_up.ask_to_confirm(after(minutes=5)) == 0
    assert follow_up.release_unconfirmed(after(minutes=30)) == 0


def test_who_could_not_be_told_of_the_job_does_not_lose_it() -> None:
    job = a_job(urgency=Urgency.EMERGENCY)
    assert follow_up.release_unconfirmed(after(minutes=6)) == 0, "the message waits in the queue"
    jobs.note_told(job.pk, customer=False, at=after(minutes=10))
    assert confirming(job) == after(minutes=16), "the time begins with knowing of it"
    assert follow_up.release_unconfirmed(after(minutes=15)) == 0
    assert follow_up.release_unconfirmed(after(minutes=16)) == 1


def test_a_message_that_left_without_a_receipt_counts_as_told() -> None:
    a_job(urgency=Urgency.EMERGENCY)
    all_sent(Status.SENT)
    assert follow_up.release_unconfirmed(after(minutes=6)) == 1


def test_a_visit_far_ahead_does_not_hold_up_who_is_late_today() -> None:
    follow_up.BATCH = 2  # type: ignore[misc]
    try:
        for _ in range(3):
            a_job(urgency=Urgency.SCHEDULED, scheduled_for=after(days=3))
        a_job(urgency=Urgency.EMERGENCY)
        assert follow_up.ask_the_late(after(minutes=20)) == 1
    finally:
        follow_up.BATCH = 200  # type: ignore[misc]


def test_the_customers_report_reminds_the_provider_and_a_person_calls() -> None:
    job = a_job()
    assert job_reports.report_late(job, at=after(minutes=10))
    assert job_reports.report_late(job, at=after(minutes=12)), "a second report changes nothing"
    assert len(messages_to(job.provider.phone_number, "job_news")) == 1
    assert follow_up.call_staff(after(minutes=24)) == 0
    assert follow_up.call_staff(after(minutes=25)) == 1
    assert follow_up.call_staff(after(minutes=26)) == 0
    assert EscalationAlert.objects.get().fingerprint == f"job:{job.pk}:late"
    jobs.begin(job, at=after(minutes=30))
    assert EscalationAlert.objects.get().state == "resolved"


def test_a_customer_who_is_not_there_is_written_to_and_then_called() -> None:
    job = a_job()
    jobs.set_out(job, at=after(minutes=5))
    assert job_reports.report_absent(job, at=after(minutes=20))
    told = messages_to(job.request.customer.contact.phone_number, "job_news")
    assert job.provider.phone_number in told[-1].body
    assert follow_up.call_staff(after(minutes=35)) == 1
    assert EscalationAlert.objects.get().fingerprint == f"job:{job.pk}:absent"
    jobs.begin(job, at=after(minutes=36))
    assert EscalationAlert.objects.get().state == "resolved"


def test_who_says_to_be_late_gets_half_an_hour_more() -> None:
    job = a_job(urgency=Urgency.EMERGENCY)
    assert job_reports.announce_delay(job, at=after(minutes=10))
    assert any(job.provider.name in row.body for row in messages_to(job.request.customer.contact.phone_number))
    assert follow_up.ask_the_late(after(minutes=49)) == 0
    assert follow_up.ask_the_late(after(minutes=50)) == 1


def test_nothing_is_reported_of_a_job_at_work_or_over() -> None:
    job = a_job()
    jobs.begin(job, at=NOON)
    for report in (job_reports.report_late, job_reports.announce_delay, job_reports.report_absent):
        assert not report(job, at=after(minutes=5))
