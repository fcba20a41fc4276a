"""What the house itself forgets: who signed in, and what staff changed in the console."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from djobea.models import RememberedAnswer
from notifications.ageing import Kind


def _kind(name: str, what: Any, model: Any, moment: str) -> Kind:
    def past(before: datetime) -> QuerySet[Any]:
        rows: QuerySet[Any] = model.objects.filter(**{f"{moment}__lt": before}).annotate(aged_at=F(moment))
        return rows

    def forget(keys: Sequence[Any]) -> None:
        model.objects.filter(pk__in=keys).delete()

    return Kind(name, what, past, forget)


KINDS: Final = (
    _kind("staff_log", _("Changes by staff in the console"), LogEntry, "action_time"),
    _kind("sign_ins", _("Sign-ins, with addresses"), AccessLog, "attempt_time"),
    _kind("sign_ins", _("Failed sign-ins"), AccessAttempt, "attempt_time"),
    _kind("sign_ins", _("Failed sign-ins, in detail"), AccessFailureLog, "attempt_time"),
    _kind("api_answers", _("Remembered answers of the API"), RememberedAnswer, "created_at"),
    _kind("sessions", _("Sessions that have ended"), Session, "expire_date"),
)
