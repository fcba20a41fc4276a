import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from marketplace import dispatch, jobs, ratings, service_requests
from marketplace.models import Job, JobStatus, Offer, OfferStatus, RequestStatus, ServiceRequest
from notifications.models import EscalationAlert
from providers.models import Standing
from tests.factories import a_job, a_request, messages_to
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db
Step = Callable[..., bool]
STEPS: dict[str, Step] = {
    "confirmed": jobs.confirm,
    "on_the_way": jobs.set_out,
    "started": jobs.begin,
    "done": jobs.finish,
    "cancelled": lambda job, at: jobs.cancel(job, reason="ill", by="provider", at=at),
    "no_show": lambda job, at: jobs.report_no_show(job, by="customer", at=at),
}
LEGAL = {
    "assigned": set(STEPS),
    "confirmed": {"on_the_way", "started", "done", "cancelled", "no_show"},
    "on_the_way": {"started", "done", "cancelled", "no_show"},
    "started": {"done", "cancelled"},
    "done": set[str](),
    "cancelled": set[str](),
    "no_show": set[str](),
}


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def status_of(job: Job) -> str:
    return Job.objects.get(pk=job.pk).status


def standing_of(job: Job) -> Standing:
    return Standing.objects.get(pk=job.provider_id)


def number_of(job: Job) -> str | None:
    return job.request.customer.contact.phone_number


@pytest.mark.parametrize("before", LEGAL)
@pytest.mark.parametrize("to", STEPS)
def test_a_step_is_taken_where_it_is_legal_and_nowhere_else(before: str, to: str) -> None:
    job = a_job()
    Job.objects.filter(pk=job.pk).update(
        status=before, ended_at=NOON if before in {"done", "cancelled", "no_show"} else None
    )
    assert STEPS[to](job, at=after(minutes=5)) == (to in LEGAL[before])
    assert status_of(job) == (to if to in LEGAL[before] else before)


def test_the_whole_life_of_a_job_is_told_and_written_down() -> None:
    job = a_job()
    for name in ("confirmed", "on_the_way", "started", "done"):
        assert STEPS[name](job, at=after(minutes=5))
    request = ServiceRequest.objects.get(pk=job.request_id)
    assert request.status == RequestStatus.DONE
    told = [row.purpose for row in messages_to(number_of(job))]
    assert told == ["provider_found", "job_news", "rating_request"]
    names = list(request.events.values_list("name", flat=True))
    assert names == ["opened", "wave_sent", "accepted", "confirmed", "on_the_way", "started", "done"]
    assert (standing_of(job).open_jobs, standing_of(job).jobs_done) == (0, 1)


def test_a_provider_who_cannot_come_is_replaced_and_left_out() -> None:
    job = a_job(others=2)
    assert jobs.cancel(job, reason="ill", by="provider", at=after(minutes=5))
    request = ServiceRequest.objects.get(pk=job.request_id)
    assert request.status == RequestStatus.WAITING, "all three were asked already"
    replacement = a_provider()
    dispatch.retry_waiting(after(minutes=7))
    offer = Offer.objects.get(request=request, status=OfferStatus.OPEN)
    assert offer.provider == replacement
    assert Offer.objects.get(pk=job.offer_id).status == OfferStatus.RELEASED
    assert dispatch.accept(job.offer, at=after(minutes=8)) == dispatch.Acceptance.EXPIRED
    assert dispatch.accept(offer, at=after(minutes=8)) == dispatch.Acceptance.WON
    assert Job.objects.filter(request=request).count() == 2
    assert any("ne peut" in row.body for row in messages_to(number_of(job), "job_news"))
    assert standing_of(job).open_jobs == 0


def test_a_job_that_fails_days_later_is_searched_for_again_with_time_of_its_own() -> None:
    job = a_job()
    at = after(days=3)
    jobs.cancel(job, reason="ill", by="provider", at=at)
    assert service_requests.expire_requests(at) == 0
    request = ServiceRequest.objects.get(pk=job.request_id)
    assert request.expires_at == at + timedelta(hours=12)


def test_a_no_show_goes_to_staff_and_the_search_goes_on_at_once() -> None:
    job = a_job()
    replacement = a_provider()
    assert jobs.report_no_show(job, by="customer", at=after(hours=1))
    assert Offer.objects.get(request=job.request, status=OfferStatus.OPEN).provider == replacement
    assert EscalationAlert.objects.filter(fingerprint=f"provider:{job.provider_id}:no-show").exists()
    assert len(messages_to(job.provider.phone_number, "job_news")) == 1
    assert ServiceRequest.objects.get(pk=job.request_id).events.filter(name="no_show", actor="customer").exists()


def test_the_database_itself_allows_one_live_job_and_one_accepted_offer_a_request() -> None:
    job = a_job(others=1)
    other = Offer.objects.filter(request=job.request).exclude(pk=job.offer_id).get()
    with pytest.raises(IntegrityError, match="job_is_single_while_live"), transaction.atomic():
        Job.objects.create(request=job.request, offer=other, provider=other.provider, assigned_at=NOON)
    Offer.objects.filter(pk=other.pk).update(status=OfferStatus.OPEN)
    with pytest.raises(IntegrityError, match="offer_is_accepted_once"), transaction.atomic():
        Offer.objects.filter(pk=other.pk).update(status=OfferStatus.ACCEPTED)
    with pytest.raises(IntegrityError, match="no way leads from assigned to vanished"), transaction.atomic():
        Job.objects.filter(pk=job.pk).update(status="vanished", ended_at=NOON)


