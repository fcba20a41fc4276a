"""The board of requests, one timeline of everything, and what staff do with a reason."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace.admin import board, request_timeline
from marketplace.models import (
    InboundMessage,
    Job,
    JobStatus,
    MatchRun,
    Offer,
    OfferStatus,
    RequestStatus,
    ServiceRequest,
    Wave,
)
from notifications.models import Attempt, Receipt
from tests.djobea.admin_rows import a_contact, a_full_house, a_message, a_request
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db
BOARD = "admin:marketplace_servicerequest_board"


def act(request: ServiceRequest, name: str) -> str:
    return reverse("admin:marketplace_servicerequest_act", args=[request.pk, name])


def a_job(at: datetime, request: ServiceRequest | None = None) -> Job:
    request = request or a_request(at, RequestStatus.MATCHED)
    run = MatchRun.objects.create(request=request, level="exact", ran_at=at)
    wave = Wave.objects.create(request=request, match_run=run, number=1, started_at=at, ends_at=at, closed_at=at)
    offer = Offer.objects.create(
        request=request,
        wave=wave,
        provider=a_provider(),
        status=OfferStatus.ACCEPTED,
        level="exact",
        created_at=at,
        expires_at=at,
    )
    return Job.objects.create(request=request, offer=offer, provider=offer.provider, assigned_at=at)


def shown(at: datetime, urgency: str = "") -> dict[str, list[int]]:
    return {column.name: [card.row.pk for card in column.cards] for column in board.columns(at, urgency)}


def test_every_request_stands_in_one_column(at: datetime) -> None:
    by_status = {status: a_request(at, status) for status in RequestStatus.values if status != "draft"}
    a_job(at, by_status["matched"])
    coming, working = a_job(at), a_job(at)
    Job.objects.filter(pk=working.pk).update(status=JobStatus.STARTED)
    assert shown(at) == {
        "waiting": [by_status["waiting"].pk],
        "searching": [by_status["searching"].pk],
        "matched": [by_status["matched"].pk, coming.request_id],
        "working": [working.request_id],
        "done": [by_status["done"].pk],
        "lost": [by_status["expired"].pk, by_status["cancelled"].pk],
    }


def test_the_board_turns_red_when_a_promise_is_broken(at: datetime) -> None:
    a_request(at)
    tones = [[card.tone for card in board.columns(at + timedelta(minutes=minutes))[1].cards] for minutes in (1, 10, 20)]
    assert tones == [["good"], ["wait"], ["bad"]]


def test_the_board_shows_one_urgency(at: datetime) -> None:
    emergency, other = a_request(at), a_request(at)
    ServiceRequest.objects.filter(pk=other.pk).update(urgency="today")
    assert shown(at, "emergency")["searching"] == [emergency.pk]
    assert shown(at, "today")["searching"] == [other.pk]
    assert len(shown(at, "nonsense")["searching"]) == 2


def test_the_board_takes_the_same_queries_however_many_there_are(staff: Client, at: datetime) -> None:
    a_full_house(at)
    with CaptureQueriesContext(connection) as few:
        assert staff.get(reverse(BOARD)).status_code == 200
    for _ in range(board.SHOWN + 5):
        a_job(at)
        a_request(at)
    with CaptureQueriesContext(connection) as many:
        page = staff.get(reverse(BOARD)).content.decode()
    assert len(many) == len(few)
    assert f"{board.SHOWN}+" in page


def test_a_guest_sees_no_board(client: Client, at: datetime) -> None:
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(reverse(BOARD)).status_code == 403


def test_the_timeline_goes_from_the_message_to_the_receipt(at: datetime) -> None:
    job = a_job(at)
    request = job.request
    InboundMessage.objects.create(
        message_sid="SM1",
        contact=a_contact(),
        conversation=request.conversation,
        body="J'ai une fuite",
        received_at=request.created_at - timedelta(minutes=1),
        due_at=at,
        status="processed",
        understood={"intent": "request"},
    )
    message = a_message(at, "read", reference=f"offer:{job.offer_id}", provider_sid="SMabc")
    Attempt.objects.create(
        notification=message,
        channel="whatsapp",
        started_at=at,
        finished_at=at,
        outcome="accepted",
        provider_sid="SMabc",
    )
    Receipt.objects.create(provider_sid="SMabc", status="read", received_at=at + timedelta(seconds=9))
    a_message(at, reference=f"offer:{job.offer_id + 1}")
    lines = request_timeline.tell(request, list(request.offers.all()), request.match_runs.all(), [job])
    assert [line.kind for line in lines if line.kind == "said"] == ["said"]
    assert lines[0].what == "J'ai une fuite"
    assert {line.kind for line in lines} == {"said", "search", "sent"}
    sent = [line for line in lines if line.kind == "sent"]
    assert [len(line.steps) for line in sent] == [2]
    assert sent[0].who == job.provider.name


def test_a_request_is_cancelled_for_a_reason(staff: Client, at: datetime) -> None:
    request = a_request(at)
    assert staff.post(act(request, "cancel"), {"why": ""}).status_code == 200
    assert ServiceRequest.objects.get().status == RequestStatus.SEARCHING
    staff.post(act(request, "cancel"), {"why": "Asked twice"})
    request.refresh_from_db()
    assert (request.status, request.cancel_reason) == (RequestStatus.CANCELLED, "Asked twice")
    event = request.events.get(name="cancelled")
    assert (event.actor, event.facts["reason"]) == ("staff:chief", "Asked twice")


def test_another_provider_is_sought_for_a_reason(staff: Client, at: datetime) -> None:
    job = a_job(at)
    staff.post(act(job.request, "replace"), {"why": "Does not answer"})
    job.refresh_from_db()
    assert (job.status, job.end_reason) == (JobStatus.CANCELLED, "Does not answer")
    assert job.request.events.filter(name="searching_again").exists()


def test_what_does_not_fit_changes_nothing(staff: Client, at: datetime) -> None:
    done = a_request(at, RequestStatus.DONE)
    staff.post(act(done, "cancel"), {"why": "Too late"})
    staff.post(act(done, "replace"), {"why": "Too late"})
    done.refresh_from_db()
    assert done.status == RequestStatus.DONE
    assert staff.get(act(done, "explode")).status_code == 404


def test_whoever_may_only_look_is_not_asked_why(client: Client, at: datetime) -> None:
    guest = User.objects.create_user("guest", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_servicerequest"))
    client.force_login(guest)
    request = a_request(at)
    assert client.post(act(request, "cancel"), {"why": "x"}).status_code == 403
    page = client.get(reverse("admin:marketplace_servicerequest_change", args=[request.pk])).content.decode()
    assert act(request, "cancel") not in page


def test_a_waiting_request_is_searched_wider(staff: Client, at: datetime) -> None:
    request = a_request(at, RequestStatus.WAITING)
    ServiceRequest.objects.filter(pk=request.pk).update(expires_at=at + timedelta(hours=1))
    who: Any = a_provider(takes_emergencies=True)
    staff.post(reverse("admin:marketplace_servicerequest_do", args=[request.pk, "widen"]))
    request.refresh_from_db()
    assert request.status == RequestStatus.SEARCHING
    assert Offer.objects.get().provider == who
    assert request.events.get(name="widened").actor == "staff:chief"


def assign(request: ServiceRequest) -> str:
    return reverse("admin:marketplace_servicerequest_assign", args=[request.pk])


def test_a_request_is_given_to_whom_staff_have_called(staff: Client, at: datetime) -> None:
    request, who = a_request(at, RequestStatus.WAITING), a_provider(name="Paul")
    page = staff.get(assign(request)).content.decode()
    assert "Paul" in page
    assert who.phone_number in page
    answer = staff.post(assign(request), {"provider": who.pk, "why": "Agreed on the telephone"})
    assert answer.status_code == 302
    request.refresh_from_db()
    assert (request.status, Job.objects.get().provider) == (RequestStatus.MATCHED, who)
    event = request.events.get(name="assigned_by_hand")
    assert (event.actor, event.facts["reason"]) == ("staff:chief", "Agreed on the telephone")


def test_whom_the_search_does_not_know_is_found_by_name(staff: Client, at: datetime) -> None:
    request = a_request(at)
    a_provider(name="Loin", status="suspended")
    assert "Loin" in staff.get(assign(request), {"who": "loi"}).content.decode()
    assert "Loin" not in staff.get(assign(request), {"who": "x"}).content.decode()


def test_what_cannot_be_assigned_is_said(staff: Client, at: datetime) -> None:
    request, suspended = a_request(at), a_provider(status="suspended")
    answer = staff.post(assign(request), {"provider": suspended.pk, "why": "x"})
    assert answer.context["form"].errors["provider"]
    assert staff.post(assign(request), {"why": "x"}).context["form"].errors["provider"]
    done = a_request(at, RequestStatus.DONE)
    answer = staff.post(assign(done), {"provider": a_provider().pk, "why": "x"})
    assert answer.context["form"].errors["provider"]
    assert not Job.objects.exists()
