"""Alerts: one per cause, however often it strikes, until a person or the remedy ends it."""

from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils.translation import gettext as _

from .models import AlertState, EscalationAlert, Severity

UPSERT = """
    INSERT INTO notifications_escalationalert
        (fingerprint, severity, title, cause, remedy, state, occurrences, reference, first_seen_at, last_seen_at,
         resolved_by, notes)
    VALUES (%s, %s, %s, %s, %s, 'open', %s, %s, %s, %s, '', '')
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
    """Open an alert, or count one more occurrence of the one that is open. The first occurrence is mailed to staff."""
    facts = (fingerprint[:160], severity, title[:200], cause, remedy, occurrences, reference[:80], at, at)
    with connection.cursor() as cursor:
        cursor.execute(UPSERT, facts)
        pk, is_new = cursor.fetchone()
    alert = EscalationAlert.objects.get(pk=pk)
    if is_new:
        _mail_staff(alert, at)
    return alert


def hold_alert(
    *, fingerprint: str, title: str, cause: str, remedy: str, severity: str = Severity.ERROR, at: datetime
) -> EscalationAlert:
    """Keep an alert open for as long as a state lasts: opened once, its text kept true, its occurrences not counted."""
    unresolved = EscalationAlert.objects.filter(fingerprint=fingerprint).exclude(state=AlertState.RESOLVED)
    alert = unresolved.first()
    if alert is None:
        return raise_alert(fingerprint=fingerprint, title=title, cause=cause, remedy=remedy, severity=severity, at=at)
    unresolved.exclude(title=title[:200], cause=cause).update(title=title[:200], cause=cause, remedy=remedy)
    return alert


def _mail_staff(alert: EscalationAlert, at: datetime) -> None:
    from . import outbox  # noqa: PLC0415  the outbox raises alerts too

    if alert.fingerprint.startswith("dead-letter:staff_alert"):
        return  # alerts about alert messages never multiply
    for address in settings.STAFF_ALERT_EMAILS:
        outbox.enqueue(
            purpose="staff_alert",
            email=address,
            subject=f"[Djobea] {alert.title}",
            body=_("%(title)s\n\nCause: %(cause)s\n\nWhat to do: %(remedy)s")
            % {"title": alert.title, "cause": alert.cause, "remedy": alert.remedy},
            reference=f"alert:{alert.pk}",
            dedupe_key=f"alert:{alert.pk}:{address}",
            at=at,
        )


def acknowledge(alert: EscalationAlert, *, by: AbstractBaseUser | None, at: datetime) -> bool:
    """Somebody takes care; False: it was not open any more."""
    return bool(EscalationAlert.objects.filter(pk=alert.pk).move(AlertState.ACKNOWLEDGED, acknowledged_at=at, owner=by))


def resolve(fingerprint: str, *, by: str = "system", at: datetime) -> int:
    """End the alert of this cause, if there is one; returns how many ended (0 or 1)."""
    return EscalationAlert.objects.filter(fingerprint=fingerprint).move(
        AlertState.RESOLVED, resolved_at=at, resolved_by=by[:150]
    )


def reopen(alert: EscalationAlert, *, at: datetime) -> bool:
    """Take an acknowledgement back; False: it was not acknowledged."""
    return bool(
        EscalationAlert.objects.filter(pk=alert.pk).move(
            AlertState.OPEN, acknowledged_at=None, owner=None, last_seen_at=at
        )
    )


def open_fingerprints(prefix: str) -> list[str]:
    """Fingerprints of the unresolved alerts that begin with `prefix`."""
    unresolved = EscalationAlert.objects.exclude(state=AlertState.RESOLVED)
    return list(unresolved.filter(fingerprint__startswith=prefix).values_list("fingerprint", flat=True))
