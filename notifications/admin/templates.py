"""The words of templates: written by staff, approved by Meta."""

from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import rendering, template_rules, templates
from notifications.models import MessageTemplate
from notifications.models.template import Approval

from .base import ConsoleAdmin, WithHistory, badge

TONES = {Approval.APPROVED: "good", Approval.REJECTED: "bad", Approval.DISABLED: "bad", Approval.PAUSED: "bad"}


@admin.register(MessageTemplate)
class TemplateAdmin(WithHistory, ConsoleAdmin[MessageTemplate]):
    """A template that could not be filled is refused when it is saved; new words need a new approval."""

    list_display = ["name", "language", "channel", "approved", "content_sid", "button_names"]
    list_filter = ["channel", "approval", "language"]
    search_fields = ["name", "body", "content_sid"]
    fieldsets = [
        (
            None,
            {
                "fields": ["name", "language", "channel", "body", "variables", "bring", "preview"],
                "description": gettext_lazy("{{1}}, {{2}}… in the text stand for the variables, in their order."),
            },
        ),
        (gettext_lazy("At Twilio"), {"fields": ["buttons", "content_sid", "approval", "rejection"]}),
    ]
    readonly_fields = ["bring", "preview", "rejection"]

    def save_model(self, request: HttpRequest, obj: MessageTemplate, form: ModelForm[Any], change: Any) -> None:
        super().save_model(request, obj, form, change)
        if change and {"body", "variables", "buttons", "language"} & set(form.changed_data):
            templates.note_edit(obj)

    @admin.display(description=gettext_lazy("approval"), ordering="approval")
    def approved(self, row: MessageTemplate) -> str:
        return badge(row.get_approval_display(), TONES.get(Approval(row.approval), "wait"))

    @admin.display(description=gettext_lazy("buttons"))
    def button_names(self, row: MessageTemplate) -> str:
        return " · ".join(row.buttons)

    @admin.display(description=gettext_lazy("variables that its messages bring"))
    def bring(self, row: MessageTemplate) -> str:
        return ", ".join(template_rules.known_variables(row.name)) if row.name else _("Save the name first.")

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, row: MessageTemplate) -> str:
        names = row.variables or [rendering.TEXT]
        shown = [f"[{name}]" for name in names]
        return rendering.fill(row.body, shown) if row.body and not template_rules.faults(row) else "-"
