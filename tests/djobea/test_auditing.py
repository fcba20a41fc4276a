"""The self-audit of the whole: one alert a broken check, which ends by itself, and the command."""

from datetime import datetime, timedelta

import pytest
from django.core.management import call_command

from djobea import auditing, schedule
from djobea.models import AuditResult
from notifications import clock
from notifications.audit_scope import SLICE, Check, Look
from notifications.models import AlertState, EscalationAlert, Notification, Status
from tests.djobea.admin_rows import a_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def at() -> datetime:
    return clock.now()


def alerts() -> dict[str, str]:
    return dict(EscalationAlert.objects.order_by("pk").values_list("fingerprint", "state"))


def test_a_breach_raises_one_alert_which_names_the_rows_and_ends_by_itself(at: datetime) -> None:
    row = a_message(at, Status.SENDING, leased_until=at - timedelta(minutes=2), attempt_count=0)
    for _ in range(2):
        auditing.audit_a_part(at)
    alert = EscalationAlert.objects.get()
    assert (alert.fingerprint, alert.occurrences) == ("audit:notifications.lease", 1)
    assert str(row.pk) in alert.cause
    Notification.objects.update(leased_until=at + timedelta(minutes=1))
    auditing.audit_a_part(at)
    assert alerts() == {"audit:notifications.lease": AlertState.RESOLVED}


def test_each_check_has_an_alert_of_its_own(at: datetime) -> None:
    a_message(at, Status.SENDING, leased_until=at - timedelta(minutes=2), attempt_count=0)
    a_message(at, Status.QUEUED, expires_at=at - timedelta(minutes=3))
    auditing.audit_a_part(at)
    assert set(alerts()) == {"audit:notifications.lease", "audit:notifications.expiry"}


def test_the_alert_about_an_old_row_outlives_the_runs_that_look_elsewhere(at: datetime) -> None:
    old = a_message(at, Status.QUEUED, attempt_count=3)
    a_message(at, Status.QUEUED, pk=old.pk + 3 * SLICE)
    auditing.audit(at)
    for turn in range(4):
        auditing.audit_a_part(at + turn * timedelta(minutes=5))
        assert alerts() == {"audit:notifications.attempt-count": AlertState.OPEN}
    Notification.objects.filter(pk=old.pk).update(attempt_count=0)
    auditing.audit_a_part(at)
    assert alerts() == {"audit:notifications.attempt-count": AlertState.RESOLVED}


def test_many_broken_rows_are_counted_and_the_first_named(at: datetime) -> None:
    for _ in range(auditing.TOLD + 5):
        a_message(at, Status.QUEUED, attempt_count=3)
    auditing.audit_a_part(at)
    lines = EscalationAlert.objects.get().cause.splitlines()
    assert len(lines) == auditing.TOLD + 1
    assert "5" in lines[-1]


def test_a_check_that_cannot_run_is_a_breach_and_stops_no_other(at: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_look: Look) -> list[tuple[int, str]]:
        raise ZeroDivisionError

    sound = auditing.checks()
    monkeypatch.setattr(auditing, "checks", lambda: (Check("made.up", "Made up", fails), *sound))
    a_message(at, Status.QUEUED, expires_at=at - timedelta(minutes=3))
    assert len(auditing.audit(at)) == 2
    assert set(alerts()) == {"audit:made.up", "audit:notifications.expiry"}


def test_the_results_tell_when_each_check_was_last_clean(at: datetime) -> None:
    auditing.audit(at)
    a_message(at, Status.QUEUED, expires_at=at - timedelta(minutes=3))
    later = at + timedelta(minutes=5)
    auditing.audit_a_part(later)
    expiry = AuditResult.objects.get(pk="notifications.expiry")
    assert (expiry.ran_at, expiry.clean_at, len(expiry.rows)) == (later, at, 1)
    assert set(AuditResult.objects.exclude(pk=expiry.pk).values_list("clean_at", flat=True)) == {later}
    assert AuditResult.objects.count() == len(auditing.checks())


def test_the_names_of_the_checks_differ() -> None:
    names = [check.name for check in auditing.checks()]
    assert len(set(names)) == len(names)


def test_the_command_tells_by_its_exit_code(at: datetime, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("audit")
    assert "0 breaches" in capsys.readouterr().out
    a_message(at, Status.QUEUED, expires_at=at - timedelta(minutes=3))
    for options in ([], ["--quick"]):
        with pytest.raises(SystemExit) as ended:
            call_command("audit", *options)
        assert ended.value.code == 1
        assert "notifications.expiry" in capsys.readouterr().out


def test_the_worker_audits_beside_the_sending(at: datetime) -> None:
    (duty,) = [duty for duty in schedule.all_duties() if duty.name == "djobea.audit"]
    assert duty.slow
    a_message(at, Status.QUEUED, expires_at=at - timedelta(minutes=3))
    assert duty.run(at) == 0, "a breach is no change: `worker --once` must come to an end"
    assert alerts()
