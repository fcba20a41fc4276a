"""Customers, and the messages that people sent us."""

from typing import Any, Final

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from marketplace.models import Customer, InboundMessage, InboundStatus
from notifications import personal_data
from notifications.admin.base import ConsoleAdmin, LargeTableMixin, ReadOnlyMixin, badge, link_to
from notifications.admin.queue import number_prefix

from .media import MediaMixin

INBOUND_TONES: Final = {
    InboundStatus.RECEIVED: "wait",
    InboundStatus.PROCESSING: "busy",
    InboundStatus.PROCESSED: "good",
    InboundStatus.FAILED: "bad",
}


class ByPersonAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Any]):
    """Rows that belong to a contact, searched by number or name."""

    search_fields = ["contact__phone_number"]  # shows the box; get_search_results decides
    search_help_text = gettext_lazy("Number or name")
    list_select_related = ["contact"]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if prefix := number_prefix(term):
            return queryset.filter(contact__phone_number__startswith=prefix), False
        return queryset.filter(contact__name__icontains=term), False


@admin.register(Customer)
class CustomerAdmin(ByPersonAdmin):
    list_display = ["__str__", "number", "zone", "created_at"]
    list_select_related = ["contact", "zone"]
    ordering = ["-pk"]

    @admin.display(description=gettext_lazy("phone number"))
    def number(self, row: Customer) -> str:
        return row.contact.phone_number or "-"


@admin.register(InboundMessage)
class InboundMessageAdmin(MediaMixin, ByPersonAdmin):
    list_display = ["received_at", "person", "beginning", "state", "attempts", "was_caught_up"]
    list_filter = ["status", "was_caught_up"]
    ordering = ["-pk"]
    fields = [
        *("message_sid", "contact", "conversation", "from_address", "to_address", "body", "message_type", "payload"),
        *("received_at", "status", "attempts", "due_at", "processed_at", "understood", "error", "was_caught_up"),
        "trace",
    ]

    @admin.display(description=gettext_lazy("person"))
    def person(self, row: InboundMessage) -> str:
        return link_to(row.contact)

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, row: InboundMessage) -> str:
        return format_html('<span class="dj-clip">{}</span>', personal_data.text(row.body[:80]))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: InboundMessage) -> str:
        return badge(row.get_status_display(), INBOUND_TONES[InboundStatus(row.status)])
