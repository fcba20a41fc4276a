"""The REST API: who may, what it answers, how it refuses, and that a repetition changes nothing."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.authtoken.models import Token
from rest_framework.test import APIClient
from rest_framework.throttling import UserRateThrottle

from djobea.models import RememberedAnswer
from notifications import clock, escalation, seeding
from notifications.models import AlertState, EscalationAlert, Notification, StaffAction, Status
from providers.models import Coverage, Provider
from tests.engine import a_message, someone
from tests.factories import a_request
from tests.providers.factories import a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db


def caller(*rights: str, **facts: Any) -> APIClient:
    """Somebody with a token and these rights (all of them: superuser=True)."""
    user = User.objects.create_user(f"user-{User.objects.count()}", is_superuser=facts.get("superuser", False))
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Token {Token.objects.create(user=user).key}")
    return client


@pytest.fixture
def chief() -> APIClient:
    return caller(superuser=True)


@pytest.mark.parametrize("name", ["providers", "services", "zones", "requests", "notifications", "alerts", "status"])
def test_each_resource_is_listed_for_those_who_may_and_for_nobody_else(chief: APIClient, name: str) -> None:
    assert chief.get(f"/api/v1/{name}/").status_code == 200
    stranger = APIClient().get(f"/api/v1/{name}/")
    assert stranger.status_code == 401
    assert stranger.headers["Content-Type"] == "application/problem+json"
    if name != "status":
        assert caller().get(f"/api/v1/{name}/").status_code == 403


@pytest.mark.parametrize(
    "path", ["/api/nothing/", "/api/v1/nothing/", "/api/v1/providers/x/", "/api/v1/providers/999/"]
)
def test_what_is_not_there_is_said_as_problem_details(chief: APIClient, path: str) -> None:
    answer = chief.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 404


def test_a_provider_made_over_the_api_is_found_by_matching(chief: APIClient) -> None:
    service, zone = a_service("plomberie"), a_zone("makepe")
    facts = {"name": "Paul", "phone_number": "+237677000001", "services": [service.slug], "zones": [zone.slug]}
    answer = chief.post("/api/v1/providers/", facts, format="json")
    assert answer.status_code == 201, answer.json()
    assert Coverage.objects.filter(provider=answer.json()["id"], service=service, zone=zone).exists()
    twice = chief.post("/api/v1/providers/", facts, format="json")
    assert twice.status_code == 400
    assert twice.json()["errors"]["phone_number"][0]["code"] == "unique"
    wrong = chief.post("/api/v1/providers/", facts | {"phone_number": "12"}, format="json")
    assert wrong.status_code == 400
    changed = chief.patch(f"/api/v1/providers/{answer.json()['id']}/", {"zones": []}, format="json")
    assert changed.status_code == 200
    assert not Coverage.objects.filter(provider=answer.json()["id"]).exists()
    assert chief.delete(f"/api/v1/providers/{answer.json()['id']}/").status_code == 405


def test_a_list_is_filtered_and_turned_page_by_page_with_few_queries(chief: APIClient) -> None:
    for number in range(5):
        a_provider(phone_number=f"+23767700000{number}")
    seen: list[int] = []
    url: str | None = "/api/v1/providers/?page_size=2&status=active"
    while url:
        with CaptureQueriesContext(connection) as queries:
            page = chief.get(url).json()
        assert len(queries) <= 10
        seen += [row["id"] for row in page["results"]]
        url = page["next"]
    assert sorted(seen) == sorted(Provider.objects.values_list("pk", flat=True))
    assert chief.get("/api/v1/providers/?status=asleep").status_code == 400


@pytest.fixture(autouse=True)
def senders(settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_WHATSAPP_FROM = "AC" + "0" * 32, "whatsapp:+14155238886"
    seeding.seed()


def a_dead_letter() -> Notification:
    row = a_message(someone())
    Notification.objects.filter(pk=row.pk).move(Status.SENDING, leased_by="x", leased_until=clock.now())
    Notification.objects.filter(pk=row.pk).move(
        Status.DEAD, leased_by="", leased_until=None, last_error_code="63007", attempt_count=1
    )
    return row


def test_a_dead_letter_is_sent_again_once_however_often_the_call_is_repeated(chief: APIClient) -> None:
    row = a_dead_letter()
    call = (f"/api/v1/notifications/{row.pk}/retry/", {"why": "sender repaired"})
    first = chief.post(*call, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    second = chief.post(*call, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert (first.status_code, first.json()["status"]) == (200, "queued")
    assert (second.status_code, second.json()) == (200, first.json())
    assert second.headers["Idempotency-Replayed"] == "true"
    assert StaffAction.objects.count() == 1
    other = chief.post(call[0], {"why": "another"}, format="json", HTTP_IDEMPOTENCY_KEY="k1")
    assert other.status_code == 422
    RememberedAnswer.objects.update(status=None)
    assert chief.post(*call, format="json", HTTP_IDEMPOTENCY_KEY="k1").status_code == 409


def test_what_is_refused_may_be_repeated_with_the_same_key(chief: APIClient) -> None:
    row = a_dead_letter()
    reader = caller("view_notification")
    call = (f"/api/v1/notifications/{row.pk}/retry/", {"why": "x"})
    assert reader.post(*call, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 403
    reader_user = User.objects.get(username=User.objects.latest("pk").username)
    reader_user.user_permissions.add(Permission.objects.get(codename="change_notification"))
    assert reader.post(*call, format="json", HTTP_IDEMPOTENCY_KEY="k").status_code == 200


def test_an_action_needs_its_reason_and_a_state_that_allows_it(chief: APIClient) -> None:
    row = a_dead_letter()
    assert chief.post(f"/api/v1/notifications/{row.pk}/retry/", {}, format="json").status_code == 400
    assert chief.post(f"/api/v1/notifications/{row.pk}/cancel/", {"why": "x"}, format="json").status_code == 409
    waiting = a_message(someone("+237699000002"))
    done = chief.post(f"/api/v1/notifications/{waiting.pk}/cancel/", {"why": "x"}, format="json")
    assert (done.status_code, done.json()["status"]) == (200, "cancelled")


def test_an_alert_is_acknowledged_and_resolved(chief: APIClient) -> None:
    alert = escalation.raise_alert(fingerprint="x", title="x", at=clock.now())
    assert chief.post(f"/api/v1/alerts/{alert.pk}/acknowledge/").json()["state"] == "acknowledged"
    assert chief.post(f"/api/v1/alerts/{alert.pk}/acknowledge/").status_code == 409
    assert chief.post(f"/api/v1/alerts/{alert.pk}/resolve/").json()["state"] == "resolved"
    assert chief.post(f"/api/v1/alerts/{alert.pk}/resolve/").status_code == 409
    assert EscalationAlert.objects.get().state == AlertState.RESOLVED


def test_requests_are_read(chief: APIClient) -> None:
    request = a_request()
    row = chief.get(f"/api/v1/requests/{request.pk}/").json()
    assert (row["id"], row["service"], row["zone"]) == (request.pk, request.service.slug, request.zone.slug)
    assert chief.post("/api/v1/requests/", {}, format="json").status_code == 405


def test_the_schema_and_its_pages_are_open(client: Any) -> None:
    assert client.get("/api/schema/").status_code == 200
    page = client.get("/api/docs/")
    assert page.status_code == 200
    assert b"<script>" not in page.content, "no inline script: the content security policy forbids it"


def test_who_calls_too_often_is_asked_to_wait(chief: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.clear()
    monkeypatch.setattr(UserRateThrottle, "get_rate", lambda _self: "3/min")
    assert [chief.get("/api/v1/zones/").status_code for _ in range(4)] == [200, 200, 200, 429]
    refused = chief.get("/api/v1/zones/")
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert int(refused.headers["Retry-After"]) > 0
    assert caller(superuser=True).get("/api/v1/zones/").status_code == 200, (
        "another caller has an allowance of their own"
    )
    cache.clear()


def test_the_rights_of_the_console_are_those_of_the_api(chief: APIClient) -> None:
    escalation.raise_alert(fingerprint="x", title="x", at=clock.now())
    alert = EscalationAlert.objects.get()
    reader, actor = caller("view_escalationalert"), caller("view_escalationalert", "change_escalationalert")
    assert reader.get(f"/api/v1/alerts/{alert.pk}/").status_code == 200
    assert reader.post(f"/api/v1/alerts/{alert.pk}/resolve/").status_code == 403
    assert reader.get("/api/v1/webhooks/").status_code == 403, "secrets and addresses are others' business"
    assert actor.post(f"/api/v1/alerts/{alert.pk}/resolve/").status_code == 200
    assert caller("view_webhooksubscription").post("/api/v1/webhooks/", {}).status_code == 403


@pytest.mark.parametrize("field", ["services", "zones", "base_zone"])
def test_a_slug_that_no_database_can_hold_names_nothing(chief: APIClient, field: str) -> None:
    facts: dict[str, Any] = {"name": "Paul", "phone_number": "+237677000001", "services": [], "zones": []}
    answer = chief.post(
        "/api/v1/providers/", facts | {field: "\x00" if field == "base_zone" else ["\x00"]}, format="json"
    )
    assert answer.status_code == 400
    assert field in answer.json()["errors"]
