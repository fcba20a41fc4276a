"""The queue and what belongs to it: messages, attempts and receipts, to look at, to send again and to call back."""

import re
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications import clock, staff_actions
from notifications.failure_policy import describe, failure_for
from notifications.models import Attempt, Notification, Outcome, Receipt, Status

from . import causes, story
from .base import ConsoleAdmin, Deed, LargeTableMixin, ReadOnlyMixin, badge, link_to
from .filters import ChannelFilter, ErrorFilter, PurposeFilter

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
CAN_GO_AGAIN: Final = (Status.DEAD, Status.UNCONFIRMED, Status.QUEUED)
CAN_BE_CALLED_BACK: Final = (Status.QUEUED, Status.UNCONFIRMED)
AT_ONCE: Final = 10_000
HOME: Final = "237"  # numbers of nine digits are Cameroon's


def matching(term: str) -> Q:
    """What a reviewer types: a number as people write it, a SID, a reference such as `request:42`, or `#17`.

    Each by equality or prefix, so that an index answers.
    """
    term = term.strip()
    if re.fullmatch(r"#\d{1,18}", term):
        return Q(pk=int(term[1:]))
    if re.fullmatch(r"[A-Z]{2}[0-9a-fA-F]{4,32}", term):
        older = Attempt.objects.filter(provider_sid__startswith=term).values("notification_id")[:100]
        return Q(provider_sid__startswith=term) | Q(pk__in=list(older.values_list("notification_id", flat=True)))
    if prefix := number_prefix(term):
        return Q(phone_number__startswith=prefix)
    if "@" in term:
        return Q(email__iexact=term)
    return Q(reference__startswith=term) | Q(purpose=term)


def number_prefix(term: str) -> str:
    """The beginning of an E.164 number that `term` may mean; empty when it is no number."""
    digits = re.sub(r"[\s().-]", "", term)
    if not re.fullmatch(r"(\+|00)?\d{3,15}", digits):
        return ""
    bare = re.sub(r"^(\+|00)", "", digits)
    written_out = digits != bare or bare.startswith(HOME)
    return f"+{bare}" if written_out else f"+{HOME}{bare}"


def _requeue(row: Notification, user: Any, at: datetime) -> str:
    done = staff_actions.requeue([row.pk], by=user.get_username(), at=at)
    return _("The message goes out again.") if done else ""


def _cancel(row: Notification, user: Any, at: datetime) -> str:
    done = staff_actions.cancel([row.pk], by=user.get_username(), at=at)
    return _("The message was called back.") if done else ""


@admin.register(Notification)
class NotificationAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Notification]):
    """The queue and its dead letters. Nobody edits a row; the actions call the functions that may move it."""

    list_display = ["recipient", "purpose_name", "channel", "state", "tries", "next_try", "error", "created_at"]
    list_display_links = ["recipient"]
    list_filter = ["status", ChannelFilter, PurposeFilter, ErrorFilter, "priority", "waiting_for", "possible_duplicate"]
    list_select_related = ["contact"]
    list_before_template = "admin/notifications/causes.html"
    search_fields = ["phone_number"]  # shows the box; `matching` decides
    search_help_text = gettext_lazy("Number, SID, reference (request:42) or #id")
    actions = ["retry_now", "call_back"]
    story_template = "admin/notifications/message.html"
    deeds = [
        Deed("retry", gettext_lazy("Retry now"), _requeue, lambda row, _at: row.status in CAN_GO_AGAIN, is_main=True),
        Deed("cancel", gettext_lazy("Call back"), _cancel, lambda row, _at: row.status in CAN_BE_CALLED_BACK),
    ]
    fieldsets = [
        (gettext_lazy("Message"), {"fields": ["purpose", "subject", "sms_body", "language", "choices", "context"]}),
        (
            gettext_lazy("Recipient"),
            {"fields": ["contact_link", "phone_number", "whatsapp_id", "email", "reference", "dedupe_key"]},
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
        view = self.admin_site.admin_view(self.retry_cause)
        return [path("retry-cause/", view, name="notifications_notification_retry_cause"), *super().get_urls()]

    def retry_cause(self, request: HttpRequest) -> HttpResponse:
        """Send all dead letters of one cause again, at most `AT_ONCE` of them."""
        if request.method != "POST" or not self.has_handle_permission(request):
            raise PermissionDenied
        dead = Notification.objects.filter(status=Status.DEAD, last_error_code=request.POST.get("code", ""))
        self.retry_now(request, dead.order_by("pk")[:AT_ONCE])
        return redirect(reverse("admin:notifications_notification_changelist") + f"?status__exact={Status.DEAD}")

    def story(self, row: Notification, at: datetime) -> dict[str, Any]:
        return story.tell(row, at) | {"status_tone": TONES[Status(row.status)]}

    @admin.display(description=gettext_lazy("recipient"), ordering="phone_number")
    def recipient(self, row: Notification) -> str:
        address = row.phone_number or row.email or row.whatsapp_id
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
        return row.due_at if row.status in CAN_BE_CALLED_BACK else None

    @admin.display(description=gettext_lazy("last error"))
    def error(self, row: Notification) -> str:
        return format_html('<span class="dj-clip">{}</span>', describe(row.last_error_code))

    @admin.display(description=gettext_lazy("contact"))
    def contact_link(self, row: Notification) -> str:
        return link_to(row.contact)

    @admin.display(description=gettext_lazy("alert"))
    def alert_link(self, row: Notification) -> str:
        return link_to(row.alert)

    @admin.action(description=gettext_lazy("Retry now"), permissions=["handle"])
    def retry_now(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        count = staff_actions.requeue(ids, by=request.user.get_username(), at=clock.now())
        self._answer(
            request, len(ids), count, ngettext("%d message queued again.", "%d messages queued again.", count) % count
        )

    @admin.action(description=gettext_lazy("Call back"), permissions=["handle"])
    def call_back(self, request: HttpRequest, queryset: QuerySet[Notification]) -> None:
        ids = list(queryset.values_list("pk", flat=True))
        count = staff_actions.cancel(ids, by=request.user.get_username(), at=clock.now())
        self._answer(
            request, len(ids), count, ngettext("%d message called back.", "%d messages called back.", count) % count
        )

    def _answer(self, request: HttpRequest, asked: int, done: int, said: str) -> None:
        if skipped := asked - done:
            said += " " + ngettext("%d was left as it is.", "%d were left as they are.", skipped) % skipped
        self.message_user(request, said, messages.SUCCESS if done else messages.WARNING)


@admin.register(Attempt)
class AttemptAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Attempt]):
    list_display = ["started_at", "message", "channel", "result", "error", "latency_ms", "provider_sid"]
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
        found = Q(provider_sid__startswith=term) | Q(error_code=term)
        return (queryset.filter(found) if term else queryset), False

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
    list_display = ["received_at", "provider_sid", "status", "error", "applied_at"]
    ordering = ["-pk"]
    search_fields = ["provider_sid__startswith"]

    @admin.display(description=gettext_lazy("error"))
    def error(self, row: Receipt) -> str:
        return failure_for(row.error_code).title if row.error_code else ""
