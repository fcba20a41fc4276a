"""What the house says of itself: the results of the self-audit, and who was erased."""

from typing import Any

from django.contrib import admin, messages
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from djobea import auditing, people_admin  # noqa: F401  its pages register themselves
from djobea.models import AuditResult, ComponentState, ErasedPerson, RememberedAnswer, SavedList, SelfTestResult
from djobea.verdicts import State
from notifications.admin.base import ConsoleAdmin, ReadOnlyMixin, badge


@admin.register(AuditResult)
class AuditResultAdmin(ReadOnlyMixin, ConsoleAdmin[AuditResult]):
    list_display = ["check_name", "says", "verdict", "ran_at", "clean_at", "milliseconds"]
    ordering = ["check_name"]

    @admin.display(description=_("a breach would say"))
    def says(self, row: AuditResult) -> str:
        titles = {check.name: check.title for check in auditing.checks()}
        return str(titles.get(row.pk, "-"))

    @admin.display(description=_("verdict"))
    def verdict(self, row: AuditResult) -> Any:
        return badge(len(row.rows), "bad") if row.rows else badge(_("in order"), "good")


@admin.register(SelfTestResult)
class SelfTestResultAdmin(ReadOnlyMixin, ConsoleAdmin[SelfTestResult]):
    list_display = ["name", "verdict", "detail", "ran_at", "milliseconds"]

    @admin.display(description=_("verdict"))
    def verdict(self, row: SelfTestResult) -> Any:
        return badge(_("passed"), "good") if row.passed else badge(_("FAILED"), "bad")


@admin.register(ComponentState)
class ComponentStateAdmin(ReadOnlyMixin, ConsoleAdmin[ComponentState]):
    list_display = ["name", "verdict", "since"]

    @admin.display(description=_("state"))
    def verdict(self, row: ComponentState) -> Any:
        tones = {State.HEALTHY: "good", State.DEGRADED: "wait"}
        return badge(row.state, tones.get(State(row.state), "bad"))


@admin.register(ErasedPerson)
class ErasedPersonAdmin(ReadOnlyMixin, ConsoleAdmin[ErasedPerson]):
    list_display = ["pseudonym", "erased_at", "by"]
    ordering = ["-erased_at"]


@admin.register(RememberedAnswer)
class RememberedAnswerAdmin(ReadOnlyMixin, ConsoleAdmin[RememberedAnswer]):
    """Answers of the API that a repeated call gets again; they go after a day."""

    list_display = ["key", "status", "created_at"]
    fields = ["key", "status", "created_at"]
    readonly_fields = ["created_at"]


@admin.register(SavedList)
class SavedListAdmin(ConsoleAdmin[SavedList]):
    """Names for lists with their filters; “Name this list” below a filtered list brings the address along."""

    list_display = ["name", "address", "by", "created_at"]
    fields = ["name", "address"]

    def save_model(self, request: HttpRequest, obj: SavedList, form: ModelForm[Any], change: Any) -> None:
        obj.by = obj.by or request.user.get_username()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: SavedList, post_url_continue: str | None = None) -> HttpResponse:
        """Back to the list that has a name now."""
        if "_addanother" in request.POST or "_continue" in request.POST:
            return super().response_add(request, obj, post_url_continue)
        messages.success(request, _("The list stands in the sidebar as “%s”.") % obj.name)
        return redirect(obj.address)
