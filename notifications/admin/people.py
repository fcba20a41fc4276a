"""The people we write to."""

from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy

from notifications import contacts
from notifications.models import Contact, Status, UnreachableMark

from .base import ConsoleAdmin, LargeTableMixin, NeitherAddedNorDeletedMixin, ReadOnlyInline, ReadOnlyMixin, link_to
from .erasing import ErasesPeople
from .filters import ChannelFilter, LanguageFilter
from .queue import TONES, number_prefix
from .story import purpose_label

SHOWN = 20


class UnreachableMarkInline(ReadOnlyInline):
    model = UnreachableMark
    fields = ["channel", "until", "code"]
    show_change_link = False


@admin.register(Contact)
class ContactAdmin(LargeTableMixin, NeitherAddedNorDeletedMixin, ErasesPeople):
    """Addresses are what Twilio told us; a person's language and name may be corrected."""

    list_display = ["person", "phone_number", "language", "last_inbound_at", "opted_out_at", "created"]
    list_filter = [LanguageFilter, ("opted_out_at", admin.EmptyFieldListFilter)]
    sortable_by = ["created"]
    ordering = ["-pk"]
    search_fields = ["phone_number"]  # shows the box; get_search_results decides
    search_help_text = gettext_lazy("Number, name, or WhatsApp id")
    inlines = [UnreachableMarkInline]
    story_template = "admin/notifications/contact.html"
    fields = [
        *("name", "language", "phone_number", "whatsapp_id", "email", "time_zone", "last_inbound_at", "opted_out_at"),
        "created_at",
    ]
    readonly_fields = [
        *("phone_number", "whatsapp_id", "email", "time_zone", "last_inbound_at", "opted_out_at", "created_at")
    ]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[Contact],
        search_term: str,
    ) -> tuple[QuerySet[Contact], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if prefix := number_prefix(term):
            return queryset.filter(phone_number__startswith=prefix), False
        if "@" in term:
            return queryset.filter(email__in=[term, term.lower()]), False
        return contacts.found_in(queryset, term), False

    def story(self, row: Contact, at: datetime) -> dict[str, Any]:
        closes = row.last_inbound_at + contacts.WINDOW if row.last_inbound_at else None
        newest = row.notifications.order_by("-pk")[:SHOWN]
        return {
            "contact": row,
            "window_closes": closes if contacts.window_is_open(row, at) else None,
            "newest": [(message, purpose_label(message.purpose), TONES[Status(message.status)]) for message in newest],
        }

    @admin.display(description=gettext_lazy("created"), ordering="pk")
    def created(self, row: Contact) -> Any:
        return row.created_at

    @admin.display(description=gettext_lazy("person"))
    def person(self, row: Contact) -> str:
        return format_html("<b>{}</b>", row)


@admin.register(UnreachableMark)
class UnreachableMarkAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[UnreachableMark]):
    list_display = ["person", "channel", "until", "code"]
    sortable_by = ()
    ordering = ["-pk"]
    list_filter = [ChannelFilter]
    list_select_related = ["contact"]
    list_display_links = ["channel"]

    @admin.display(description=gettext_lazy("contact"))
    def person(self, row: UnreachableMark) -> str:
        return link_to(row.contact)
