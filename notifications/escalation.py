"""Alerts: one per cause, however often it strikes, until a person or the remedy ends it.

Who is told, and when, is the chain's (`chains`).
"""

import secrets
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction

from . import chains, subscriptions
from .models import AlertState, EscalationAlert, EventName, Severity

ACKNOWLEDGED_FOR: Final = {  # then the owner is reminded
    Severity.CRITICAL: timedelta(hours=1),
    Severity.ERROR: timedelta(hours=4),
    Severity.WARNING: timedelta(hours=24),
}
AFTER_REMINDER: Final = timedelta(minutes=30)
CODE_LETTERS: Final = "ACDEFHJKLMNPRTUVWXY34679"  # none that is taken for another
CODE_LENGTH: Final = 4
UPSERT = """
    INSERT INTO notifications_escalationalert
        (fingerprint, severity, title, cause, remedy, state, occurrences, reference, first_seen_at, last_seen_at,
         resolved_by, notes, code)
    VALUES (%s, %s, %s, %s, %s, 'open', %s, %s, %s, %s, '', '', '')
    ON CONFLICT (fingerprint) WHERE state IN ('open', 'acknowledged')
    DO UPDATE SET occurrences = notifications_escalationalert.occurrences + EXCLUDED.occurrences,
                  last_seen_at = GREATEST(notifications_escalationalert.last_seen_at, EXCLUDED.last_seen_at),
                  cause = EXCLUDED.cause, remedy = EXCLUDED.remedy
    RETURNING id, (xmax = 0)
"""


@transaction.atomic
def raise_alert(  # noqa: PLR0913  each fact of an alert, by name
    *,
    fingerprint: str,
    title: str,
    cause: str = "",
    remedy: str = "",
    severity: str = Severity.ERROR,
    reference: str = "",
    occurrences: int = 1,
    at: datetime,
) -> EscalationAlert:
    """Open an alert and begin its chain, or count one more occurrence of the one that is open."""
    facts = (fingerprint[:160], severity, title[:200], cause, remedy, occurrences, reference[:80], at, at)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, facts)
        pk, is_new = cursor.fetchone()
    if is_new:
        EscalationAlert.objects.filter(pk=pk).update(code=_free_code())
    alert = EscalationAlert.objects.get(pk=pk)
    if is_new:
        chains.begin(alert, at)
        subscriptions.tell_of_alert(alert, EventName.ALERT_OPENED, at)
    return alert


def _free_code() -> str:
    """Four letters that no unresolved alert has; a clash of two transactions is one in 300,000 and fails loudly."""
    while True:
        code = "".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_LENGTH))
        if not EscalationAlert.objects.unresolved().filter(code=code).exists():
            return code


def hold_alert(
    *, fingerprint: str, title: str, cause: str, remedy: str, severity: str = Severity.ERROR, at: datetime
) -> EscalationAlert:
    """Keep an alert open for as long as a state lasts: opened once, its text kept true, its occurrences not counted."""
    unresolved = EscalationAlert.objects.unresolved().filter(fingerprint=fingerprint)
    alert = unresolved.first()
    if alert is None:
        return raise_alert(fingerprint=fingerprint, title=title, cause=cause, remedy=remedy, severity=severity, at=at)
    unresolved.exclude(title=title[:200], cause=cause).update(title=title[:200], cause=cause, remedy=remedy)
    return alert


@transaction.atomic
def acknowledge(alert: EscalationAlert, *, by: AbstractBaseUser | None, at: datetime) -> bool:
    """Somebody takes care: the chain rests. False: it was not open any more."""
    moved = EscalationAlert.objects.filter(pk=alert.pk).move(
        AlertState.ACKNOWLEDGED,
        acknowledged_at=at,
        owner=by,
        acknowledged_until=at + ACKNOWLEDGED_FOR[Severity(alert.severity)],
        reminded_at=None,
    )
    if moved:
        chains.call_off(alert, at)
        subscriptions.tell_of_alert(alert, EventName.ALERT_ACKNOWLEDGED, at)
    return bool(moved)


@transaction.atomic
def hand_over(alert: EscalationAlert, *, to: AbstractBaseUser, at: datetime) -> bool:
    """Another takes care from now on; False: it is resolved."""
    acknowledge(alert, by=to, at=at)
    return bool(
        EscalationAlert.objects.filter(pk=alert.pk, state=AlertState.ACKNOWLEDGED).update(
            owner=to, acknowledged_until=at + ACKNOWLEDGED_FOR[Severity(alert.severity)], reminded_at=None
        )
    )


def snooze(alert: EscalationAlert, *, until: datetime) -> bool:
    """Disturb nobody until then; the alert stays open and counts on. False: it is resolved."""
    rows = EscalationAlert.objects.unresolved().filter(pk=alert.pk)
    return bool(rows.update(snoozed_until=until))


@transaction.atomic
def resolve(fingerprint: str, *, by: str = "system", at: datetime) -> int:
    """End the alert of this cause, if there is one, and tell those who were told of it; returns how many ended."""
    unresolved = EscalationAlert.objects.unresolved().filter(fingerprint=fingerprint)
    alert = unresolved.select_for_update(no_key=True).first()
    if alert is None:
        return 0
    EscalationAlert.objects.filter(pk=alert.pk).move(AlertState.RESOLVED, resolved_at=at, resolved_by=by[:150])
    chains.close(alert, by=by, at=at)
    subscriptions.tell_of_alert(alert, EventName.ALERT_RESOLVED, at)
    return 1


@transaction.atomic
def reopen(alert: EscalationAlert, *, at: datetime) -> bool:
    """Take an acknowledgement back: the chain begins anew. False: it was not acknowledged."""
    moved = EscalationAlert.objects.filter(pk=alert.pk).move(
        AlertState.OPEN, acknowledged_at=None, acknowledged_until=None, owner=None, last_seen_at=at
    )
    if moved:
        chains.begin(alert, at)
    return bool(moved)


def watch_acknowledgements(at: datetime) -> int:
    """Remind the owner when an acknowledgement has grown old, and give the alert back half an hour later.

    Returns how many were reminded or given back.
    """
    rows = EscalationAlert.objects.filter(state=AlertState.ACKNOWLEDGED, acknowledged_until__lte=at)
    changed = 0
    for alert in list(rows.select_related("owner")):
        if alert.reminded_at is not None:
            changed += reopen(alert, at=at)
            continue
        with transaction.atomic():
            later = at + AFTER_REMINDER
            mine = rows.filter(pk=alert.pk, reminded_at__isnull=True)
            if mine.update(reminded_at=at, acknowledged_until=later):
                chains.remind(alert, at)
                changed += 1
    return changed


def open_fingerprints(prefix: str) -> list[str]:
    """Fingerprints of the unresolved alerts that begin with `prefix`."""
    unresolved = EscalationAlert.objects.unresolved()
    return list(unresolved.filter(fingerprint__startswith=prefix).values_list("fingerprint", flat=True))
