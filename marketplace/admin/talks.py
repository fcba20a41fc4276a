"""Customers, conversations as on the phone, and the messages that people sent us."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import notices
from marketplace.dialogue import takeover
from marketplace.models import Conversation, Customer, InboundMessage, InboundStatus
from notifications import clock
from notifications.admin.base import ConsoleAdmin, Deed, LargeTableMixin, ReadOnlyMixin, badge, link_to
from notifications.admin.queue import number_prefix

from . import chat, saved_talk
from .media import MediaMixin
from .previews import PreviewsMixin

INBOUND_TONES: Final = {
    InboundStatus.RECEIVED: "wait",
    InboundStatus.PROCESSING: "busy",
    InboundStatus.PROCESSED: "good",
    InboundStatus.FAILED: "bad",
}
LONGEST_REPLY: Final = 1600  # characters that one WhatsApp text of Twilio's may have


def _take_over(conversation: Conversation, user: Any, at: datetime) -> str:
    done = takeover.take_over(conversation, operator=user, at=at)
    return _("You have the conversation: the machine keeps quiet.") if done else ""


def _hand_back(conversation: Conversation, user: Any, at: datetime) -> str:
    done = takeover.hand_back(conversation, at=at, by=user.get_username())
    return _("The machine answers again.") if done else ""


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


@admin.register(Conversation)
class ConversationAdmin(PreviewsMixin, ByPersonAdmin):
    """Those who wait for a person first; the reply box belongs to whoever took the talk over."""

    list_display = ["person", "waits", "step", "language", "operator", "is_open", "last_message_at"]
    list_filter = ["needs_human", "is_open", "language"]
    list_select_related = ["contact", "operator"]
    ordering = ["-needs_human", "-last_message_at"]
    story_template = "admin/marketplace/conversation.html"
    deeds = [
        Deed(
            "take-over",
            gettext_lazy("Take over"),
            _take_over,
            lambda row, _at: row.is_open and row.operator_id is None,
            is_main=True,
        ),
        Deed("hand-back", gettext_lazy("Hand back"), _hand_back, lambda row, _at: row.operator_id is not None),
    ]
    fields = ["contact", "step", "slots", "language", "operator", "needs_human", "opened_at", "closed_at"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.reply_view)
        return [
            path("<int:pk>/reply/", view, name="marketplace_conversation_reply"),
            path(
                "<int:pk>/fixture/",
                self.admin_site.admin_view(self.fixture_view),
                name="marketplace_conversation_fixture",
            ),
            *super().get_urls(),
        ]

    def story(self, row: Conversation, at: datetime) -> dict[str, Any]:
        return chat.tell(row, at) | {"longest_reply": LONGEST_REPLY}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = {
            "may_reply": self.has_handle_permission(request),
            "may_read": request.user.has_perm("marketplace.view_vocabularyentry"),
        }
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def fixture_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The talk as a file in which nobody is recognised."""
        conversation = Conversation.objects.select_related("contact").filter(pk=pk).first()
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        if conversation is None:
            raise Http404
        return saved_talk.download(conversation)

    def reply_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send an operator's words; only by the one who has the conversation."""
        if request.method != "POST" or not self.has_handle_permission(request):
            raise PermissionDenied
        conversation = Conversation.objects.select_related("contact").filter(pk=pk).first()
        if conversation is None:
            raise Http404
        text = request.POST.get("text", "").strip().replace("\x00", "\ufffd")
        if conversation.operator_id != request.user.pk:
            messages.warning(request, _("Take the conversation over first."))
        elif not text or len(text) > LONGEST_REPLY:
            messages.warning(request, _("Write between 1 and %d characters.") % LONGEST_REPLY)
        else:
            self._reply(conversation, text)
            messages.success(request, _("Your reply is on its way."))
        return redirect(self.address_of(conversation))

    def _reply(self, conversation: Conversation, text: str) -> None:
        at = clock.now()
        with transaction.atomic():
            notices.reply(conversation.contact, text=text, language=conversation.language, message=None, at=at)
            takeover.note_operator_wrote(conversation, at=at)

    @admin.display(description=gettext_lazy("person"))
    def person(self, row: Conversation) -> str:
        return format_html("<b>{}</b><br>{}", row.contact, row.contact.phone_number or "")

    @admin.display(description=gettext_lazy("waits for"), ordering="needs_human")
    def waits(self, row: Conversation) -> str:
        if row.needs_human:
            return badge(_("a person"), "bad")
        return badge(_("operator"), "busy") if row.operator_id else badge(_("machine"), "quiet")


@admin.register(InboundMessage)
class InboundMessageAdmin(MediaMixin, ByPersonAdmin):
    list_display = ["received_at", "person", "beginning", "state", "attempts", "was_caught_up"]
    list_filter = ["status", "was_caught_up"]
    ordering = ["-pk"]
    fields = [
        *("message_sid", "contact", "conversation", "from_address", "to_address", "body", "message_type", "payload"),
        *("received_at", "status", "attempts", "due_at", "processed_at", "understood", "error", "was_caught_up"),
    ]

    @admin.display(description=gettext_lazy("person"))
    def person(self, row: InboundMessage) -> str:
        return link_to(row.contact)

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, row: InboundMessage) -> str:
        return format_html('<span class="dj-clip">{}</span>', row.body[:80])

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: InboundMessage) -> str:
        return badge(row.get_status_display(), INBOUND_TONES[InboundStatus(row.status)])
