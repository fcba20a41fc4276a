"""What people want done with their data: staff confirm it, or do not."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import privacy
from marketplace.models import PrivacyRequest, PrivacyStatus
from notifications.admin.base import Deed, badge

from .talks import ByPersonAdmin

TONES: Final = {
    PrivacyStatus.ASKED: "wait",
    PrivacyStatus.CONFIRMED: "busy",
    PrivacyStatus.DONE: "good",
    PrivacyStatus.REFUSED: "quiet",
}


def _confirm(request: PrivacyRequest, user: Any, at: datetime) -> str:
    done = privacy.confirm(request, by=user.get_username(), at=at)
    return _("Confirmed: it will be carried out, and the person is told.") if done else ""


def _refuse(request: PrivacyRequest, user: Any, at: datetime) -> str:
    done = privacy.refuse(request, by=user.get_username(), at=at)
    return _("Refused: the person is told, and may ask for somebody of the team.") if done else ""


def _is_undecided(request: PrivacyRequest, _at: datetime) -> bool:
    return request.status == PrivacyStatus.ASKED


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ByPersonAdmin):
    list_display = ["__str__", "contact", "wish", "state", "asked_at", "decided_by", "done_at"]
    list_filter = ["status", "wish"]
    ordering = ["-pk"]
    deeds = [
        Deed("confirm", gettext_lazy("Confirm"), _confirm, _is_undecided, is_main=True),
        Deed("refuse", gettext_lazy("Refuse"), _refuse, _is_undecided),
    ]
    fields = ["contact", "wish", "asked_at", "decided_at", "decided_by", "done_at"]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Any) -> str:
        return badge(row.get_status_display(), TONES[PrivacyStatus(row.status)])
