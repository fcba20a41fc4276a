"""The page behind a link to an alert: what it is about, and what one person of the staff does there."""

from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from . import escalation, remedies
from .models import AlertLink, AlertState, EscalationAlert

AN_HOUR: Final = timedelta(hours=1)


def show(link: AlertLink, act: str, at: datetime) -> dict[str, Any]:
    """Do `act` (nothing, where it is empty or does not fit) and return what the page shows."""
    result = _act(link, act, at) if act else ""
    link.alert.refresh_from_db()
    alert = link.alert
    return {
        "title": alert.title,
        "text": "\n".join(filter(None, (alert.cause, alert.remedy))),
        "result": result or ("" if alert.state != AlertState.RESOLVED else _("This alert is resolved.")),
        "acts": list(_acts(alert)),
    }


def _acts(alert: EscalationAlert) -> Any:
    if alert.state == AlertState.RESOLVED:
        return
    if alert.state == AlertState.OPEN:
        yield "acknowledge", _("I take care of it"), "yes"
    for remedy in remedies.remedies_for(alert):
        yield remedy.name, remedy.label, "yes"
    if alert.state == AlertState.OPEN:
        yield "snooze", _("Rest for an hour"), "no"
    yield "resolve", _("Resolved"), "no"


def _act(link: AlertLink, act: str, at: datetime) -> str:
    alert, user = link.alert, link.person.user if link.person else None
    by = str(link.person) if link.person else link.email
    if act == "acknowledge" and escalation.acknowledge(alert, by=user, at=at):
        return _("You take care of “%(title)s”. Thank you.") % {"title": alert.title}
    if act == "snooze" and escalation.snooze(alert, until=at + AN_HOUR):
        return _("Nobody is disturbed by it for an hour.")
    if act == "resolve" and escalation.resolve(alert.fingerprint, by=by, at=at):
        return _("The alert is resolved.")
    chosen = next((each for each in remedies.remedies_for(alert) if each.name == act), None)
    return chosen.do(alert, by, at) if chosen else _("Nothing changed: somebody or something was faster.")
