"""The words of templates: written by staff, approved by Meta."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications import sms_letters, template_rules, templates
from notifications.models import MessageTemplate
from notifications.models.template import Approval

from .base import ConsoleAdmin, WithHistory, badge
from .template_previews import TONES, PreviewsTemplates


@admin.register(MessageTemplate)
class TemplateAdmin(PreviewsTemplates, WithHistory, ConsoleAdmin[MessageTemplate]):
    """A template that could not be filled is refused when it is saved; new words need a new approval."""

    list_display = ["name", "language", "channel", "approved", "length", "content_sid", "button_names"]
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

    @admin.display(description=gettext_lazy("length"))
    def length(self, row: MessageTemplate) -> str:
        """Characters, and what the text costs as an SMS; its variables count as they are shown in the preview."""
        text = template_rules.preview(row)
        if not text:
            return "-"
        parts = sms_letters.segments(sms_letters.plain(text))
        said = ngettext("%d SMS", "%d SMS", parts) % parts
        tone = "wait" if parts > sms_letters.MOST_SEGMENTS else "quiet"
        return format_html("{} {}", ngettext("%d character", "%d characters", len(text)) % len(text), badge(said, tone))

    @admin.display(description=gettext_lazy("preview"))
    def preview(self, row: MessageTemplate) -> str:
        """As a person would see it: on this channel, and as the SMS that takes its place."""
        text = template_rules.preview(row)
        if not text:
            return "-"
        sms = sms_letters.fit(text)
        parts = sms_letters.segments(sms)
        cost = ngettext("As SMS: %d part", "As SMS: %d parts", parts) % parts
        return format_html(
            '<div class="dj-columns"><div><p class="dj-soft">{} · {}</p><p class="dj-bubble dj-out">{}</p></div>'
            '<div><p class="dj-soft">{}</p><p class="dj-bubble">{}</p></div></div>',
            row.get_channel_display(),
            row.language,
            linebreaks_of(text, row.buttons),
            cost,
            sms,
        )


def linebreaks_of(text: str, buttons: Sequence[str]) -> SafeString:
    """The text with its lines, and its buttons below."""
    lines = format_html_join(mark_safe("<br>"), "{}", ((line,) for line in text.splitlines()))
    shown = format_html_join(" ", '<span class="dj-badge dj-busy">{}</span>', ((title,) for title in buttons))
    return format_html("{}<br>{}", lines, shown) if buttons else lines
