"""Other programs that are told: where, of what, and how their last calls went."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.forms import CheckboxSelectMultiple
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import subscriptions
from notifications.models import EventName, WebhookSubscription
from notifications.models.subscription import every_event

from .base import ConsoleAdmin, Deed, WithHistory, badge


class SubscriptionForm(forms.ModelForm[WebhookSubscription]):
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Events"), choices=EventName, initial=every_event, widget=CheckboxSelectMultiple
    )

    class Meta:
        model = WebhookSubscription
        fields: ClassVar = ["name", "url", "events", "is_active"]


def _ping(row: WebhookSubscription, _user: Any, at: datetime) -> str:
    return _("A test call is in the queue.") if subscriptions.ping(row, at=at) else ""


def _rotate(row: WebhookSubscription, _user: Any, at: datetime) -> str:
    subscriptions.rotate_secret(row, at=at)
    return _("There is a new secret; the old one signs beside it for 24 hours.")


@admin.register(WebhookSubscription)
class WebhookSubscriptionAdmin(WithHistory, ConsoleAdmin[WebhookSubscription]):
    form = SubscriptionForm
    list_display = ["name", "url", "state", "last_call", "created_at"]
    list_filter = ["is_active"]
    search_fields = ["name", "url"]
    deeds: ClassVar[Sequence[Deed]] = (
        Deed("ping", gettext_lazy("Send a test call"), _ping, lambda row, _at: row.is_active, is_main=True),
        Deed("rotate", gettext_lazy("New secret"), _rotate),
    )

    readonly_fields: ClassVar = ["why_inactive", "shown_secret", "last_call"]

    def get_fields(self, request: HttpRequest, obj: WebhookSubscription | None = None) -> Any:  # noqa: ARG002  Django's
        """A new one has neither a secret nor calls to show."""
        fields = ["name", "url", "events", "is_active"]
        return [*fields, *self.readonly_fields] if obj else fields

    def save_model(self, request: HttpRequest, obj: WebhookSubscription, form: Any, change: Any) -> None:
        """Whoever switches it on again has dealt with the reason."""
        if obj.is_active:
            obj.why_inactive = ""
        super().save_model(request, obj, form, change)

    @admin.display(description=gettext_lazy("secret"))
    def shown_secret(self, row: WebhookSubscription) -> str:
        return format_html('<code class="dj-breaks">{}</code>', row.secret)

    @admin.display(description=gettext_lazy("state"))
    def state(self, row: WebhookSubscription) -> str:
        if row.is_active:
            return badge(_("active"), "good")
        return badge(_("switched off"), "bad" if row.why_inactive else "quiet")

    @admin.display(description=gettext_lazy("last call"))
    def last_call(self, row: WebhookSubscription) -> str:
        call = row.calls.order_by("-pk").first() if row.pk else None
        if call is None:
            return "-"
        text = f"{call.get_status_display()} {call.last_error_code}".strip()
        return format_html('<a class="dj-link" href="{}">{}</a>', f"../../notification/{call.pk}/", text)
