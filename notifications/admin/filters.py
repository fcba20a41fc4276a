"""Filters of large tables: their choices come from lists that are known, never from the table."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from notifications import causes, tallies
from notifications.failure_policy import describe
from notifications.models import ChannelName, Status
from notifications.routing import ROUTES

from .story import purpose_label


class ChannelFilter(admin.SimpleListFilter):
    """By channel, from the list of channels: asking a large table which values it holds would take a while."""

    title = gettext_lazy("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        return ChannelName.choices

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(channel=self.value()) if self.value() else queryset


class StatusFilter(admin.SimpleListFilter):
    """By status, each with how many there are, as far as that is cheap to count."""

    title = gettext_lazy("status")
    parameter_name = "status__exact"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        counted = tallies.by_status()
        return [(status.value, f"{status.label} ({tallies.words(counted[status])})") for status in Status]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(status=self.value()) if self.value() in Status.values else queryset


class PurposeFilter(admin.SimpleListFilter):
    """By purpose, from the table of routes."""

    title = gettext_lazy("purpose")
    parameter_name = "purpose"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        return [(name, purpose_label(name)) for name in ROUTES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(purpose=self.value()) if self.value() else queryset


class ErrorFilter(admin.SimpleListFilter):
    """By the code of the last error, from the dead letters' own causes."""

    title = gettext_lazy("last error")
    parameter_name = "last_error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        codes = causes.codes_of_dead_letters()
        chosen = request.GET.get(self.parameter_name or "", "")
        return [(code, describe(code)) for code in sorted({*codes, chosen} - {""})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(last_error_code=self.value()) if self.value() else queryset


class LanguageFilter(admin.SimpleListFilter):
    """By language, from the languages that we speak."""

    title = gettext_lazy("language")
    parameter_name = "language"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[Any, Any]]:  # noqa: ARG002  Django's
        return [("fr", gettext_lazy("French")), ("en", gettext_lazy("English")), ("pcm", gettext_lazy("Pidgin"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:  # noqa: ARG002  Django's
        return queryset.filter(language=self.value()) if self.value() else queryset
