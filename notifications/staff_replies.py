"""Staff act from the message: an answer that begins with an alert's code, from a registered number only."""

import re
from datetime import datetime, timedelta
from typing import Final

from django.utils.translation import gettext as _

from . import contacts, escalation, remedies
from .models import EscalationAlert, OnCallPerson

FORM: Final = re.compile(r"\s*#?([A-Za-z0-9]{4})\b[\s:,]*(.*)", re.DOTALL)
HOURS: Final = re.compile(r"(\d{1,2})\s*(h|heures?|hours?)")
MINUTES: Final = re.compile(r"(\d{1,3})\s*(m|min|minutes?)")
LONGEST_REST: Final = timedelta(hours=24)
TAKE: Final = frozenset({"ok", "oui", "yes", "je prends", "vu", "ack", "1"})
END: Final = frozenset({"fin", "fini", "resolu", "done", "resolved", "2"})


def hear(number: str | None, text: str, *, at: datetime) -> str | None:
    """Do what a person of the staff answers to an alert, and return the words to say; None: this is no such answer.

    `CODE ok` takes care, `CODE 1h` (or `30 min`) rests it, `CODE fin` ends it, `CODE @name` hands it over;
    some alerts have remedies of their own (`CODE large` widens a search).
    """
    found = FORM.fullmatch(text)
    person = OnCallPerson.objects.filter(phone_number=number, is_active=True).first() if number and found else None
    if found is None or person is None:
        return None
    alert = EscalationAlert.objects.unresolved().filter(code=found[1].upper()).first()
    return None if alert is None else _act(alert, person, found[2].strip(), at)


def _act(alert: EscalationAlert, person: OnCallPerson, wish: str, at: datetime) -> str:
    words = contacts.folded(wish).strip(" .!")
    facts = {"title": alert.title}
    if words in TAKE:
        escalation.acknowledge(alert, by=person.user, at=at)
        return _("You take care of “%(title)s”. Thank you.") % facts
    if words in END:
        escalation.resolve(alert.fingerprint, by=person.name, at=at)
        return _("“%(title)s” is resolved.") % facts
    if rest := _rest(words):
        escalation.snooze(alert, until=at + rest)
        facts["minutes"] = str(int(rest.total_seconds() // 60))
        return _("“%(title)s” disturbs nobody for %(minutes)s minutes.") % facts
    if words.startswith("@"):
        return _hand_over(alert, words[1:].strip(), at)
    for remedy in remedies.remedies_for(alert):
        if words in remedy.words:
            return remedy.do(alert, person.name, at)
    return _("Answer “%(code)s ok”, “%(code)s 1h”, “%(code)s fin” or “%(code)s @name”.") % {"code": alert.code}


def _rest(words: str) -> timedelta | None:
    if found := HOURS.fullmatch(words):
        return min(LONGEST_REST, timedelta(hours=int(found[1])))
    if found := MINUTES.fullmatch(words):
        return min(LONGEST_REST, timedelta(minutes=int(found[1])))
    return None


def _hand_over(alert: EscalationAlert, name: str, at: datetime) -> str:
    other = OnCallPerson.objects.filter(name__istartswith=name, is_active=True, user__isnull=False).first()
    if not name or other is None or other.user is None:
        return _("Nobody on call is named “%(name)s”.") % {"name": name}
    escalation.hand_over(alert, to=other.user, at=at)
    return _("%(name)s takes care of “%(title)s” now.") % {"name": other.name, "title": alert.title}
