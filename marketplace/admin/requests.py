"""Requests: a board, a list, the story of each. People act by buttons only."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from marketplace.models import RequestStatus, ServiceRequest, Urgency
from notifications import clock, personal_data
from notifications.admin.base import LargeTableMixin, ReadOnlyMixin, badge, time_of
from notifications.admin.queue import number_prefix
from providers import weights

from . import board, request_story, search_lab
from .assigning import ASSIGN, AssignsByHand
from .request_acts import DEEDS

TONES: Final = {
    RequestStatus.DRAFT: "quiet",
    RequestStatus.SEARCHING: "busy",
    RequestStatus.WAITING: "wait",
    RequestStatus.MATCHED: "good",
    RequestStatus.DONE: "good",
    RequestStatus.CANCELLED: "quiet",
    RequestStatus.EXPIRED: "bad",
}
URGENCY_TONES: Final = {Urgency.EMERGENCY: "bad", Urgency.TODAY: "wait"}


@admin.register(ServiceRequest)
class RequestAdmin(LargeTableMixin, ReadOnlyMixin, AssignsByHand):
    tells_time = True
    list_display = ["number", "customer_name", "service", "zone", "how_urgent", "state", "promise", "created_at"]
    list_filter = ["status", "urgency", "service", "zone__city"]
    list_select_related = ["customer__contact", "conversation__contact", "service", "zone"]
    search_fields = ["pk"]  # shows the box; get_search_results decides
    search_help_text = gettext_lazy("#id, or the customer's number or name")
    story_template = "admin/marketplace/request.html"
    deeds = [*DEEDS[:2], ASSIGN, *DEEDS[2:]]
    actions_list = ["show_board"]
    private_fields = ["conversation", "description", "place_note", "latitude", "longitude"]
    fieldsets = [
        (
            gettext_lazy("All fields"),
            {
                "classes": ["collapse"],
                "fields": [
                    *("customer", "conversation", "service", "zone", "urgency", "description", "place_note"),
                    *("latitude", "longitude", "scheduled_for", "status", "cancel_reason", "created_at"),
                    *("searching_since", "expires_at"),
                ],
            },
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ServiceRequest]:
        rows = super().get_queryset(request).select_related(*self.list_select_related)
        return board.with_jobs(rows)

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[ServiceRequest],
        search_term: str,
    ) -> tuple[QuerySet[ServiceRequest], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        bare = term.removeprefix("#")
        if bare.isdecimal() and len(bare) <= 8:  # noqa: PLR2004  a number of a phone has nine digits
            return queryset.filter(pk=int(bare)), False
        if personal_data.is_hidden():  # who finds a person by their number has seen it
            return queryset.none(), False
        if prefix := number_prefix(term):
            return queryset.filter(customer__contact__phone_number__startswith=prefix), False
        return queryset.filter(customer__contact__name__icontains=term), False

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("board/", guard(self.board_view), name="marketplace_servicerequest_board"),
            path("<int:pk>/search-lab/", guard(self.lab_view), name="marketplace_servicerequest_lab"),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Board"), url_path="to-board", icon="view_kanban")  # type: ignore[untyped-decorator]  # Unfold brings no types
    def show_board(self, _request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return redirect("admin:marketplace_servicerequest_board")

    def board_view(self, request: HttpRequest) -> HttpResponse:
        """All stages at a glance; `?urgency=` narrows."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        at, urgency = clock.now(), request.GET.get("urgency", "")
        context = self.admin_site.each_context(request) | {
            "title": _("Request board"),
            "columns": board.columns(at, urgency),
            "urgency": urgency,
            "urgencies": [("", _("All")), *Urgency.choices],
            "at": at,
        }
        return TemplateResponse(request, "admin/marketplace/board.html", context)

    def lab_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """ "What if" and "why not this one?": a search of which nothing is kept."""
        row = ServiceRequest.objects.select_related("service", "zone", "customer__contact").filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        at = timezone.localtime(clock.now())
        form = search_lab.form_for(row, request.GET.dict(), weights.in_force(), at)
        context = self.admin_site.each_context(request) | {
            "title": _("Try the search"),
            "row": row,
            "form": form,
            "media": self.media,
            **search_lab.answers(row, form),
        }
        return TemplateResponse(request, "admin/marketplace/search_lab.html", context)

    def story(self, row: ServiceRequest, at: datetime) -> dict[str, Any]:
        return request_story.tell(row, at) | {
            "status_tone": TONES[RequestStatus(row.status)],
            "urgency_tone": URGENCY_TONES.get(Urgency(row.urgency), "quiet"),
        }

    @admin.display(description=gettext_lazy("request"), ordering="pk")
    def number(self, row: ServiceRequest) -> str:
        return format_html("<b>{}</b>", row)

    @admin.display(description=gettext_lazy("customer"))
    def customer_name(self, row: ServiceRequest) -> str:
        return str(row.customer.contact)

    @admin.display(description=gettext_lazy("urgency"), ordering="urgency")
    def how_urgent(self, row: ServiceRequest) -> str:
        return badge(row.get_urgency_display(), URGENCY_TONES.get(Urgency(row.urgency), "quiet"))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: ServiceRequest) -> str:
        return badge(row.get_status_display(), TONES[RequestStatus(row.status)])

    @admin.display(description=gettext_lazy("promised for"))
    def promise(self, row: ServiceRequest) -> str:
        promise = board.promise_of(row, board.job_of(row))
        if promise is None:
            return "-"
        return badge(
            date_format(timezone.localtime(promise.due_at), "d/m H:i"), board.TONES[promise.keeping(time_of(row))]
        )
