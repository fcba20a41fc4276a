"""Six self-tests that really exercise the system, beside the real traffic and without touching it.

Each runs in one transaction that is always rolled back: nobody else ever sees its rows, and none is left behind even
when the process is killed. Their messages go by a channel that exists only in that transaction, and stay in-process.
"""

import logging
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import DataError, IntegrityError, InterfaceError, OperationalError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from djobea import status
from djobea.models import SelfTestResult
from djobea.verdicts import State
from notifications import channel_health, escalation, failure_policy, outbox, queue, settlement, tracing
from notifications.channels import Accepted, Answer, Refused, selftest
from notifications.delivery import Deadline, deliver
from notifications.models import Attempt, Channel, EscalationAlert, Notification, Outcome, Severity, Status
from providers import coverage, matching
from providers.models import City, Provider, ProviderStatus, Service, Zone

logger = logging.getLogger(__name__)
EVERY: Final = timedelta(minutes=15)
FINGERPRINT: Final = "selftest"
UNKNOWN_SENDER: Final = "63007"
MAILBOX: Final = "selftest@djobea.invalid"  # a reserved name: no mail could ever arrive there
LATER: Final = timedelta(minutes=30)  # longer than the first pause before a retry, shorter than the message is useful
OVERDUE: Final = timedelta(minutes=10)
EXPECTED: Final = [1, 2, 3]  # providers found on each level of matching


@dataclass(frozen=True)
class Result:
    """What one self-test found."""

    name: str
    passed: bool
    detail: str
    milliseconds: int


class NotSoError(AssertionError):
    """What a self-test checks is not so; the text says what."""


def run(at: datetime) -> tuple[Result, ...]:
    """Run all six at `at`, keep what they said, and raise or end the alert about them.

    Raises the database's error when the database is gone.
    """
    with translation.override(settings.LANGUAGE_CODE):
        results = tuple(_run(name, test, at) for name, test in SELF_TESTS.items())
        _keep(results, at)
    return results


def run_as_duty(at: datetime) -> int:
    """The worker's duty, not more often than `EVERY`. Returns 0, since it changes nothing that others wait for."""
    if not SelfTestResult.objects.filter(ran_at__gt=at - EVERY).exists():
        run(at)
    return 0


def last_results() -> list[SelfTestResult]:
    """What each said at its last run."""
    order = list(SELF_TESTS)
    return sorted(SelfTestResult.objects.filter(pk__in=order), key=lambda row: order.index(row.pk))


def _run(name: str, test: Callable[[datetime], str], at: datetime) -> Result:
    began = time.monotonic()
    try:
        # Their lines in the log look like those of a fault: the id says what they are.
        with tracing.bound(f"self-test:{name}"), transaction.atomic():
            detail, passed = test(at), True
            transaction.set_rollback(True)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  whatever breaks the test is what it is there to find
        detail, passed = (
            str(error) if isinstance(error, NotSoError) else f"{type(error).__name__}: {error}"[:500],
            False,
        )
        logger.error("the self-test %s failed: %s", name, type(error).__name__)  # noqa: TRY400  the report has it
    return Result(name, passed, detail, round((time.monotonic() - began) * 1000))


@transaction.atomic
def _keep(results: Sequence[Result], at: datetime) -> None:
    for each in results:
        facts = {"passed": each.passed, "detail": each.detail, "milliseconds": each.milliseconds, "ran_at": at}
        SelfTestResult.objects.update_or_create(pk=each.name, defaults=facts)
    failed = [each for each in results if not each.passed]
    if not failed:
        escalation.resolve(FINGERPRINT, at=at)
        return
    escalation.hold_alert(
        fingerprint=FINGERPRINT,
        title=_("Self-tests that failed: %(names)s") % {"names": ", ".join(each.name for each in failed)},
        cause="\n".join(f"{each.name}: {each.detail}" for each in failed),
        remedy=_("Run `manage.py status_report` and show it to an engineer. The alert ends by itself."),
        severity=Severity.CRITICAL,
        at=at,
    )


