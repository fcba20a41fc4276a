"""The page where an operator asks about a search: "what if", and "why not this one?". A GET that changes nothing."""

from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from marketplace import wave_size, what_if
from marketplace.models import ServiceRequest, Urgency
from providers import scoring
from providers.matching import Fit, LeftOut, Level
from providers.models import Zone

from .request_story import PARTS, parts_in_words

MOST_SOUGHT: Final = 50
WHY: Final = {**dict(Fit.choices), **dict(LeftOut.choices)}


class SearchForm(forms.Form):
    """What may be otherwise; each field begins with what the request says."""

    zone = forms.ModelChoiceField(Zone.objects.select_related("city"), label=_("zone"), widget=UnfoldAdminSelectWidget)
    level = forms.ChoiceField(label=_("level"), choices=Level, widget=UnfoldAdminSelectWidget)
    urgency = forms.ChoiceField(label=_("urgency"), choices=Urgency, widget=UnfoldAdminSelectWidget)
    moment = forms.DateTimeField(
        label=_("at this hour"),
        input_formats=["%Y-%m-%dT%H:%M"],
        widget=UnfoldAdminTextInputWidget(attrs={"type": "datetime-local"}),
    )
    limit = forms.IntegerField(
        label=_("how many"), min_value=1, max_value=MOST_SOUGHT, widget=UnfoldAdminIntegerFieldWidget
    )
    as_if_new = forms.BooleanField(
        label=_("as if nobody had been asked"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    who = forms.CharField(
        label=_("why not this one?"),
        max_length=60,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"placeholder": _("name, number or #id")}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in scoring.Weights.names():
            self.fields[_field(name)] = forms.FloatField(
                label=PARTS[name], min_value=0, max_value=100, widget=UnfoldAdminTextInputWidget(attrs={"size": 5})
            )

    def weight_fields(self) -> list[forms.BoundField]:
        return [self[_field(name)] for name in scoring.Weights.names()]

    def other_fields(self) -> list[forms.BoundField]:
        return [field for field in self if not field.name.startswith("weight_")]

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or self.cleaned_data
        weights: list[Any] = [cleaned.get(_field(name)) for name in scoring.Weights.names()]
        if None not in weights and not sum(weights):
            raise forms.ValidationError(_("One weight must be above zero."))
        return cleaned


def _field(part: str) -> str:
    return f"weight_{part}"


def form_for(request: ServiceRequest, given: dict[str, Any], weights: scoring.Weights, at: datetime) -> SearchForm:
    """The form as the person filled it; what they left out is as the request would search now."""
    values = _first_values(request, weights, at)
    if given:  # a box that is not ticked does not come along
        values["as_if_new"] = False
    return SearchForm(values | given)


def _first_values(request: ServiceRequest, weights: scoring.Weights, at: datetime) -> dict[str, Any]:
    last = request.match_runs.order_by("-pk").values_list("level", flat=True).first()
    return {
        "zone": request.zone_id,
        "level": last or Level.EXACT,
        "urgency": request.urgency,
        "moment": f"{at:%Y-%m-%dT%H:%M}",
        "limit": wave_size.usual(request),
        "as_if_new": True,
        "who": "",
    } | {_field(name): weight for name, weight in asdict(weights).items()}


def answers(request: ServiceRequest, form: SearchForm) -> dict[str, Any]:
    """What the search would find, in words; nothing when the form does not make sense."""
    if not form.is_valid():
        return {}
    facts = form.cleaned_data
    question = what_if.Question(
        zone_id=facts["zone"].pk,
        level=Level(facts["level"]),
        urgency=facts["urgency"],
        at=facts["moment"],
        limit=facts["limit"],
        weights=scoring.Weights(**{name: facts[_field(name)] for name in scoring.Weights.names()}),
        as_if_new=facts["as_if_new"],
    )
    answer = what_if.search(request, question)
    found = answer.result.as_json()
    return {
        "run": {
            "level": Level(question.level).label,
            "ran_at": question.at,
            "chosen": [
                {**entry, "why": WHY[entry["reason"]], "parts": parts_in_words(entry["score_parts"])}
                for entry in found["chosen"]
            ],
            "near_misses": [{**entry, "why": WHY[entry["reason"]]} for entry in found["near_misses"]],
            "counts": [(WHY[reason], many) for reason, many in answer.counts.items()],
        },
        "asked_about": facts["who"],
        "verdicts": [
            {
                "provider": provider,
                "verdict": verdict,
                "why": WHY[verdict.reason],
                "parts": parts_in_words(verdict.score_parts),
                "is_chosen": provider.pk in {candidate.provider_id for candidate in answer.result.chosen},
            }
            for provider, verdict in what_if.why_not(request, question, facts["who"])
        ],
    }