@pytest.mark.parametrize("model", [Job, Offer, ServiceRequest])
def test_the_database_lets_a_status_move_where_the_model_does(model: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgargs FROM pg_trigger WHERE tgname = 'status_moves_legally' AND tgrelid = %s::regclass",
            [model._meta.db_table],  # noqa: SLF001  Django documents it
        )
        ((arguments,),) = cursor.fetchall()
    guarded = json.loads(bytes(arguments).rstrip(b"\0"))
    sources = type(model.objects.all()).sources
    assert {to: frozenset(known) for to, known in guarded.items()} == {str(to): known for to, known in sources.items()}


def test_a_finished_job_cannot_be_made_alive_by_sql() -> None:
    job = a_job()
    jobs.finish(job, at=NOON)
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="from done to assigned"):
        cursor.execute("UPDATE marketplace_job SET status = 'assigned', ended_at = NULL WHERE id = %s", [job.pk])


def test_stars_from_three_on_say_that_the_work_is_done_and_fewer_are_a_complaint() -> None:
    content, unhappy = a_job(), a_job()
    for job, stars in ((content, 3), (unhappy, 2)):
        jobs.finish(job, at=NOON)
        ratings.rate(job, stars, by_customer=True, at=after(hours=1))
    assert Job.objects.get(pk=content.pk).customer_agreed_at == after(hours=1)
    assert Job.objects.get(pk=unhappy.pk).customer_agreed_at is None
    assert EscalationAlert.objects.get().fingerprint == f"job:{unhappy.pk}:complaint"


def test_the_customers_word_ends_the_job_and_the_provider_hears_of_it() -> None:
    job = a_job()
    assert jobs.finish(job, by="customer", at=after(hours=1))
    found = Job.objects.get(pk=job.pk)
    assert (found.status, found.customer_agreed_at) == (JobStatus.DONE, after(hours=1))
    assert job.request.events.get(name="done").actor == "customer"
    assert messages_to(number_of(job), "rating_request") == [], "the chat asks for stars in the same breath"
    assert any("termin" in row.body for row in messages_to(job.provider.phone_number, "job_news"))


def test_good_work_ends_the_alert_of_a_no_show() -> None:
    missed = a_job()
    jobs.report_no_show(missed, by="customer", at=NOON)
    assert EscalationAlert.objects.unresolved().filter(fingerprint__endswith=":no-show").count() == 1
    again = a_request(at=after(hours=1))
    offer = again.offers.get(provider=missed.provider)
    assert dispatch.accept(offer, at=after(hours=1)) == dispatch.Acceptance.WON
    jobs.finish(Job.objects.get(offer=offer), at=after(hours=2))
    assert EscalationAlert.objects.unresolved().filter(fingerprint__endswith=":no-show").count() == 0


def test_a_job_is_handed_over_when_both_sides_know() -> None:
    job = a_job()
    assert not jobs.note_told(job.pk, customer=True, at=after(seconds=5))
    assert jobs.note_told(job.pk, customer=False, at=after(seconds=9))
    assert jobs.note_told(job.pk, customer=False, at=after(seconds=20)), "told twice, noted once"
    found = Job.objects.get(pk=job.pk)
    assert (found.customer_told_at, found.provider_told_at) == (after(seconds=5), after(seconds=9))
    assert job.request.events.filter(name="handed_over").count() == 1


def test_a_contact_message_that_died_makes_staff_call_until_it_arrives_after_all() -> None:
    job = a_job()
    jobs.note_untold(job.pk, customer=True, code="63024", at=NOON)
    alert = EscalationAlert.objects.get(fingerprint=f"job:{job.pk}:contact")
    assert (alert.state, "client" in alert.title) == ("open", True)
    jobs.note_told(job.pk, customer=True, at=NOON)
    jobs.note_told(job.pk, customer=False, at=NOON)
    alert.refresh_from_db()
    assert alert.state == "resolved"


def test_nobody_is_asked_to_call_about_a_job_that_has_ended() -> None:
    job = a_job()
    jobs.finish(job, at=NOON)
    jobs.note_untold(job.pk, customer=True, code="63024", at=NOON)
    assert not EscalationAlert.objects.exists()


def test_the_live_job_is_found_from_either_side() -> None:
    job = a_job()
    assert jobs.live_job_of(job.provider) == job
    assert jobs.live_job_for(job.request) == job
    jobs.finish(job, at=NOON)
    assert jobs.live_job_of(job.provider) is None
    assert jobs.live_job_for(job.request) is None


def test_stars_count_once_a_side_and_only_after_the_work() -> None:
    job = a_job()

    def rate(stars: int, **facts: Any) -> bool:
        defaults: dict[str, Any] = {"by_customer": True, "at": NOON}
        return ratings.rate(job, stars, **(defaults | facts))

    assert not rate(5)
    jobs.finish(job, at=NOON)
    assert rate(4, comment="bien")
    assert not rate(1)
    assert rate(5, by_customer=False)
    assert (standing_of(job).rating_sum, standing_of(job).rating_count) == (4, 1)
    for stars in (0, 6):
        with pytest.raises(ValueError, match="between 1 and 5"):
            rate(stars)


def test_a_failed_job_does_not_bring_its_request_back_when_the_customer_has_gone() -> None:
    job = a_job()
    request = job.request
    service_requests.cancel(request, reason="", by="customer", at=NOON)
    assert not jobs.cancel(job, reason="", by="provider", at=NOON)
    assert ServiceRequest.objects.get(pk=request.pk).status == RequestStatus.CANCELLED
    assert status_of(job) == JobStatus.CANCELLED
