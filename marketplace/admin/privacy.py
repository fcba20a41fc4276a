"""What people want done with their data."""

from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext_lazy

from marketplace.models import PrivacyRequest, PrivacyStatus
from notifications.admin.base import badge

from .talks import ByPersonAdmin

TONES: Final = {
    PrivacyStatus.ASKED: "wait",
    PrivacyStatus.CONFIRMED: "busy",
    PrivacyStatus.DONE: "good",
    PrivacyStatus.REFUSED: "quiet",
}


@admin.register(PrivacyRequest)
class PrivacyRequestAdmin(ByPersonAdmin):
    list_display = ["__str__", "contact", "wish", "state", "asked_at", "decided_by", "done_at"]
    list_filter = ["status", "wish"]
    ordering = ["-pk"]
    fields = ["contact", "wish", "asked_at", "decided_at", "decided_by", "done_at"]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Any) -> str:
        return badge(row.get_status_display(), TONES[PrivacyStatus(row.status)])
