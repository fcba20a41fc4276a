"""Each self-test passes on a sound system, fails when what it checks is broken, and leaves nothing behind."""

import io
import json
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.db import connection
from django.test import Client

from djobea import selftests, status
from djobea.models import SelfTestResult
from notifications import channel_health, clock, consequences, settlement
from notifications.failure_policy import Action
from notifications.models import Attempt, Channel, Contact, EscalationAlert, Notification
from notifications.models.machine import Heartbeat
from providers import matching, matching_query
from providers.models import City, Provider, Service, Zone
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db


def failed() -> set[str]:
    return {result.name for result in selftests.run(NOON) if not result.passed}


def counts() -> dict[str, int]:
    models: tuple[Any, ...] = (
        Attempt, Channel, City, Contact, EscalationAlert, Notification, Provider, Service, Zone,
    )  # fmt: skip
    return {model.__name__: model.objects.count() for model in models}


def without_constraint(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE notification_queue DROP CONSTRAINT {name}")


def test_all_six_pass_and_leave_no_row() -> None:
    before = counts()
    assert [(result.name, result.passed, result.detail) for result in selftests.run(NOON) if not result.passed] == []
    assert counts() == before
    assert SelfTestResult.objects.filter(passed=True).count() == len(selftests.SELF_TESTS) == 6


def test_their_lines_in_the_log_say_whose_they_are(log: io.StringIO) -> None:
    selftests.run(NOON)
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert "warning" in {line["level"] for line in lines}
    assert {line.get("request_id") for line in lines} == {
        f"self-test:{name}" for name in ("whatsapp_failure", "retry", "monitoring", "delivery")
    }


@pytest.mark.parametrize(
    "constraint",
    ["notification_sending_is_leased", "notification_dead_has_its_reason", "notification_sent_has_an_attempt"],
)
def test_a_missing_constraint_is_found(constraint: str) -> None:
    without_constraint(constraint)
    assert "queue" in failed()


def test_a_failure_that_closes_no_channel_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_health, "pause", lambda *_args: None)
    assert {"whatsapp_failure", "monitoring"} <= failed()


def test_a_failure_that_nobody_hears_of_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consequences.Alerts, "raise_all", lambda *_args: None)
    assert "whatsapp_failure" in failed()


def test_a_retry_that_never_comes_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dict(consequences.CONSEQUENCES) | {Action.RETRY: consequences.CONSEQUENCES[Action.DROP]}
    monkeypatch.setattr(consequences, "CONSEQUENCES", broken)
    assert failed() == {"retry"}


def test_matching_that_does_not_widen_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "EMERGENCY_RADIUS_KM", 0)
    assert failed() == {"matching"}


def test_monitoring_that_sees_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    blind = tuple(check for check in status.CHECKS if check.__name__ != "_channels")
    monkeypatch.setattr(status, "CHECKS", blind)
    assert failed() == {"monitoring"}


def test_a_delivery_that_is_not_settled_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settlement, "_settle_accepted", lambda *_args: None)
    assert {"delivery", "retry"} <= failed()


def test_a_failed_self_test_is_an_alert_that_ends_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(matching_query, "MATCH", "SELECT broken")
        selftests.run(NOON)
    alert = EscalationAlert.objects.get(fingerprint=selftests.FINGERPRINT)
    assert "matching" in alert.title
    selftests.run(NOON)
    alert.refresh_from_db()
    assert alert.state == "resolved"


@pytest.fixture
def heartbeat() -> Heartbeat:
    return Heartbeat.objects.create(worker="one", started_at=clock.now(), seen_at=clock.now())


def test_the_report_names_the_six_and_its_exit_code_tells() -> None:
    out = StringIO()
    with pytest.raises(SystemExit) as left:
        call_command("status_report", format="json", stdout=out)
    facts = json.loads(out.getvalue())
    assert left.value.code == 2  # no worker
    assert facts["status"] == "critical"
    assert {test["name"]: test["passed"] for test in facts["self_tests"]} == dict.fromkeys(selftests.SELF_TESTS, True)
    assert any(issue["code"] == "workers" and issue["remedy"] for issue in facts["issues"])


@pytest.fixture
def whatsapp() -> Channel:
    return Channel.objects.update_or_create(name="whatsapp", defaults={"is_configured": True})[0]


@pytest.mark.usefixtures("heartbeat", "whatsapp")
def test_a_healthy_report_is_markdown_and_leaves_with_zero() -> None:
    out = StringIO()
    call_command("status_report", stdout=out)
    assert out.getvalue().startswith("# ")
    assert "Status report" not in out.getvalue()  # the console's language is French
    assert all(f"| {name} |" in out.getvalue() for name in selftests.SELF_TESTS)


def test_the_api_shows_the_last_run() -> None:
    selftests.run(NOON)
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("boss", "", "x"))
    answer = client.get("/api/v1/status/").json()
    assert [test["name"] for test in answer["self_tests"]] == list(selftests.SELF_TESTS)
    assert all(test["ran_at"] for test in answer["self_tests"])
