"""Who is told of alerts, after how long; and when nobody is disturbed."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import chains, clock
from notifications.models import AlertLink, ChainLink, EscalationStep, Maintenance, OnCallPerson

from .base import ConsoleAdmin, LargeTableMixin, ReadOnlyMixin, WithHistory, badge, time_of


@admin.register(OnCallPerson)
class OnCallPersonAdmin(WithHistory, ConsoleAdmin[OnCallPerson]):
    tells_time = True
    list_display = ["name", "phone_number", "email", "hours", "now", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name"]

    @admin.display(description=gettext_lazy("hours"))
    def hours(self, row: OnCallPerson) -> str:
        return f"{row.from_hour:02}:00-{row.to_hour:02}:00"

    @admin.display(description=gettext_lazy("now"))
    def now(self, row: OnCallPerson) -> str:
        return badge(_("on call"), "good") if row.is_on_call(time_of(row)) else badge(_("off"), "quiet")


@admin.register(EscalationStep)
class EscalationStepAdmin(WithHistory, ConsoleAdmin[EscalationStep]):
    """Alerts that are already open keep the steps that they began with."""

    list_display = ["severity", "after_minutes", "channel", "person_or_everybody", "is_active"]
    list_display_links = ["severity"]
    list_filter = ["severity", "is_active"]
    list_select_related = ["person"]
    ordering = ["severity", "after_minutes", "pk"]
    list_before_template = "admin/notifications/escalation_preview.html"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Above the steps, what they would do now, severity by severity."""
        at = clock.now()
        works = chains.works_ahead(at)
        told = chains.foresee(at, works).items()
        extra = {"told": told, "works": [work for work in works if work.starts_at <= at], "at": at}
        return super().changelist_view(request, extra | (extra_context or {}))

    @admin.display(description=gettext_lazy("person"))
    def person_or_everybody(self, row: EscalationStep) -> str:
        return str(row.person) if row.person else _("everybody on call")


@admin.register(Maintenance)
class MaintenanceAdmin(WithHistory, ConsoleAdmin[Maintenance]):
    list_display = ["why", "about", "starts_at", "ends_at", "by", "state"]
    ordering = ["-starts_at"]

    def save_model(self, request: HttpRequest, obj: Maintenance, form: ModelForm[Any], change: Any) -> None:
        obj.by = obj.by or request.user.get_username()
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: Maintenance) -> str:
        at = clock.now()
        if row.ends_at <= at:
            return badge(_("over"), "quiet")
        return badge(_("now"), "wait") if row.starts_at <= at else badge(_("planned"), "busy")


@admin.register(AlertLink)
class AlertLinkAdmin(ReadOnlyMixin, ConsoleAdmin[AlertLink]):
    """Who may act on which alert without a login; the token's hash is nobody's business."""

    list_display = ["alert", "person", "email", "expires_at"]
    list_select_related = ["alert", "person"]
    fields = ["alert", "person", "email", "expires_at"]
    ordering = ["-pk"]


@admin.register(ChainLink)
class ChainLinkAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[ChainLink]):
    """What was planned for each alert, and what became of it."""

    sortable_by = ()
    list_display = ["alert", "due_at", "channel", "person", "status", "done_at"]
    list_filter = ["status", "channel"]
    list_select_related = ["alert", "person"]
    ordering = ["-pk"]
