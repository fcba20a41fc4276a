"""The list of providers' numbers that staff should check, with why, and what may be done about them."""

from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from marketplace import number_news
from notifications import clock, personal_data
from notifications.admin.base import ConsoleAdmin, ReadOnlyMixin
from providers import number_checks
from providers.models import NumberCheck, NumberToCheck

AT_ONCE: Final = 10  # look-ups that one click asks for; a person waits for them


@admin.register(NumberToCheck)
class NumberToCheckAdmin(ReadOnlyMixin, ConsoleAdmin[NumberToCheck]):
    """Staff call, then say that the number is right, or open the provider and correct it."""

    list_display = ["who", "phone_number", "doubted", "since", "looked_up", "status"]
    list_display_links = None
    list_filter = ["number_check__doubt", "status"]
    list_select_related = ["number_check"]
    search_fields = ["name", "phone_number"]
    ordering = ["name", "pk"]
    actions = ["number_is_right", "look_up_now"]

    def has_confirm_permission(self, request: HttpRequest) -> bool:
        """Whoever may change providers may say that a number is right."""
        return request.user.has_perm("providers.change_provider")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if not settings.TWILIO_LOOKUP:
            actions.pop("look_up_now", None)
        return actions

    @admin.action(description=gettext_lazy("The number is right"), permissions=["confirm"])
    def number_is_right(self, request: HttpRequest, queryset: QuerySet[NumberToCheck]) -> None:
        """Somebody answered there."""
        rows = list(queryset)
        done = sum(number_checks.confirm(row.pk) for row in rows)
        for row in rows:
            self.log_change(request, row, [{"changed": {"fields": [_("doubtful number")]}}])
        self.message_user(
            request, ngettext("%d number is held right.", "%d numbers are held right.", done) % done, messages.SUCCESS
        )

    @admin.action(description=gettext_lazy("Look it up at Twilio"), permissions=["confirm"])
    def look_up_now(self, request: HttpRequest, queryset: QuerySet[NumberToCheck]) -> None:
        """Ask now rather than within the hour."""
        at = clock.now()
        rows = queryset.order_by("pk").values_list("pk", "phone_number")[:AT_ONCE]
        done = sum(number_news.look_up(pk, number, at=at) for pk, number in list(rows))
        self.message_user(request, ngettext("%d number was looked up.", "%d numbers were looked up.", done) % done)

    @admin.display(description=gettext_lazy("provider"), ordering="name")
    def who(self, row: NumberToCheck) -> str:
        return format_html(
            '<a class="dj-link" href="{}">{}</a>',
            reverse("admin:providers_provider_change", args=[row.pk]),
            personal_data.name(row.name),
        )

    @admin.display(description=gettext_lazy("doubt"))
    def doubted(self, row: NumberToCheck) -> str:
        check = _check_of(row)
        if check is None or not check.doubt:
            return _("Its form is unusual")
        return f"{check.get_doubt_display()} ({check.code})" if check.code else str(check.get_doubt_display())

    @admin.display(description=gettext_lazy("since"), ordering="number_check__noted_at")
    def since(self, row: NumberToCheck) -> Any:
        check = _check_of(row)
        return check.noted_at if check else None

    @admin.display(description=gettext_lazy("looked up"), ordering="number_check__looked_up_at")
    def looked_up(self, row: NumberToCheck) -> Any:
        check = _check_of(row)
        return check.looked_up_at if check else None


def _check_of(row: NumberToCheck) -> NumberCheck | None:
    """What is known of this very number."""
    check: NumberCheck | None = getattr(row, "number_check", None)
    return check if check and check.phone_number == row.phone_number else None
