"""Other programs are told: signed calls over real HTTP, through the same queue, with the same patience."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from marketplace import timeline
from notifications import clock, escalation, public_https, seeding, subscriptions
from notifications.channels import Envelope, webhook
from notifications.channels.base import Refused
from notifications.models import (
    Channel,
    EscalationAlert,
    EventName,
    Notification,
    Outcome,
    Status,
    WebhookSubscription,
)
from tests.engine import a_message, drain, later, someone, turn
from tests.factories import a_request

pytestmark = pytest.mark.django_db


class Listener:
    """Another program: keeps what it was told, and answers with `status`."""

    def __init__(self) -> None:
        self.calls: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                listener.calls.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(listener.status)
                self.send_header("Location", "http://127.0.0.1:1/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_facts: Any) -> None:
                """Keep quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?key=1"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.calls]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def listener(settings: Any) -> Iterator[Listener]:
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = True
    seeding.seed()
    listener = Listener()
    yield listener
    listener.close()


def a_subscription(listener: Listener | None = None, **facts: Any) -> WebhookSubscription:
    url = listener.url if listener else "https://hooks.example.org/djobea"
    return WebhookSubscription.objects.create(**({"name": "Ledger", "url": url} | facts))


def verify(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """As the other side does it, by the words of Standard Webhooks."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return wanted in headers["webhook-signature"].split(" ")


def an_alert(**facts: Any) -> EscalationAlert:
    defaults: dict[str, Any] = {"fingerprint": "a", "title": "Sender unknown", "at": clock.now()}
    return escalation.raise_alert(**(defaults | facts))


def test_an_alert_is_told_from_its_opening_to_its_end_and_every_call_is_signed(listener: Listener) -> None:
    subscription = a_subscription(listener)
    alert = an_alert(occurrences=500)
    an_alert(occurrences=500)
    escalation.acknowledge(alert, by=None, at=clock.now())
    escalation.resolve("a", at=clock.now())
    drain()
    assert [event["type"] for event in listener.events()] == ["alert.opened", "alert.acknowledged", "alert.resolved"]
    assert len({headers["webhook-id"] for headers, _body in listener.calls}) == 3
    assert all(verify(headers, body, subscription.secret) for headers, body in listener.calls)
    assert not any(verify(headers, body + b" ", subscription.secret) for headers, body in listener.calls)
    assert Notification.objects.filter(channel="webhook", status=Status.SENT, attempt_count=1).count() == 3


def test_each_hears_what_it_asked_for_and_nothing_of_people(listener: Listener) -> None:
    a_subscription(listener, events=[EventName.REQUEST_CHANGED])
    request = a_request()
    timeline.record(request, "looked-at", "staff:awa", clock.now())
    an_alert()
    drain()
    told = listener.events()
    assert {event["type"] for event in told} == {"request.changed"}
    assert told[-1]["data"] == {"id": request.pk, "event": "looked-at", "actor": "staff"}
    assert "+237" not in json.dumps(told)


@pytest.mark.parametrize("status", [301, 400, 404, 429, 500])
def test_whatever_is_no_success_is_tried_again_until_it_is(listener: Listener, status: int) -> None:
    listener.status = status
    subscription = a_subscription(listener)
    subscriptions.ping(subscription, at=clock.now())
    assert turn() == 1
    row = Notification.objects.get(channel="webhook")
    assert (row.status, row.retry_count, row.last_error_code) == (Status.QUEUED, 1, "webhook_answer")
    assert row.attempts.get().http_status == status
    listener.status = 200
    Notification.objects.update(due_at=clock.now())
    drain()
    row.refresh_from_db()
    assert row.status == Status.SENT
    first, second = (headers["webhook-id"] for headers, _body in listener.calls)
    assert first == second, "the other side can tell a repetition"


def test_after_its_tries_it_is_a_dead_letter_whose_alert_calls_nobody_back(listener: Listener) -> None:
    listener.status = 500
    subscription = a_subscription(listener)
    subscriptions.ping(subscription, at=clock.now())
    for _ in range(8):
        Notification.objects.filter(status=Status.QUEUED).update(due_at=clock.now())
        turn()
    row = Notification.objects.get(channel="webhook")
    assert (row.status, row.attempt_count) == (Status.DEAD, 6)
    assert row.alert is not None
    assert row.alert.fingerprint == "dead-letter:webhook:webhook_answer"
    assert not Channel.objects.get(name="webhook").paused_until, "one program's fault is not the channel's"


def test_who_answers_410_is_called_no_more(listener: Listener) -> None:
    listener.status = 410
    subscription = a_subscription(listener)
    subscriptions.ping(subscription, at=clock.now())
    subscriptions.ping(subscription, at=clock.now())
    drain()
    subscription.refresh_from_db()
    assert not subscription.is_active
    assert "410" in subscription.why_inactive
    assert not subscriptions.ping(subscription, at=clock.now())
    assert EscalationAlert.objects.filter(fingerprint="dead-letter:webhook:webhook_gone").exists()


def test_what_waits_for_a_webhook_that_was_switched_off_is_called_back(listener: Listener) -> None:
    subscription = a_subscription(listener)
    subscriptions.ping(subscription, at=clock.now())
    WebhookSubscription.objects.update(is_active=False)
    drain()
    assert not listener.calls
    assert Notification.objects.get(channel="webhook").status == Status.CANCELLED


def test_a_subscription_may_be_deleted_and_its_calls_stay_in_history(listener: Listener) -> None:
    subscription = a_subscription(listener)
    subscriptions.ping(subscription, at=clock.now())
    drain()
    subscription.delete()
    assert Notification.objects.get(channel="webhook").endpoint == listener.url


def test_a_new_secret_signs_beside_the_old_one_for_a_day(listener: Listener) -> None:
    subscription = a_subscription(listener)
    old = subscription.secret
    new = subscriptions.rotate_secret(subscription, at=clock.now())
    subscriptions.ping(subscription, at=clock.now())
    drain()
    headers, body = listener.calls[0]
    assert verify(headers, body, old)
    assert verify(headers, body, new)
    subscription.refresh_from_db()
    assert subscription.signing_keys(later(hours=25)) == (new,)


def test_slow_programs_take_few_of_the_slots(listener: Listener) -> None:
    subscription = a_subscription(listener)
    for _ in range(9):
        subscriptions.ping(subscription, at=clock.now())
    assert turn(slots=16) == 4


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "https://127.0.0.1/",
        "https://10.0.0.7/",
        "https://[::1]/",
        "https://169.254.169.254/latest",
        "https://localhost/",
        "https://db.internal/",
        "https://intranet/",
        "https://name:password@hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://hooks.example.org:99999999/",
    ],
)
def test_an_address_inside_or_without_tls_is_refused_before_anything_is_called(url: str) -> None:
    with pytest.raises(ValidationError):
        a_subscription(url=url).full_clean()
    answer = webhook.send(an_envelope(url))
    assert isinstance(answer, Refused)
    assert answer.code == "webhook_address"


def test_a_public_name_that_leads_inside_is_refused_at_the_connection(
    listener: Listener, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOKS_TO_PRIVATE_ADDRESSES = False
    port = listener.server.server_port
    # The name server is the attacker's; what is proved is that its answer is looked at, and nothing reaches the host.
    monkeypatch.setattr(
        "urllib3.util.connection.socket.getaddrinfo",
        lambda *_facts, **_more: [(2, 1, 6, "", ("127.0.0.1", port))],
    )
    url = f"https://hooks.example.org:{port}/"
    assert not public_https.why_not(url)
    answer = webhook.send(an_envelope(url))
    assert isinstance(answer, Refused)
    assert answer.code == "webhook_address"
    assert not listener.calls


def an_envelope(url: str) -> Envelope:
    return Envelope(
        1, 1, "webhook", "Djobea", url, "{}", signing_keys=("whsec_" + base64.b64encode(b"x" * 32).decode(),)
    )


def test_a_dead_letter_of_a_person_is_told(listener: Listener) -> None:
    a_subscription(listener, events=[EventName.MESSAGE_DEAD])
    Channel.objects.exclude(name="webhook").update(is_configured=False)
    Channel.objects.filter(name="whatsapp").update(is_configured=True, sender="whatsapp:+14155238886")
    row = a_message(someone(last_inbound_at=None), purpose="rating_of_nobody")
    drain()
    row.refresh_from_db()
    assert row.status == Status.DEAD
    (event,) = listener.events()
    assert (event["data"]["id"], event["data"]["error_code"]) == (row.pk, "window")


def test_over_the_api_the_secret_is_shown_once(listener: Listener, admin_client: Client) -> None:
    made = admin_client.post(
        "/api/v1/webhooks/", {"name": "Ledger", "url": listener.url}, content_type="application/json"
    )
    assert made.status_code == 201
    secret, pk = made.json()["secret"], made.json()["id"]
    assert secret.startswith("whsec_")
    seen = admin_client.get(f"/api/v1/webhooks/{pk}/").json()
    assert "secret" not in seen
    assert seen["events"] == list(EventName.values)
    assert admin_client.post(f"/api/v1/webhooks/{pk}/ping/").status_code == 202
    drain()
    assert verify(*listener.calls[0], secret)
    turned = admin_client.post(f"/api/v1/webhooks/{pk}/rotate-secret/").json()
    assert turned["secret"] not in ("", secret)
    assert admin_client.delete(f"/api/v1/webhooks/{pk}/").status_code == 204


def test_a_wrong_address_is_refused_by_the_api(admin_client: Client) -> None:
    facts = {"name": "Spy", "url": "https://10.0.0.1/"}
    answer = admin_client.post("/api/v1/webhooks/", facts, content_type="application/json")
    assert answer.status_code == 400
    assert "url" in answer.json()["errors"]


def test_the_console_makes_tests_and_rotates_webhooks(listener: Listener, admin_client: Client) -> None:
    page = "/admin/notifications/webhooksubscription/"
    facts = {"name": "Ledger", "url": listener.url, "events": ["alert.opened"], "is_active": "on"}
    assert admin_client.post(f"{page}add/", facts).status_code == 302
    row = WebhookSubscription.objects.get()
    assert row.events == ["alert.opened"]
    assert admin_client.post(f"{page}{row.pk}/do/ping/").status_code == 302
    drain()
    assert listener.events()[0]["type"] == "ping"
    assert row.secret in admin_client.get(f"{page}{row.pk}/change/").content.decode()
    admin_client.post(f"{page}{row.pk}/do/rotate/")
    assert WebhookSubscription.objects.get().secret != row.secret
    assert admin_client.get(page).status_code == 200


def test_attempts_of_calls_are_refused_not_unknown(listener: Listener) -> None:
    subscription = a_subscription(listener)
    listener.close()
    subscriptions.ping(subscription, at=clock.now())
    turn()
    row = Notification.objects.get(channel="webhook")
    assert (row.status, row.last_error_code) == (Status.QUEUED, "webhook_silent")
    assert row.attempts.get().outcome == Outcome.REFUSED
    assert row.due_at <= later(seconds=30)
    assert row.expires_at == row.created_at + timedelta(days=1)
