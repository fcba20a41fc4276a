"""Conversations: the inbox, the talk as on the phone, and the reply of whoever has taken it over."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from marketplace import notices, reply_ways, staff_inbox
from marketplace.dialogue import takeover
from marketplace.models import Conversation
from marketplace.reply_templates import Written
from notifications import clock
from notifications.admin.base import Deed, badge

from . import chat, customer_history, saved_talk
from .previews import PreviewsMixin
from .reading import LANGUAGES
from .talks import ByPersonAdmin

MANY: Final = 99


def count_waiting(_request: HttpRequest) -> str:
    """The badge beside the inbox: how many wait for a person; nothing at all for none."""
    many = Conversation.objects.filter(needs_human=True).order_by()[: MANY + 1].count()
    return f"{MANY}+" if many > MANY else str(many or "")


def _take_over(conversation: Conversation, user: Any, at: datetime) -> str:
    done = takeover.take_over(conversation, operator=user, at=at)
    return _("You have the conversation: the machine keeps quiet.") if done else ""


def _hand_back(conversation: Conversation, user: Any, at: datetime) -> str:
    done = takeover.hand_back(conversation, at=at, by=user.get_username())
    return _("The machine answers again.") if done else ""


class LanguageFilter(admin.SimpleListFilter):
    """From the languages that we speak: asking a large table which values it holds would take a while."""

    title = gettext_lazy("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        return [(name, label) for name, label in LANGUAGES.items() if name != "und"]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(language=self.value()) if self.value() else queryset


@admin.register(Conversation)
class ConversationAdmin(PreviewsMixin, ByPersonAdmin):
    """Those who wait for a person first; the reply box belongs to whoever took the talk over."""

    list_display = ["person", "waits", "step", "language", "operator", "is_open", "last_message_at"]
    list_filter = ["needs_human", "is_open", LanguageFilter]
    list_select_related = ["contact", "operator"]
    ordering = ["-needs_human", "-last_message_at"]
    actions_list = ["show_inbox", "show_replies"]
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
    fieldsets = [
        (
            gettext_lazy("All fields"),
            {
                "classes": ["collapse"],
                "fields": [
                    *("contact", "step", "slots", "language", "operator", "needs_human", "seen_at", "opened_at"),
                    "closed_at",
                ],
            },
        )
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).select_related("contact", "operator")

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("inbox/", guard(self.inbox_view), name="marketplace_conversation_inbox"),
            path("<int:pk>/talk/", guard(self.talk_view), name="marketplace_conversation_talk"),
            path("<int:pk>/reply/", guard(self.reply_view), name="marketplace_conversation_reply"),
            path("<int:pk>/fixture/", guard(self.fixture_view), name="marketplace_conversation_fixture"),
            *super().get_urls(),
        ]

    @action(description=gettext_lazy("Inbox"), url_path="to-inbox", icon="inbox")  # type: ignore[untyped-decorator]  # Unfold
    def show_inbox(self, _request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return redirect("admin:marketplace_conversation_inbox")

    def inbox_view(self, request: HttpRequest) -> HttpResponse:
        """Who waits, what was taken over, and the newest of all others."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        user: Any = request.user
        before = request.GET.get("before", "")
        context = self.admin_site.each_context(request) | {
            "title": _("Inbox"),
            "inbox": staff_inbox.read(user, before=before),
            "is_first": not before,
            "at": clock.now(),
        }
        return TemplateResponse(request, "admin/marketplace/inbox.html", context)

    def story(self, row: Conversation, at: datetime) -> dict[str, Any]:
        return (
            chat.tell(row, at)
            | customer_history.tell(row)
            | {
                "way": reply_ways.find(row, at),
                "goes_back_at": takeover.goes_back_at(row) if row.operator_id else None,
            }
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra = self._rights(request)
        row = self.get_object(request, object_id)
        if row is not None and extra["may_reply"]:
            staff_inbox.note_seen(row, at=clock.now())
        return super().change_view(request, object_id, form_url, extra | (extra_context or {}))

    def _rights(self, request: HttpRequest) -> dict[str, Any]:
        return {
            "may_reply": self.has_handle_permission(request),
            "may_read": request.user.has_perm("marketplace.view_vocabularyentry"),
        }

    def talk_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """The bubbles and the window, for the page to renew; 204 while nothing has changed since `?version=`."""
        conversation = self._known(pk)
        if not self.has_view_permission(request, conversation):
            raise PermissionDenied
        at = clock.now()
        facts = chat.tell(conversation, at)
        if facts["version"] == request.GET.get("version"):
            return HttpResponse(status=204)
        rights = self._rights(request)
        if rights["may_reply"]:
            staff_inbox.note_seen(conversation, at=at)
        return render(request, "admin/marketplace/talk.html", facts | rights | {"at": at})

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
        conversation, at = self._known(pk), clock.now()
        if conversation.operator_id != request.user.pk:
            messages.warning(request, _("Take the conversation over first."))
            return redirect(self.address_of(conversation))
        try:
            written = reply_ways.write(reply_ways.find(conversation, at), request.POST.dict())
        except ValueError as fault:
            messages.warning(request, str(fault))
        else:
            _reply(conversation, written, at)
            messages.success(request, _("Your reply is on its way."))
        return redirect(self.address_of(conversation))

    def _known(self, pk: int) -> Conversation:
        conversation = Conversation.objects.select_related("contact", "operator").filter(pk=pk).first()
        if conversation is None:
            raise Http404
        return conversation

    @admin.display(description=gettext_lazy("person"))
    def person(self, row: Conversation) -> str:
        return format_html("<b>{}</b><br>{}", row.contact, row.contact.phone_number or "")

    @admin.display(description=gettext_lazy("waits for"), ordering="needs_human")
    def waits(self, row: Conversation) -> str:
        if row.needs_human:
            return badge(_("a person"), "bad")
        return badge(_("operator"), "busy") if row.operator_id else badge(_("machine"), "quiet")


def _reply(conversation: Conversation, written: Written, at: datetime) -> None:
    with transaction.atomic():
        notices.reply(
            conversation.contact,
            text=written.text,
            context=written.context,
            language=written.language or conversation.language,
            message=None,
            at=at,
        )
        takeover.note_operator_wrote(conversation, at=at)
