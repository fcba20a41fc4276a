"""Those who want to join as providers: look at the identity card, then approve or refuse."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import applications
from marketplace.models import Application, ApplicationStatus
from notifications.admin.base import Deed, badge

from .media import attachments
from .talks import ByPersonAdmin

TONES: Final = {
    ApplicationStatus.OPEN: "quiet",
    ApplicationStatus.SUBMITTED: "wait",
    ApplicationStatus.APPROVED: "good",
    ApplicationStatus.REFUSED: "bad",
}


def _approve(application: Application, user: Any, at: datetime) -> str:
    done = applications.approve(application, by=user.get_username(), at=at)
    return _("Approved: the new provider is told in the chat and gets offers from now on.") if done else ""


def _refuse(application: Application, user: Any, at: datetime) -> str:
    done = applications.refuse(application, by=user.get_username(), at=at)
    return _("Refused: the person is told in the chat.") if done else ""


@admin.register(Application)
class ApplicationAdmin(ByPersonAdmin):
    """Those that staff must decide come first by the filter of the sidebar's line."""

    list_display = ["__str__", "phone_number", "state", "submitted_at", "decided_by"]
    list_filter = ["status"]
    ordering = ["-pk"]
    story_template = "admin/marketplace/application.html"
    deeds = [
        Deed(
            "approve",
            gettext_lazy("Approve"),
            _approve,
            lambda row, _at: row.status == ApplicationStatus.SUBMITTED and row.provider_id is not None,
            is_main=True,
        ),
        Deed("refuse", gettext_lazy("Refuse"), _refuse, lambda row, _at: row.status == ApplicationStatus.SUBMITTED),
    ]
    fields = [
        *("contact", "name", "phone_number", "number_proved_at", "services", "zones", "language"),
        *("started_at", "submitted_at", "decided_at", "decided_by", "provider"),
    ]

    def story(self, row: Application, at: datetime) -> dict[str, Any]:  # noqa: ARG002  as the others
        return {
            "application": row,
            "tone": TONES[ApplicationStatus(row.status)],
            "services": list(row.services.all()),
            "zones": list(row.zones.all()),
            "identity": attachments([row.identity] if row.identity else []),
            "is_known": row.status == ApplicationStatus.SUBMITTED and row.provider_id is None,
        }

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Any) -> str:
        return badge(row.get_status_display(), TONES[ApplicationStatus(row.status)])
