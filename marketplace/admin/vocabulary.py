"""The words that are understood: operators teach new ones here, and they count within seconds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action

from marketplace.models import VocabularyEntry
from notifications.admin.base import ConsoleAdmin, WithHistory

from . import reading


@admin.register(VocabularyEntry)
class VocabularyAdmin(WithHistory, ConsoleAdmin[VocabularyEntry]):
    list_display = ["text", "kind", "language", "service", "zone", "value", "weight", "active", "origin"]
    list_filter = ["kind", "language", "origin", "active", "service"]
    list_select_related = ["service", "zone"]
    search_fields = ["text", "folded"]
    autocomplete_fields = ["service", "zone"]
    fields = ["kind", "text", "language", "service", "zone", "value", "weight", "active"]

    actions_list = ["try_a_sentence"]

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("read/", guard(self.read_view), name="marketplace_vocabularyentry_read"),
            path("read/teach/", guard(self.teach_view), name="marketplace_vocabularyentry_teach"),
            *super().get_urls(),
        ]

    def read_view(self, request: HttpRequest) -> HttpResponseBase:
        """What a sentence means to the machine, and why."""
        return reading.page(self, request)

    def teach_view(self, request: HttpRequest) -> HttpResponse:
        """Teach words of that sentence."""
        return reading.teach(self, request)

    @action(description=_("Try a sentence"), url_path="try", icon="psychology")  # type: ignore[untyped-decorator]  # Unfold
    def try_a_sentence(self, _request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return redirect("admin:marketplace_vocabularyentry_read")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What a person teaches counts three times an ordinary word."""
        return {"weight": 3.0, **super().get_changeform_initial_data(request)}