# --- the six --------------------------------------------------------------------------------------------------------


def queue_refuses_illegal_rows(at: datetime) -> str:
    """The queue takes a message as it should be, and the database refuses three that make no sense."""
    row = _message(at)
    illegal: dict[str, dict[str, Any]] = {
        "notification_sending_is_leased": {"status": Status.SENDING},
        "notification_dead_has_its_reason": {"status": Status.DEAD, "last_error_code": ""},
        "notification_sent_has_an_attempt": {"status": Status.SENT, "attempt_count": 0},
    }
    for constraint, facts in illegal.items():
        try:
            with transaction.atomic():
                Notification.objects.filter(pk=row.pk).update(**facts)
        except IntegrityError as error:
            if constraint not in str(error):
                raise
        else:
            raise NotSoError(_("The database took a row that %(constraint)s forbids.") % {"constraint": constraint})
    return _("%(count)d illegal rows were refused.") % {"count": len(illegal)}


def whatsapp_failure_is_classified(at: datetime) -> str:
    """Twilio's 63007 is stored with the attempt, closes the channel, and makes one alert with cause and remedy."""
    channel, row = _channel(), _message(at)
    _send(at, Refused(UNKNOWN_SENDER, "Twilio could not find a Channel with the specified From address", 400))
    attempt = Attempt.objects.get(notification=row)
    _demand(
        attempt.outcome == Outcome.REFUSED and attempt.error_code == UNKNOWN_SENDER, _("The failure was not stored.")
    )
    row.refresh_from_db()
    channel.refresh_from_db()
    _demand(row.status == Status.QUEUED and row.last_error_code == UNKNOWN_SENDER, _("The message does not wait."))
    _demand(channel.is_paused(at) and channel.pause_code == UNKNOWN_SENDER, _("The channel was not closed."))
    alerts = EscalationAlert.objects.filter(fingerprint=channel_health.fingerprint_of(channel, UNKNOWN_SENDER))
    _demand(alerts.filter(severity=Severity.CRITICAL).exclude(cause="").exclude(remedy="").count() == 1, _("No alert."))
    return _("63007 was stored, the channel closed, one alert names cause and remedy.")


def retry_succeeds(at: datetime) -> str:
    """A passing failure is tried again by itself, later, and then succeeds."""
    _channel()
    row = _message(at)
    _send(at, Refused(_passing_failure(), "busy", 503))
    row.refresh_from_db()
    _demand(
        row.status == Status.QUEUED and row.retry_count == 1 and row.due_at >= at, _("The failure was not put off.")
    )
    _send(at + LATER, Accepted(_sid()))
    row.refresh_from_db()
    _demand(row.status == Status.SENT and row.attempt_count == 2, _("The second attempt did not succeed."))  # noqa: PLR2004
    return _("The first attempt failed, the second was accepted.")


def matching_widens(at: datetime) -> str:
    """Exact, broad and emergency find ever more providers, also after a transaction broke in between."""
    mark = uuid.uuid4().hex[:8]
    service = Service.objects.create(slug=f"selftest-{mark}", name_fr=mark, name_en=mark)
    city = City.objects.create(slug=f"selftest-{mark}", name=mark)
    # In the Atlantic: 0, 3 and 28 km from the place of the job.
    places = [
        Zone.objects.create(slug=f"selftest-{mark}-{n}", name=mark, city=city, latitude=0.5 + shift, longitude=-20.5)
        for n, shift in enumerate((0.0, 0.03, 0.25))
    ]
    people = [
        Provider.objects.create(
            name=f"Self-test {n}",
            phone_number=f"+2376{uuid.uuid4().int % 10**8:08d}",
            status=ProviderStatus.ACTIVE,
            is_verified=True,
            takes_emergencies=True,
        )
        for n in range(3)
    ]
    for person, place in zip(people, places, strict=True):
        person.services.set([service])
        person.zones.set([place])
        coverage.refresh(person)
    need = matching.Need(service.pk, places[0].pk)
    Level = matching.Level  # noqa: N806  a short name for an enumeration
    counts = [len(matching.find_candidates(need, Level.EXACT, at, 5).chosen)]
    _break_a_transaction()
    counts += [len(matching.find_candidates(need, level, at, 5).chosen) for level in (Level.BROAD, Level.EMERGENCY)]
    exact, broad, emergency = counts
    found = _("exact %(exact)d, broad %(broad)d, emergency %(emergency)d") % {
        "exact": exact,
        "broad": broad,
        "emergency": emergency,
    }
    _demand(counts == EXPECTED, _("Found: %(found)s; expected 1, 2, 3.") % {"found": found})
    return _("Found: %(found)s, with a broken transaction between.") % {"found": found}


