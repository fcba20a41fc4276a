"""One verdict on the whole, the same on every face, with figure, threshold, evidence and remedy for each part."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.test import Client

from djobea import status
from djobea.dashboard import facts
from djobea.models import AuditResult
from djobea.verdicts import Component, State, Verdict
from marketplace.models import MatchRun, RequestStatus, ServiceRequest, Wave
from notifications import seeding
from notifications.models import Attempt, Channel, Notification
from notifications.models.machine import Heartbeat
from providers.models import Provider, ProviderStatus
from tests.factories import a_request
from tests.providers.factories import NOON, a_provider

pytestmark = pytest.mark.django_db


def part(name: str) -> Component:
    (found,) = [each for each in status.examine(NOON).components if each.name == name]
    return found


def test_whatsapp_that_was_never_set_up_is_told() -> None:
    Channel.objects.filter(name="whatsapp").delete()
    whatsapp = part("channel:whatsapp")
    assert whatsapp.state == State.CRITICAL
    assert "TWILIO_WHATSAPP_FROM" in whatsapp.remedy
    assert part("channel:sms").state == State.HEALTHY  # may stay away
    assert "channel:whatsapp" in {trouble["part"].name for trouble in facts(NOON)["troubles"]}


def calls(channel: str, **outcomes: int) -> None:
    row = Notification.objects.create(
        purpose="reply", phone_number="+237699000001", channel=channel, body="x", due_at=NOON
    )
    code = {"refused": "20500"}
    Attempt.objects.bulk_create(
        Attempt(
            notification=row,
            channel=channel,
            started_at=NOON - timedelta(minutes=1),
            finished_at=NOON,
            outcome=outcome,
            error_code=code.get(outcome, ""),
        )
        for outcome, many in outcomes.items()
        for _each in range(many)
    )


def test_a_channel_is_told_with_the_failures_that_close_it() -> None:
    Channel.objects.update_or_create(name="whatsapp", defaults={"is_configured": True, "failure_share": 0.5})
    calls("whatsapp", accepted=2, refused=9)
    whatsapp = part("channel:whatsapp")
    assert (whatsapp.state, whatsapp.figure, whatsapp.threshold) == (State.HEALTHY, 9, 10)
    calls("whatsapp", accepted=30, refused=20)
    whatsapp = part("channel:whatsapp")
    assert (whatsapp.state, whatsapp.figure, whatsapp.threshold) == (State.HEALTHY, 29, 30.5)
    calls("whatsapp", refused=4)
    assert part("channel:whatsapp").state == State.DEGRADED
    assert part("channel:whatsapp").remedy


@pytest.mark.parametrize("code", ["63007", "staff"])
def test_a_paused_channel_is_told_with_what_opens_it_again(code: str) -> None:
    paused = {"pause_code": code, "pause_reason": "Twilio's words", "paused_at": NOON - timedelta(hours=1)}
    Channel.objects.update_or_create(
        name="whatsapp", defaults={"is_configured": True, "paused_until": NOON + timedelta(hours=1), **paused}
    )
    whatsapp = part("channel:whatsapp")
    assert (whatsapp.state, whatsapp.since, whatsapp.figure) == (State.CRITICAL, paused["paused_at"], 0)
    assert code in whatsapp.evidence
    assert "Twilio's words" in whatsapp.evidence
    assert whatsapp.remedy
    assert "Twilio's words" not in whatsapp.remedy


def test_each_part_has_a_figure_and_where_it_begins_to_be_unwell() -> None:
    a_provider()
    Heartbeat.objects.create(worker="one", started_at=NOON, seen_at=NOON)
    seeding.seed()
    Channel.objects.update(is_configured=True)
    parts = status.examine(NOON).components
    assert len(parts) >= 9
    assert [each.name for each in parts if each.figure is None or each.threshold is None] == []


def test_a_part_that_is_not_vital_makes_the_whole_degraded_at_most() -> None:
    city = Component("availability:douala", State.CRITICAL, "", vital=False)
    assert Verdict((city,)).status == State.DEGRADED
    assert Verdict((city, Component("queue", State.CRITICAL, ""))).status == State.CRITICAL


def test_a_wave_that_nobody_ends_is_told() -> None:
    request = a_request()
    run = MatchRun.objects.create(request=request, level="exact", ran_at=NOON)
    ended = NOON - timedelta(minutes=2)
    Wave.objects.create(request=request, match_run=run, number=1, started_at=NOON - timedelta(hours=1), ends_at=ended)
    matching = part("matching")
    assert (matching.state, matching.figure, matching.threshold, matching.since) == (State.DEGRADED, 120, 60, ended)
    assert matching.remedy
    Wave.objects.update(closed_at=NOON)
    assert part("matching").state == State.HEALTHY


def test_requests_that_find_nobody_are_told_by_the_threshold_of_the_setting(settings: Any) -> None:
    request = a_request()
    ServiceRequest.objects.filter(pk=request.pk).update(status=RequestStatus.WAITING)
    assert (part("matching").state, part("matching").figure) == (State.HEALTHY, 1)
    settings.HEALTH_THRESHOLDS = {**settings.HEALTH_THRESHOLDS, "unmet_requests": 0}
    assert part("matching").state == State.DEGRADED


def test_providers_are_told_city_by_city() -> None:
    for _each in range(3):
        a_provider()
    assert (part("availability:douala").state, part("availability:douala").figure) == (State.HEALTHY, 3)
    away = Provider.objects.first()
    assert away is not None
    Provider.objects.filter(pk=away.pk).update(unavailable_until=NOON + timedelta(hours=1))
    assert part("availability:douala").state == State.DEGRADED
    Provider.objects.update(status=ProviderStatus.ON_HOLD)
    nobody = part("availability:douala")
    assert (nobody.state, nobody.figure, nobody.threshold) == (State.CRITICAL, 0, 3)
    assert nobody.remedy
    Provider.objects.all().delete()
    assert part("availability:douala").state == State.HEALTHY  # nobody ever registered: not served yet


def test_the_self_audit_is_told_when_it_found_something_or_looks_no_more() -> None:
    assert part("audit").state == State.HEALTHY
    row = AuditResult.objects.create(check_name="x.one", ran_at=NOON - timedelta(hours=2), rows=[])
    assert (part("audit").state, part("audit").figure, part("audit").since) == (State.DEGRADED, 7200, row.ran_at)
    AuditResult.objects.update(ran_at=NOON, rows=[7])
    assert part("audit").state == State.CRITICAL
    assert "x.one" in part("audit").evidence


@pytest.mark.parametrize("sick", ["nothing", "whatsapp", "city"])
def test_page_json_command_and_probe_say_the_same(client: Client, monkeypatch: pytest.MonkeyPatch, sick: str) -> None:
    monkeypatch.setattr("notifications.clock.now", lambda: NOON)
    Heartbeat.objects.create(worker="one", started_at=NOON, seen_at=NOON)
    whatsapp = {"is_configured": True} | (
        {"paused_until": NOON + timedelta(hours=1), "pause_code": "63007"} if sick == "whatsapp" else {}
    )
    Channel.objects.update_or_create(name="whatsapp", defaults=whatsapp)
    a_provider(status=ProviderStatus.ON_HOLD) if sick == "city" else None
    expected = {"nothing": "healthy", "whatsapp": "critical", "city": "degraded"}[sick]
    out = StringIO()
    try:
        call_command("status_report", format="json", stdout=out)
        code = 0
    except SystemExit as end:
        code = int(str(end.code))
    command = json.loads(out.getvalue())
    probe = client.get("/health/ready/").json()
    client.force_login(get_user_model().objects.create_superuser("chief"))
    api = client.get("/api/v1/status/").json()
    tones = {"healthy": "good", "degraded": "wait", "critical": "bad"}
    assert {command["status"], probe["status"], api["status"]} == {expected}
    assert facts(NOON)["tone"] == tones[expected]
    assert code == list(tones).index(expected)
    states = [{p["name"]: p["state"] for p in answer["components"]} for answer in (command, probe, api)]
    assert states[0] == states[1] == states[2]
    assert len(states[0]) >= 9
