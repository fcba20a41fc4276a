"""What people want done with their data: staff confirm it, or do not."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import personal_copy, privacy
from marketplace.models import PrivacyRequest, PrivacyStatus, Wish
from notifications.admin.base import Deed, badge

from .talks import ByPersonAdmin

READABLE: Final = {"ensure_ascii": False, "indent": 2}
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


def _done(request: PrivacyRequest, _user: Any, at: datetime) -> str:
    return _("Noted as done.") if privacy.done(request, at=at) else ""


def _is_confirmed(request: PrivacyRequest, wish: Wish) -> bool:
    return request.status == PrivacyStatus.CONFIRMED and request.wish == wish and request.contact_id is not None


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
        Deed(
            "erase",
            gettext_lazy("Erase this person"),
            fits=lambda row, _at: _is_confirmed(row, Wish.ERASE),
            leads_to=lambda row: reverse("admin:notifications_contact_erase", args=[row.contact_id]),
            is_main=True,
        ),
        Deed(
            "copy",
            gettext_lazy("Download the copy"),
            fits=lambda row, _at: _is_confirmed(row, Wish.COPY),
            leads_to=lambda row: reverse("admin:marketplace_privacyrequest_copy", args=[row.pk]),
            is_main=True,
        ),
        Deed("done", gettext_lazy("Handed over"), _done, lambda row, _at: _is_confirmed(row, Wish.COPY)),
    ]
    fields = ["contact", "wish", "asked_at", "decided_at", "decided_by", "done_at"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.copy_view)
        return [path("<int:pk>/copy/", view, name="marketplace_privacyrequest_copy"), *super().get_urls()]

    def copy_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Everything of this person as a JSON file; only for a confirmed wish, and on record."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        found = PrivacyRequest.objects.select_related("contact").filter(pk=pk).first()
        if found is None or found.contact is None or not _is_confirmed(found, Wish.COPY):
            raise Http404
        self.log_change(request, found, _("Copy downloaded."))
        answer = JsonResponse(personal_copy.copy_of(found.contact), json_dumps_params=READABLE)
        answer["Content-Disposition"] = f'attachment; filename="djobea-{found.contact_id}.json"'
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Any) -> str:
        return badge(row.get_status_display(), TONES[PrivacyStatus(row.status)])
