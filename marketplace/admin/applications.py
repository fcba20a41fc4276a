"""Those who want to join as providers."""

from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext_lazy

from marketplace.models import Application, ApplicationStatus
from notifications.admin.base import badge

from .talks import ByPersonAdmin

TONES: Final = {
    ApplicationStatus.OPEN: "quiet",
    ApplicationStatus.SUBMITTED: "wait",
    ApplicationStatus.APPROVED: "good",
    ApplicationStatus.REFUSED: "bad",
}


@admin.register(Application)
class ApplicationAdmin(ByPersonAdmin):
    """Those that staff must decide come first by the filter of the sidebar's line."""

    list_display = ["__str__", "phone_number", "state", "submitted_at", "decided_by"]
    list_filter = ["status"]
    ordering = ["-pk"]
    fields = [
        *("contact", "name", "phone_number", "number_proved_at", "services", "zones", "language"),
        *("started_at", "submitted_at", "decided_at", "decided_by", "provider"),
    ]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Any) -> str:
        return badge(row.get_status_display(), TONES[ApplicationStatus(row.status)])
