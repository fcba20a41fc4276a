"""Prometheus reads true figures, and only whoever may."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
import yaml
from django.conf import settings as django_settings
from django.test import Client
from prometheus_client.parser import text_string_to_metric_families

from djobea import selftests
from notifications import clock
from notifications.models import Attempt, EscalationAlert, Notification, Outcome
from tests.factories import a_contact, an_inbound

MONITORING = django_settings.BASE_DIR / "docs" / "monitoring"
pytestmark = pytest.mark.django_db


def figures(client: Client) -> dict[tuple[str, tuple[str, ...]], float]:
    answer = client.get("/metrics")
    assert answer.status_code == 200
    families = text_string_to_metric_families(answer.content.decode())
    return {(s.name, tuple(s.labels.values())): s.value for family in families for s in family.samples}


def test_the_figures_are_those_of_the_rows(client: Client) -> None:
    at = clock.now()
    row = Notification.objects.create(
        purpose="reply", phone_number="+237699000001", channel="sms", body="x", due_at=at - timedelta(seconds=90)
    )
    facts: dict[str, Any] = {"notification": row, "channel": "sms", "started_at": at, "finished_at": at}
    Attempt.objects.create(**facts, outcome=Outcome.ACCEPTED, latency_ms=80)
    Attempt.objects.create(**facts, outcome=Outcome.REFUSED, latency_ms=300)
    Attempt.objects.create(**(facts | {"started_at": at - timedelta(hours=1)}), outcome=Outcome.REFUSED)
    seen = figures(client)
    assert seen["djobea_queue_messages", ("queued",)] == 1
    assert seen["djobea_sends", ("sms", "accepted")] == seen["djobea_sends", ("sms", "refused")] == 1
    assert seen["djobea_send_milliseconds_bucket", ("sms", "100.0")] == 1
    assert seen["djobea_send_milliseconds_bucket", ("sms", "+Inf")] == 2
    assert seen["djobea_component_state", ("workers",)] == 2


def test_self_tests_and_alerts_are_told(client: Client) -> None:
    at = clock.now()
    selftests.run(at)
    EscalationAlert.objects.create(fingerprint="x", title="x", severity="error", first_seen_at=at, last_seen_at=at)
    seen = figures(client)
    assert seen["djobea_self_test_passed", ("matching",)] == 1
    assert seen["djobea_alerts", ("error", "open")] == 1


def test_nobody_from_outside_reads_them(client: Client, settings: Any) -> None:
    assert client.get("/metrics", REMOTE_ADDR="8.8.8.8").status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "8.8.8.8"}).status_code == 403
    settings.METRICS_TOKEN = "a-secret"
    assert client.get("/metrics").status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer a-secret"}).status_code == 200


def test_no_number_is_in_them(client: Client) -> None:
    Notification.objects.create(
        purpose="reply", phone_number="+237699123456", channel="sms", body="secret words", due_at=clock.now()
    )
    text = client.get("/metrics").content.decode()
    assert "699123456" not in text
    assert "secret" not in text


def test_the_time_from_a_webhook_to_its_effect_is_told(client: Client) -> None:
    at = clock.now()
    message = an_inbound(a_contact(), at=at - timedelta(seconds=3))
    assert figures(client)["djobea_webhook_seconds_bucket", ("+Inf", "inbound")] == 0  # not answered yet
    type(message).objects.update(status="processed", processed_at=at)
    seen = figures(client)
    assert seen["djobea_webhook_seconds_bucket", ("2.5", "inbound")] == 0
    assert seen["djobea_webhook_seconds_bucket", ("5.0", "inbound")] == 1


def test_dashboard_and_alert_rules_ask_only_for_figures_that_there_are(client: Client) -> None:
    text = client.get("/metrics").content.decode()
    families = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    board = json.loads((MONITORING / "grafana.json").read_text(encoding="utf-8"))
    rules = yaml.safe_load((MONITORING / "alerts.yml").read_text(encoding="utf-8"))["groups"][0]["rules"]
    asked = [target["expr"] for panel in board["panels"] for target in panel["targets"]]
    asked += [rule["expr"] for rule in rules]
    named = {re.sub(r"_bucket$", "", name) for each in asked for name in re.findall(r"djobea_\w+", each)}
    sums = {name for name in families if name.endswith(("_gsum", "_gcount"))}
    assert families - sums == named  # and every figure is on the dashboard or watched
    assert all(rule["annotations"]["remedy"] for rule in rules)


def test_prometheus_reads_over_plain_http_where_browsers_are_led_to_https(client: Client, settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/metrics").status_code == 200
    assert client.get("/admin/login/").status_code == 301
