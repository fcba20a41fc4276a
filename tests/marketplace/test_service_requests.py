from datetime import datetime, timedelta

import pytest

from marketplace import dispatch, jobs, service_requests
from marketplace.models import Job, JobStatus, Offer, RequestStatus, ServiceRequest, Urgency
from notifications.models import EscalationAlert
from tests.factories import a_customer, a_job, a_request, a_silent_request, messages_to, offers_to
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def after(**delta: float) -> datetime:
    return NOON + timedelta(**delta)


def status_of(request: ServiceRequest) -> str:
    return ServiceRequest.objects.get(pk=request.pk).status


def test_opening_a_request_sends_its_first_wave_in_the_same_breath() -> None:
    plumber = a_provider()
    request = a_request(urgency=Urgency.EMERGENCY)
    assert (request.status, request.searching_since) == (RequestStatus.SEARCHING, NOON)
    assert len(messages_to(plumber.phone_number, "offer")) == 1


def test_an_unknown_urgency_is_taken_as_not_said() -> None:
    assert a_request(urgency="yesterday").urgency == Urgency.UNSPECIFIED


def test_the_current_request_is_the_newest_that_has_not_ended() -> None:
    customer = a_customer()
    assert service_requests.current_for(customer.contact) is None
    older, newer = a_request(customer=customer), a_request(customer=customer)
    assert service_requests.current_for(customer.contact) == newer
    service_requests.cancel(newer, reason="", by="customer", at=NOON)
    assert service_requests.current_for(customer.contact) == older


def test_cancelling_calls_offers_back_and_tells_those_who_read_theirs() -> None:
    request = a_silent_request()
    offers = offers_to(request, [a_provider(), a_provider()])
    assert service_requests.cancel(request, reason="repaired it myself", by="customer", at=after(minutes=1))
    assert not service_requests.cancel(request, reason="again", by="customer", at=after(minutes=2))
    assert set(Offer.objects.values_list("status", flat=True)) == {"withdrawn"}
    for offer in offers:
        assert [row.purpose for row in messages_to(offer.provider.phone_number)] == ["offer_taken"]
        assert dispatch.accept(offer, at=after(minutes=2)) == dispatch.Acceptance.EXPIRED
    event = request.events.get(name="cancelled")
    assert (event.actor, event.facts["reason"]) == ("customer", "repaired it myself")
    assert not messages_to(request.customer.contact.phone_number), "the dialogue answers the customer"


def test_cancelling_ends_the_job_and_searches_for_nobody() -> None:
    job = a_job()
    a_provider()
    assert service_requests.cancel(job.request, reason="", by="customer", at=NOON)
    assert Job.objects.get(pk=job.pk).status == JobStatus.CANCELLED
    assert not Offer.objects.filter(request=job.request, status="open").exists()
    assert len(messages_to(job.provider.phone_number, "job_news")) == 1


def test_a_request_that_staff_cancel_is_explained_to_the_customer() -> None:
    request = a_silent_request()
    service_requests.cancel(request, reason="double", by="staff:awa", at=NOON)
    assert len(messages_to(request.customer.contact.phone_number, "job_news")) == 1


def test_a_request_that_is_done_cannot_be_cancelled() -> None:
    job = a_job()
    jobs.finish(job, at=NOON)
    assert not service_requests.cancel(job.request, reason="", by="customer", at=NOON)
    assert status_of(job.request) == RequestStatus.DONE


@pytest.mark.parametrize(
    ("urgency", "hours"),
    [(Urgency.EMERGENCY, 6), (Urgency.TODAY, 12), (Urgency.UNSPECIFIED, 24), (Urgency.SCHEDULED, 72)],
)
def test_a_search_ends_by_itself_with_an_honest_word(urgency: str, hours: int) -> None:
    request = a_request(urgency=urgency)
    assert service_requests.expire_requests(after(hours=hours) - timedelta(seconds=1)) == 0
    assert service_requests.expire_requests(after(hours=hours)) == 1
    assert status_of(request) == RequestStatus.EXPIRED
    assert len(messages_to(request.customer.contact.phone_number, "nobody_found")) == 2
    assert EscalationAlert.objects.get().state == "resolved"
    assert dispatch.retry_waiting(after(hours=hours)) == 0


def test_a_matched_request_does_not_expire() -> None:
    job = a_job()
    assert service_requests.expire_requests(after(days=30)) == 0
    assert status_of(job.request) == RequestStatus.MATCHED