def monitoring_sees_a_fault(at: datetime) -> str:
    """A channel that closes and a message that is overdue show in the very verdict that staff see."""
    channel = _channel()
    _message(at - OVERDUE)
    name = f"channel:{channel.name}"
    before = {part.name: part for part in status.examine(at).components}
    _demand(before["queue"].state == State.CRITICAL, _("Nobody noticed that the queue stands still."))
    _demand(before[name].state == State.HEALTHY, _("An open channel is called broken."))
    channel_health.pause(channel, UNKNOWN_SENDER, "self-test", at + LATER, at)
    after = {part.name: part for part in status.examine(at).components}
    seen = after[name]
    _demand(seen.state != State.HEALTHY, _("Nobody noticed that a channel is closed."))
    _demand(UNKNOWN_SENDER in seen.evidence and bool(seen.remedy), _("The evidence does not name the cause."))
    return _("An overdue message and a closed channel were noticed.")


def message_is_delivered(at: datetime) -> str:
    """A message goes from the door of the queue to the channel, and its whole story is in the rows."""
    _channel()
    row = _message(at)
    _send(at, Accepted(sid := _sid()))
    row.refresh_from_db()
    attempt = Attempt.objects.get(notification=row)
    _demand(row.status == Status.SENT and row.provider_sid == sid, _("The message was not sent."))
    _demand(attempt.outcome == Outcome.ACCEPTED and attempt.finished_at is not None, _("The attempt is not complete."))
    _demand(row.leased_by == "" and row.news_due is not None, _("The lease stayed, or nobody would be told."))
    return _("One message, one attempt, accepted.")


SELF_TESTS: Final[dict[str, Callable[[datetime], str]]] = {
    "queue": queue_refuses_illegal_rows,
    "whatsapp_failure": whatsapp_failure_is_classified,
    "retry": retry_succeeds,
    "matching": matching_widens,
    "monitoring": monitoring_sees_a_fault,
    "delivery": message_is_delivered,
}


# --- their tools ----------------------------------------------------------------------------------------------------


def _demand(holds: bool, otherwise: str) -> None:  # noqa: FBT001  the condition is what it is about
    if not holds:
        raise NotSoError(otherwise)


def _channel() -> Channel:
    return Channel.objects.create(name=selftest.NAME, is_configured=True, per_second=1000)


def _message(at: datetime) -> Notification:
    return outbox.enqueue(purpose="selftest", email=MAILBOX, body="self-test", at=at)


def _send(at: datetime, answer: Answer) -> None:
    """One turn of the worker for the self-test's channel."""
    claim = queue.claim_here(selftest.NAME, "selftest", 1, at)
    _demand(len(claim.envelopes) == 1, _("The message was not claimed."))
    with selftest.answering([answer]):
        results = [deliver(envelope, claim.lease, Deadline.begin()) for envelope in claim.envelopes]
    settlement.settle_here(results, at)


def _passing_failure() -> str:
    """A code whose policy is to try again."""
    action = failure_policy.Action.RETRY
    return next(code for code, failure in failure_policy.table().items() if failure.action == action)


def _sid() -> str:
    return f"selftest-{uuid.uuid4().hex}"


def _break_a_transaction() -> None:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
    except DataError:
        return
    raise NotSoError(_("A broken statement was taken."))
