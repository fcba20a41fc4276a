"""The words that are understood: operators teach new ones here, and they count within seconds."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from marketplace.models import VocabularyEntry
from notifications.admin.base import ConsoleAdmin


@admin.register(VocabularyEntry)
class VocabularyAdmin(ConsoleAdmin[VocabularyEntry]):
    list_display = ["text", "kind", "language", "service", "zone", "value", "weight", "active", "origin"]
    list_filter = ["kind", "language", "origin", "active", "service"]
    list_select_related = ["service", "zone"]
    search_fields = ["text", "folded"]
    autocomplete_fields = ["service", "zone"]
    fields = ["kind", "text", "language", "service", "zone", "value", "weight", "active"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """What a person teaches counts three times an ordinary word."""
        return {"weight": 3.0, **super().get_changeform_initial_data(request)}
