"""The audit finds what constraints cannot forbid, and is silent about a sound house."""

from datetime import timedelta
from typing import Any

import pytest

from marketplace import dispatch, jobs
from marketplace.audit import AUDITS
from marketplace.models import InboundStatus, Job, Offer, RequestStatus, ServiceRequest, Wave
from providers.models import Standing
from tests.factories import a_contact, a_job, a_request, an_inbound
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def breaches() -> list[str]:
    return [text for check in AUDITS for text in check(NOON)]


def test_a_house_in_order_has_no_breach() -> None:
    a_request()
    job = a_job(others=3)
    a_request()
    jobs.cancel(job, reason="ill", by="provider", at=NOON)
    finished = a_job()
    jobs.finish(finished, at=NOON)
    an_inbound(a_contact())
    dispatch.expire_offers(NOON + timedelta(minutes=6))
    assert breaches() == []


def test_a_matched_request_without_a_job_is_a_breach() -> None:
    job = a_job()
    Job.objects.filter(pk=job.pk).update(status="cancelled", ended_at=NOON)
    Standing.objects.update(open_jobs=0)
    assert [text for text in breaches() if str(job.request_id) in text and "jobs" in text]


def test_a_search_without_a_wave_is_a_breach() -> None:
    a_provider()
    request = a_request()
    Wave.objects.update(closed_at=NOON - timedelta(minutes=6))
    assert breaches() == [f"request {request.pk} searches, but no wave of it is out"]


def test_an_open_offer_of_an_ended_request_is_a_breach() -> None:
    a_provider()
    request = a_request()
    ServiceRequest.objects.update(status=RequestStatus.CANCELLED)
    assert breaches() == [f"offer {Offer.objects.get().pk} is open, but its request {request.pk} does not search"]


@pytest.mark.parametrize(
    ("job_status", "offer_status"),
    [("assigned", "released"), ("done", "released"), ("no_show", "accepted"), ("cancelled", "accepted")],
)
def test_a_job_that_does_not_fit_its_offer_is_a_breach(job_status: str, offer_status: str) -> None:
    job = a_job()
    Job.objects.update(status=job_status, ended_at=None if job_status == "assigned" else NOON)
    Offer.objects.update(status=offer_status)
    assert f"job {job.pk} is {job_status}, which does not fit its offer" in breaches()


def test_an_accepted_offer_without_a_job_is_a_breach() -> None:
    job = a_job()
    Job.objects.all().delete()
    assert f"offer {job.offer_id} was accepted, but has no job" in breaches()


def test_a_standing_that_miscounts_finished_jobs_is_a_breach() -> None:
    job = a_job()
    jobs.finish(job, at=NOON)
    Standing.objects.filter(pk=job.provider_id).update(jobs_done=0)
    assert breaches() == [f"provider {job.provider_id} has 1 finished jobs, but the standing counts 0"]


def test_a_standing_that_miscounts_open_jobs_is_a_breach() -> None:
    job = a_job()
    Standing.objects.filter(pk=job.provider_id).update(open_jobs=3)
    assert breaches() == [f"provider {job.provider_id} has 1 live jobs, but the standing counts 3"]


@pytest.mark.parametrize(
    "facts",
    [
        {"due_at": NOON - timedelta(minutes=6)},
        {"status": InboundStatus.PROCESSING, "leased_until": NOON - timedelta(minutes=6)},
    ],
)
def test_a_message_that_nobody_answers_is_a_breach(facts: dict[str, Any]) -> None:
    message = an_inbound(a_contact(), **facts)
    assert breaches() == [f"inbound message {message.pk} waits for its answer"]
