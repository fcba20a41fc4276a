"""The worker's look at the health of the whole: keeps since when a part is how it is, and one alert a sick part."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from djobea import status
from djobea.models import ComponentState
from djobea.verdicts import Component, State
from notifications import escalation
from notifications.models import Severity

EVERY: Final = timedelta(seconds=15)
SEVERITIES: Final[Mapping[State, str]] = {State.DEGRADED: Severity.WARNING, State.CRITICAL: Severity.CRITICAL}
# A closed channel and a broken check have their own alerts, which name the code. Silent workers cannot tell of themselves: the web process
# says it in the body of /health/ready/ and on the dashboard.
NOT_TOLD_HERE: Final = ("channel:", "audit", "workers")


def watch(at: datetime) -> int:
    """Store which parts changed their state at `at`, and raise, keep or end their alerts.

    A part is told of when it was sick at two looks (15 s), so that a busy moment wakes nobody. Returns 0, since it
    changes nothing that others wait for.
    """
    with translation.override(settings.LANGUAGE_CODE):
        for part in status.examine(at).components:
            _note(part, at)
    return 0


@transaction.atomic
def _note(part: Component, at: datetime) -> None:
    row, is_new = ComponentState.objects.select_for_update().get_or_create(
        name=part.name, defaults={"state": part.state, "since": at}
    )
    changed = is_new or row.state != part.state
    if changed:
        ComponentState.objects.filter(pk=row.pk).update(state=part.state, since=at)
    has_lasted = part.state == State.HEALTHY or (not changed and at - row.since >= EVERY)
    if has_lasted and not part.name.startswith(NOT_TOLD_HERE):
        _tell(part, at)


def _tell(part: Component, at: datetime) -> None:
    fingerprint = f"health:{part.name}"
    if part.state == State.HEALTHY:
        escalation.resolve(fingerprint, at=at)
        return
    escalation.hold_alert(
        fingerprint=fingerprint,
        title=_("Not well: %(part)s") % {"part": part.label},
        cause=part.evidence,
        remedy=part.remedy,
        severity=SEVERITIES[part.state],
        at=at,
    )
