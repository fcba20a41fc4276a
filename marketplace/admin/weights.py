"""The weights of the score: their history, and the page that shows what other ones would change before they count."""

from dataclasses import asdict
from typing import Any, Final

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from marketplace import weights_preview
from notifications import clock
from notifications.admin.base import ConsoleAdmin
from providers import weights
from providers.models import ScoreWeights
from providers.scoring import Weights

SHOWN: Final = 40  # requests that a preview lists
WHAT_THEY_MEAN: Final = {
    "distance": gettext_lazy("how near somebody is"),
    "rating": gettext_lazy("what customers said"),
    "acceptance": gettext_lazy("how likely a yes is"),
    "load": gettext_lazy("how few jobs are open"),
    "fairness": gettext_lazy("how few offers and jobs somebody has had lately"),
    "response": gettext_lazy("how soon somebody answers"),
}


class WeightsForm(forms.ModelForm[ScoreWeights]):
    """Six numbers of which only the relations count."""

    class Meta:
        model = ScoreWeights
        fields = [*weights.PARTS, "why"]
        widgets = {name: UnfoldAdminTextInputWidget(attrs={"inputmode": "decimal"}) for name in (*weights.PARTS, "why")}
        help_texts = WHAT_THEY_MEAN

    def weights(self) -> Weights:
        """What a valid form says."""
        return Weights(**{name: self.cleaned_data[name] for name in weights.PARTS})


@admin.register(ScoreWeights)
class ScoreWeightsAdmin(ConsoleAdmin[ScoreWeights]):
    """Rows are added, never edited: each is what counted until the next."""

    list_display = ["created_at", *weights.PARTS, "changed_by", "why"]
    list_display_links = None
    ordering = ["-created_at", "-pk"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002  Django's
        return False

    def add_view(
        self,
        request: HttpRequest,
        form_url: str = "",  # noqa: ARG002  Django's
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """The form; a GET with values shows what they would change, a POST lets them count."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        given = request.POST or request.GET
        is_asked = any(name in given for name in weights.PARTS)
        form = WeightsForm(given if is_asked else None, initial=asdict(weights.in_force()))
        if request.method == "POST" and form.is_valid():
            row = weights.change(
                form.weights(), by=request.user.get_username(), why=form.cleaned_data["why"], at=clock.now()
            )
            self.log_addition(request, row, [{"added": {}}])
            messages.success(request, _("These weights count from now on."))
            return redirect("admin:providers_scoreweights_changelist")
        context = self.admin_site.each_context(request) | {
            "title": _("Weights of the score"),
            "opts": self.opts,
            "media": self.media,
            "form": form,
            "fields": [form[name] for name in weights.PARTS],
            **(_preview(form) if is_asked and form.is_valid() else {}),
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/marketplace/weights.html", context)


def _preview(form: WeightsForm) -> dict[str, Any]:
    found = weights_preview.preview(form.weights(), at=clock.now())
    return {"preview": found, "differences": found.differences[:SHOWN], "more": len(found.differences) - SHOWN}
