"""The audit finds each broken invariant, and is silent about a sound house.

Where a constraint forbids the breach, it is dropped inside the test's transaction.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection

from marketplace import dispatch, jobs, ratings
from marketplace.audit import AUDITS
from marketplace.models import (
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Offer,
    OfferStatus,
    RequestStatus,
    ServiceRequest,
    Wave,
)
from providers.models import Standing
from tests.audits import broken_rows
from tests.factories import a_contact, a_job, a_request, a_silent_request, an_inbound, offers_to
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def broken(at: datetime = NOON, *, is_full: bool = True) -> dict[str, list[int]]:
    return broken_rows(AUDITS, at, is_full=is_full)


def a_lived_in_house() -> None:
    a_request()
    job = a_job(others=3)
    a_request()
    jobs.cancel(job, reason="ill", by="provider", at=NOON)
    finished = a_job()
    jobs.finish(finished, at=NOON)
    ratings.rate(finished, 4, by_customer=True, at=NOON)
    an_inbound(a_contact())
    dispatch.expire_offers(NOON + timedelta(minutes=6))


@pytest.mark.parametrize("is_full", [True, False])
def test_a_house_in_order_has_no_breach(is_full: bool) -> None:
    a_lived_in_house()
    assert broken(is_full=is_full) == {}


def test_a_matched_request_without_a_job_is_a_breach() -> None:
    job = a_job()
    Job.objects.filter(pk=job.pk).update(status="cancelled", ended_at=NOON)
    assert broken()["matched"] == [job.request_id]


def test_a_live_job_of_an_ended_request_is_a_breach() -> None:
    job = a_job()
    ServiceRequest.objects.update(status=RequestStatus.CANCELLED)
    assert broken() == {"matched": [job.request_id]}


def test_two_accepted_offers_are_a_breach() -> None:
    job = a_job(others=1)
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX offer_is_accepted_once")
        cursor.execute("DROP TRIGGER status_moves_legally ON marketplace_offer")
    second = Offer.objects.exclude(pk=job.offer_id).get()
    Offer.objects.filter(pk=second.pk).update(status=OfferStatus.ACCEPTED)
    assert broken(is_full=False)["accepted-once"] == sorted([job.offer_id, second.pk])


def test_a_search_without_a_wave_is_a_breach() -> None:
    a_provider()
    request = a_request()
    Wave.objects.update(closed_at=NOON - timedelta(minutes=6))
    assert broken() == {"search": [request.pk]}


def test_a_search_whose_wave_nobody_ends_is_a_breach() -> None:
    a_provider()
    request = a_request()
    Wave.objects.update(ends_at=NOON - timedelta(minutes=6))
    assert broken() == {"search": [request.pk]}


@pytest.mark.parametrize("status", [RequestStatus.SEARCHING, RequestStatus.WAITING])
def test_a_search_beyond_its_time_is_a_breach(status: str) -> None:
    request = a_silent_request(status=status, expires_at=NOON - timedelta(minutes=6))
    run = MatchRun.objects.create(request=request, level="exact", ran_at=NOON)
    Wave.objects.create(request=request, match_run=run, number=1, started_at=NOON, ends_at=NOON)
    assert broken() == {"search": [request.pk]}


def test_an_open_offer_of_an_ended_request_is_a_breach() -> None:
    a_provider()
    a_request()
    ServiceRequest.objects.update(status=RequestStatus.CANCELLED)
    assert broken() == {"open-offer": [Offer.objects.get().pk]}


@pytest.mark.parametrize(
    ("job_status", "offer_status"),
    [("assigned", "released"), ("done", "released"), ("no_show", "accepted"), ("cancelled", "accepted")],
)
def test_a_job_that_does_not_fit_its_offer_is_a_breach(job_status: str, offer_status: str) -> None:
    job = a_job()
    Job.objects.update(status=job_status, ended_at=None if job_status == "assigned" else NOON)
    Offer.objects.update(status=offer_status)
    assert broken(is_full=False)["job-offer"] == [job.pk]


def test_an_accepted_offer_without_a_job_is_a_breach() -> None:
    job = a_job()
    Job.objects.all().delete()
    assert broken(is_full=False)["accepted-job"] == [job.offer_id]


@pytest.mark.parametrize(("column", "value"), [("open_jobs", 3), ("jobs_done", 7), ("offers_accepted", 0)])
def test_a_standing_that_miscounts_is_a_breach(column: str, value: int) -> None:
    job = a_job()
    Standing.objects.filter(pk=job.provider_id).update(**{column: value})
    assert broken() == {"standing": [job.provider_id]}


def test_a_standing_that_misses_an_offer_is_a_breach() -> None:
    provider = a_provider()
    a_request()
    Standing.objects.update(offers_made=0)
    assert broken() == {"standing": [provider.pk]}


def test_a_standing_that_misses_a_rating_is_a_breach() -> None:
    job = a_job()
    jobs.finish(job, at=NOON)
    ratings.rate(job, 4, by_customer=True, at=NOON)
    Standing.objects.update(rating_count=0, rating_sum=0)
    assert broken() == {"standing": [job.provider_id]}


def test_ratings_from_elsewhere_and_offers_made_twice_are_no_breach() -> None:
    provider = a_provider()
    offers_to(a_silent_request(), [provider])
    Standing.objects.filter(pk=provider.pk).update(rating_count=9, rating_sum=40, offers_made=2)
    assert "standing" not in broken()


@pytest.mark.parametrize(
    "facts",
    [
        {"due_at": NOON - timedelta(minutes=6)},
        {"status": InboundStatus.PROCESSING, "leased_until": NOON - timedelta(minutes=6)},
        {"status": InboundStatus.FAILED, "error": "Boom", "attempts": 1, "due_at": NOON - timedelta(minutes=6)},
    ],
)
def test_a_message_that_nobody_answers_is_a_breach(facts: dict[str, Any]) -> None:
    message = an_inbound(a_contact(), **facts)
    assert broken() == {"inbound": [message.pk]}


def test_a_message_that_was_given_up_or_waits_behind_another_is_no_breach() -> None:
    contact, late = a_contact(), NOON - timedelta(minutes=6)
    given_up = an_inbound(contact, status=InboundStatus.FAILED, error="Boom", attempts=4, due_at=late)
    first = an_inbound(contact, status=InboundStatus.FAILED, error="Boom", attempts=3, due_at=NOON)
    an_inbound(contact, due_at=late)
    assert broken() == {}
    InboundMessage.objects.filter(pk=first.pk).delete()
    assert list(broken()["inbound"]) == [given_up.pk + 2]
