"""The queue and what belongs to it: messages, attempts and receipts, to look at, to send again and to call back."""

import re
from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext, gettext_lazy

from notifications import causes, clock
from notifications.failure_policy import describe, failure_for
from notifications.models import Attempt, Notification, Outcome, Receipt, StaffDeed, Status
from notifications.staff_actions import matching, number_prefix
from notifications.staff_actions.selection import SID

from . import story
from .acting import ICONS, act_address
from .base import ConsoleAdmin, Deed, LargeTableMixin, ReadOnlyMixin, badge, link_to, moment
from .editing import edit_address
from .export import ExportsMessages
from .filters import ChannelFilter, ErrorFilter, PurposeFilter, StatusFilter

__all__ = ["TONES", "AttemptAdmin", "NotificationAdmin", "ReceiptAdmin", "matching", "number_prefix"]

TONES: Final = {
    Status.QUEUED: "wait",
    Status.SENDING: "busy",
    Status.UNCONFIRMED: "wait",
    Status.SENT: "busy",
    Status.DELIVERED: "good",
    Status.READ: "good",
    Status.DEAD: "bad",
    Status.CANCELLED: "quiet",
    Status.EXPIRED: "quiet",
}
ROW_DEED: Final = '<a href="{0}" title="{2}" aria-label="{2}"><span class="material-symbols-outlined" aria-hidden="true">{1}</span></a>'
CAN_GO_AGAIN: Final = (Status.DEAD, Status.UNCONFIRMED, Status.QUEUED)
CAN_BE_CALLED_BACK: Final = (Status.QUEUED, Status.UNCONFIRMED)


