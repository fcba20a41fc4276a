"""The self-audit of the whole: the checks of all apps, and one alert for each that is broken."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import marketplace.audit
import notifications.audit
import providers.audit
from djobea.models import AuditResult
from notifications import escalation
from notifications.audit_scope import NAMED, Check, Look
from notifications.models import Severity

logger = logging.getLogger(__name__)
TOLD: Final = 20  # sentences in an alert
REMEDY: Final = gettext_lazy(
    "Run `manage.py audit` and show its lines to an engineer: something wrote these rows in a way that must not be. "
    "The alert ends by itself when they are right again."
)


def checks() -> tuple[Check, ...]:
    """Every check of every app; the name begins with the app's."""
    parts = {"providers": providers.audit, "notifications": notifications.audit, "marketplace": marketplace.audit}
    return tuple(
        Check(f"{app}.{name}", title, find) for app, part in parts.items() for name, title, find in part.AUDITS
    )


def fingerprint_of(check: Check) -> str:
    """The name of the alert about a broken check."""
    return f"audit:{check.name}"


def audit(at: datetime, *, is_full: bool = True) -> list[str]:
    """Run every check and return the breaches, one sentence each; each check raises or ends its own alert.

    In full every row is read. Otherwise the run is what `Look` says: quick, whatever the size of the tables.
    """
    with translation.override(settings.LANGUAGE_CODE):
        return [f"{check.name}: {sentence}" for check in checks() for sentence in _run(check, at, is_full=is_full)]


def audit_a_part(at: datetime) -> int:
    """The worker's duty: the quick audit. Returns 0, since it repairs nothing."""
    audit(at, is_full=False)
    return 0


def _run(check: Check, at: datetime, *, is_full: bool) -> Iterator[str]:
    began = time.monotonic()
    last = AuditResult.objects.filter(pk=check.name).first()
    try:
        found = list(check.find(Look(at, is_full, last.rows if last else ())))
    except (OperationalError, InterfaceError):
        raise  # the database is gone, which is nobody's breach
    except Exception as error:
        logger.exception("the check %s could not run", check.name)
        found = [(0, _("The check itself failed: %(error)s.") % {"error": type(error).__name__})]
    _report(check, found, at, milliseconds=round((time.monotonic() - began) * 1000))
    return (sentence for _row, sentence in found)


@transaction.atomic
def _report(check: Check, found: list[tuple[int, str]], at: datetime, *, milliseconds: int) -> None:
    """Keep what was found, and the alert as long as there is something."""
    facts = {"ran_at": at, "rows": [row for row, _sentence in found][:NAMED], "milliseconds": milliseconds}
    AuditResult.objects.update_or_create(pk=check.name, defaults=facts if found else facts | {"clean_at": at})
    if not found:
        escalation.resolve(fingerprint_of(check), at=at)
        return
    logger.error("the check %s found %d broken rows", check.name, len(found))
    lines = [sentence for _row, sentence in found[:TOLD]]
    if len(found) > TOLD:
        lines.append(_("… and %(many)d more.") % {"many": len(found) - TOLD})
    escalation.hold_alert(
        fingerprint=fingerprint_of(check),
        title=_("Self-audit: %(what)s") % {"what": check.title},
        cause="\n".join(lines),
        remedy=str(REMEDY),
        severity=Severity.CRITICAL,
        at=at,
    )
