"""What the marketplace forgets: words, places and pictures; what is counted stays."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from marketplace import jobs, service_requests
from marketplace.models import (
    ActionLink,
    Application,
    ApplicationStatus,
    Conversation,
    Event,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Rating,
    RequestStatus,
    ServiceRequest,
)
from marketplace.retention import KINDS
from notifications import ageing
from tests.factories import a_contact, a_job, a_request, an_inbound
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ageing, "PAUSE", 0)


def days(many: float) -> datetime:
    """So many days ago."""
    return NOON - timedelta(days=many)


def forget(name: str) -> int:
    return sum(sum(ageing.forget(kind, NOON)) for kind in KINDS if kind.name == name)


def test_old_text_goes_but_its_sid_stays_known() -> None:
    contact = a_contact()
    done = {"status": InboundStatus.PROCESSED, "understood": {"intent": "request"}}
    old = an_inbound(contact, "secret", at=days(181), **done)
    young = an_inbound(contact, "fresh", at=days(179), **done)
    waits = an_inbound(contact, "unanswered", at=days(181))
    failed = an_inbound(contact, "broken", at=days(181), status=InboundStatus.FAILED, error="Boom: x", attempts=4)
    assert forget("inbound_text") == 1
    assert forget("inbound_text") == 0
    bodies = dict(InboundMessage.objects.values_list("message_sid", "body"))
    assert bodies == {
        old.message_sid: "",
        young.message_sid: "fresh",
        waits.message_sid: "unanswered",
        failed.message_sid: "broken",
    }
    old.refresh_from_db()
    assert (old.payload, old.understood) == ({}, {})


def test_a_message_as_such_goes_after_two_years_unless_nobody_answered_it() -> None:
    contact = a_contact()
    an_inbound(contact, at=days(731), status=InboundStatus.PROCESSED)
    young = an_inbound(contact, at=days(729), status=InboundStatus.PROCESSED)
    failed = an_inbound(contact, at=days(731), status=InboundStatus.FAILED, error="Boom: x", attempts=4)
    assert forget("inbound_rows") == 1
    assert set(InboundMessage.objects.all()) == {young, failed}


def test_links_go_a_month_after_their_end() -> None:
    for age in (29, 31):
        ActionLink.objects.create(token_sha256=str(age), purpose="offer", object_id=1, expires_at=days(age))
    ActionLink.objects.update(created_at=days(40))
    assert forget("action_links") == 1
    assert ActionLink.objects.get().token_sha256 == "29"


def test_what_a_closed_talk_was_about_goes() -> None:
    for age, is_open in ((181, False), (179, False), (181, True)):
        Conversation.objects.create(
            contact=a_contact(),
            is_open=is_open,
            slots={"description": "une fuite"},
            opened_at=days(age),
            last_message_at=days(age),
            closed_at=None if is_open else days(age),
        )
    assert forget("conversations") == 1
    assert [talk.slots == {} for talk in Conversation.objects.order_by("pk")] == [True, False, False]


def a_finished_job(**facts: Any) -> Job:
    """A job that was done, rated and commented, with a cancelled one of the same request before it."""
    job = a_job(others=1, latitude=4.05, longitude=9.7, media=[{"url": "https://x"}], **facts)
    jobs.cancel(job, reason="Madame Awa n'ouvre pas", by="provider", at=NOON)
    ServiceRequest.objects.filter(pk=job.request_id).update(call_number="+237699000009")
    Rating.objects.create(job=job, by_customer=True, stars=4, comment="Merci Paul", created_at=NOON)
    service_requests.cancel(job.request, reason="j'ai trouvé", by="customer", at=NOON)
    return job


def test_words_place_and_pictures_of_ended_requests_go_and_counts_stay() -> None:
    job = a_finished_job()
    ServiceRequest.objects.filter(pk=job.request_id).update(created_at=days(366))
    running, young = a_request(), a_finished_job()
    ServiceRequest.objects.filter(pk=running.pk).update(created_at=days(366))
    before = (Job.objects.count(), Rating.objects.count(), Event.objects.count())
    assert forget("request_details") == 1
    assert forget("request_details") == 0
    request = ServiceRequest.objects.get(pk=job.request_id)
    assert (request.description, request.place_note, request.call_number, request.media) == ("", "", "", [])
    assert (request.latitude, request.longitude, request.cancel_reason) == (None, None, "")
    job.refresh_from_db()
    assert job.end_reason == ""
    rating = job.ratings.get()
    assert (rating.stars, rating.comment) == (4, "")
    assert not request.events.filter(facts__has_key="reason").exists()
    assert request.events.filter(name="cancelled", facts__job=job.pk).exists(), "what is counted stays"
    assert request.match_runs.exclude(need={}).count() == 0
    assert (Job.objects.count(), Rating.objects.count(), Event.objects.count()) == before
    for other in (running, young.request):
        other.refresh_from_db()
        assert other.description
    assert young.request.events.filter(facts__has_key="reason").exists()


def test_names_in_match_runs_of_ended_requests_go_and_their_level_stays() -> None:
    a_provider()
    ended, running = a_request(), a_request()
    ServiceRequest.objects.filter(pk=ended.pk).move(RequestStatus.CANCELLED)
    MatchRun.objects.update(ran_at=days(181))
    assert forget("match_runs") == 1
    (run,) = ended.match_runs.all()
    assert (run.chosen, run.near_misses, run.need, run.level) == ([], [], {}, "exact")
    assert running.match_runs.get().chosen


def test_applications_that_came_to_nothing_go_and_the_others_stay() -> None:
    for status in ApplicationStatus.values:
        decided = days(366) if status in (ApplicationStatus.APPROVED, ApplicationStatus.REFUSED) else None
        Application.objects.create(contact=a_contact(), status=status, started_at=days(366), decided_at=decided)
    assert forget("applications") == 2
    left = set(Application.objects.values_list("status", flat=True))
    assert left == {ApplicationStatus.SUBMITTED, ApplicationStatus.APPROVED}