@admin.register(Notification)
class NotificationAdmin(LargeTableMixin, ReadOnlyMixin, ExportsMessages):
    """The queue and its dead letters. Nobody edits a row; the actions call the functions that may move it."""

    list_display = [
        *("recipient", "purpose_name", "channel", "state", "row_deeds", "tries", "next_try", "error", "created")
    ]
    list_display_links = ["recipient"]
    list_filter = [
        StatusFilter,
        ChannelFilter,
        PurposeFilter,
        ErrorFilter,
        "priority",
        "waiting_for",
        "possible_duplicate",
    ]
    list_select_related = ["contact"]
    list_before_template = "admin/notifications/causes.html"
    is_come_back_to = True
    search_fields = ["phone_number"]  # shows the box; `matching` decides
    search_help_text = gettext_lazy("Number, SID, reference (request:42) or #id")
    actions = ["retry_now", "take_elsewhere", "call_back", "export"]
    story_template = "admin/notifications/message.html"
    deeds = [
        Deed(
            "retry",
            gettext_lazy("Send again"),
            fits=lambda row, _at: row.status in CAN_GO_AGAIN,
            is_main=True,
            leads_to=partial(act_address, StaffDeed.RETRY),
        ),
        Deed(
            "edit",
            gettext_lazy("Edit and send again"),
            fits=lambda row, _at: row.status in CAN_GO_AGAIN,
            leads_to=edit_address,
        ),
        Deed(
            "move",
            gettext_lazy("Move to another channel"),
            fits=lambda row, _at: row.status in (*CAN_GO_AGAIN, Status.SENT),
            leads_to=partial(act_address, StaffDeed.MOVE),
        ),
        Deed(
            "cancel",
            gettext_lazy("Call back"),
            fits=lambda row, _at: row.status in CAN_BE_CALLED_BACK,
            leads_to=partial(act_address, StaffDeed.CANCEL),
        ),
    ]
    fieldsets = [
        (gettext_lazy("Message"), {"fields": ["purpose", "subject", "sms_body", "language", "choices", "context"]}),
        (
            gettext_lazy("Recipient"),
            {
                "fields": [
                    *("contact_link", "phone_number", "whatsapp_id", "email", "endpoint", "subscription"),
                    *("reference", "dedupe_key"),
                ]
            },
        ),
        (
            gettext_lazy("Way"),
            {
                "fields": [
                    *("status", "waiting_for", "priority", "channel", "channels_left", "attempt_count", "retry_count"),
                    *("due_at", "expires_at", "must_know_by", "receipt_due_at", "leased_by", "leased_until"),
                    *("provider_sid", "possible_duplicate", "alert_link", "news_due"),
                ]
            },
        ),
    ]
    readonly_fields = ["contact_link", "alert_link"]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[Notification],
        search_term: str,
    ) -> tuple[QuerySet[Notification], bool]:
        return (queryset.filter(matching(search_term)) if search_term.strip() else queryset), False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        shown = request.GET.get("status__exact") == Status.DEAD and "last_error_code" not in request.GET
        extra = {"causes": causes.of_dead_letters() if shown else [], "may_retry": self.has_handle_permission(request)}
        return super().changelist_view(request, extra | (extra_context or {}))

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.causes_view)
        return [path("causes/", view, name="notifications_notification_causes"), *super().get_urls()]

    def causes_view(self, request: HttpRequest) -> HttpResponse:
        """Dead letters by cause: how many, the newest of each, what it means, and what may be done with all of them."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Dead letters by cause"),
            "opts": self.opts,
            "causes": [(cause, story.purpose_label(cause.newest.purpose)) for cause in causes.of_dead_letters()],
            "may_retry": self.has_handle_permission(request),
            "at": clock.now(),
        }
        return render(request, "admin/notifications/causes_page.html", context)

    def story(self, row: Notification, at: datetime) -> dict[str, Any]:
        return story.tell(row, at) | {"status_tone": TONES[Status(row.status)]}

    def get_sortable_by(self, request: HttpRequest) -> Any:
        """What an index can sort: the newest first or last, and waiting messages by their next try."""
        waits = request.GET.get("status__exact") == Status.QUEUED
        return ["created", "next_try"] if waits else ["created"]

    @admin.display(description=gettext_lazy("created"), ordering="pk")
    def created(self, row: Notification) -> str:
        return moment(row.created_at)

    @admin.display(description=gettext_lazy("recipient"))
    def recipient(self, row: Notification) -> str:
        address = row.phone_number or row.email or row.whatsapp_id or row.endpoint
        name = row.contact.name if row.contact else ""
        return format_html("<b>{}</b><br>{}", name, address) if name else address

    @admin.display(description=gettext_lazy("purpose"))
    def purpose_name(self, row: Notification) -> str:
        name = story.purpose_label(row.purpose)
        return format_html('{}<br><span class="dj-soft">{}</span>', name, row.reference) if row.reference else name

    @admin.display(description=gettext_lazy("status"))
    def state(self, row: Notification) -> str:
        return badge(row.get_status_display(), TONES[Status(row.status)])

    @admin.display(description=gettext_lazy("tries"))
    def tries(self, row: Notification) -> str:
        return f"{row.retry_count}/{row.max_retries}"

    @admin.display(description=gettext_lazy("next try"), ordering="due_at")
    def next_try(self, row: Notification) -> Any:
        return moment(row.due_at) if row.status in CAN_BE_CALLED_BACK else None

    @admin.display(description=gettext_lazy("last error"))
    def error(self, row: Notification) -> str:
        said = describe(row.last_error_code)
        return format_html('<span class="dj-clip" title="{0}">{0}</span>', said) if said else ""

    @admin.display(description=gettext_lazy("contact"))
    def contact_link(self, row: Notification) -> str:
        return link_to(row.contact)

    @admin.display(description=gettext_lazy("alert"))
    def alert_link(self, row: Notification) -> str:
        return link_to(row.alert)

    @admin.action(description=gettext_lazy("Send again"), permissions=["handle"])
    def retry_now(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse:  # noqa: ARG002  Django's
        return self.lead_to(request, StaffDeed.RETRY)

    @admin.action(description=gettext_lazy("Move to another channel"), permissions=["handle"])
    def take_elsewhere(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse:  # noqa: ARG002
        return self.lead_to(request, StaffDeed.MOVE)

    @admin.action(description=gettext_lazy("Call back"), permissions=["handle"])
    def call_back(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse:  # noqa: ARG002
        return self.lead_to(request, StaffDeed.CANCEL)

    @admin.display(description=gettext_lazy("actions"))
    def row_deeds(self, row: Notification) -> str:
        """Small links to the pages that ask before an action on this row."""
        links = [
            (each.leads_to(row), ICONS[StaffDeed(each.name)], each.label)
            for each in self.deeds
            if each.leads_to and each.fits(row, row.due_at)
        ]
        return format_html('<span class="dj-row-deeds">{}</span>', format_html_join("", ROW_DEED, links))


@admin.register(Attempt)
class AttemptAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Attempt]):
    list_display = ["started", "message", "channel", "result", "error", "latency_ms", "provider_sid"]
    sortable_by = ["started"]
    list_filter = ["outcome", ChannelFilter]
    list_select_related = ["notification"]
    ordering = ["-pk"]
    search_fields = ["provider_sid"]
    search_help_text = gettext_lazy("SID, error code, or #id of the message")

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[Attempt],
        search_term: str,
    ) -> tuple[QuerySet[Attempt], bool]:
        term = search_term.strip()
        if re.fullmatch(r"#\d{1,18}", term):
            return queryset.filter(notification_id=int(term[1:])), False
        if SID.fullmatch(term):
            return queryset.filter(provider_sid__startswith=term), False
        return (queryset.filter(error_code=term) if term else queryset), False

    @admin.display(description=gettext_lazy("started"), ordering="pk")
    def started(self, row: Attempt) -> Any:
        return row.started_at

    @admin.display(description=gettext_lazy("message"))
    def message(self, row: Attempt) -> str:
        return link_to(row.notification)

    @admin.display(description=gettext_lazy("outcome"))
    def result(self, row: Attempt) -> str:
        return badge(row.get_outcome_display(), story.OUTCOME_TONES[Outcome(row.outcome)])

    @admin.display(description=gettext_lazy("error"))
    def error(self, row: Attempt) -> str:
        return describe(row.error_code)


@admin.register(Receipt)
class ReceiptAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Receipt]):
    list_display = ["received", "provider_sid", "status", "error", "applied_at"]
    sortable_by = ["received"]
    ordering = ["-pk"]
    search_fields = ["provider_sid__exact"]
    search_help_text = gettext_lazy("The whole SID")

    @admin.display(description=gettext_lazy("received"), ordering="pk")
    def received(self, row: Receipt) -> Any:
        return row.received_at

    @admin.display(description=gettext_lazy("error"))
    def error(self, row: Receipt) -> str:
        return failure_for(row.error_code).title if row.error_code else ""
