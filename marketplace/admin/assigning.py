"""The page where staff give a request to a provider whom they have called: who could come, with numbers, and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import by_hand, match_runs, what_if
from marketplace.by_hand import Assignment
from marketplace.models import Offer, OfferStatus, RequestStatus, ServiceRequest
from notifications import clock
from notifications.admin.base import Deed
from providers import matching, scoring
from providers.matching import Fit, LeftOut, Level
from providers.models import Provider

from .request_acts import ActsOnRequests, WhyForm

SHOWN: Final = 12
REASONS: Final = (
    gettext_lazy("Agreed on the telephone"),
    gettext_lazy("The customer asked for this one"),
    gettext_lazy("Was there already"),
)
REFUSALS: Final[dict[Assignment, Promise]] = {
    Assignment.NOT_OPEN: gettext_lazy("The request has a provider already, or has ended."),
    Assignment.NOT_THIS_ONE: gettext_lazy("This provider is suspended, or has failed this very request."),
}
WHY: Final = dict(Fit.choices) | dict(LeftOut.choices)
OFFERED: Final = dict(OfferStatus.choices)


class AssignForm(WhyForm):
    """Whom, and why."""

    provider = forms.ModelChoiceField(
        Provider.objects.all(),
        widget=forms.RadioSelect,
        error_messages={"required": gettext_lazy("Choose a provider.")},
    )


@dataclass(frozen=True)
class Choice:
    """One who could come. `offered`: what became of an offer that this provider has of this request."""

    provider: Provider
    why: Any
    distance_km: float | None
    may_come: bool
    offered: Any


class AssignsByHand(ActsOnRequests):
    """The page `<id>/assign/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.assign_view)
        return [path("<int:pk>/assign/", view, name="marketplace_servicerequest_assign"), *super().get_urls()]

    def assign_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show who could come (or whom `?who=` means); on POST give the job to the chosen one."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        row = ServiceRequest.objects.select_related("service", "zone", "customer__contact").filter(pk=pk).first()
        if row is None:
            raise Http404
        at, who = clock.now(), request.GET.get("who", "")[:60]
        form = AssignForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            provider, why = form.cleaned_data["provider"], form.cleaned_data["why"]
            by = f"staff:{request.user.get_username()}"
            done = by_hand.assign(row.pk, provider, by=by, why=why, at=at)
            if done == Assignment.DONE:
                self.say(request, row, _("%(name)s has the job; both sides are told.") % {"name": provider})
                return redirect(self.address_of(row))
            form.add_error("provider", str(REFUSALS[done]))
        context = self.admin_site.each_context(request) | {
            "title": _("Assign by hand"),
            "row": row,
            "form": form,
            "who": who,
            "choices": _meant(row, who, at) if who else _candidates(row, at),
            "chosen": request.POST.get("provider", ""),
            "reasons": REASONS,
            "back": self.address_of(row),
        }
        return TemplateResponse(request, "admin/marketplace/assign.html", context)


def _candidates(row: ServiceRequest, at: datetime) -> list[Choice]:
    """The nearest that the widest search knows, whether they were asked or not."""
    found = matching.find_candidates(match_runs.need_of(row, as_if_new=True), Level.EMERGENCY, at, SHOWN)
    facts = [(each.provider_id, each.reason, each.distance_km, True) for each in found.chosen]
    facts += [(each.provider_id, each.reason, each.distance_km, False) for each in found.near_misses][:SHOWN]
    providers = Provider.objects.in_bulk([pk for pk, *_rest in facts])
    offered = _offered(row)
    return [
        Choice(providers[pk], WHY.get(reason, ""), distance, may_come, offered.get(pk, ""))
        for pk, reason, distance, may_come in facts
        if pk in providers
    ]


def _meant(row: ServiceRequest, who: str, at: datetime) -> list[Choice]:
    """Whom a name, a number or an id may mean, with what the search says of them."""
    question = what_if.Question(
        row.zone_id, Level.EMERGENCY, row.urgency, at=at, limit=SHOWN, weights=scoring.DEFAULT_WEIGHTS
    )
    offered = _offered(row)
    return [
        Choice(
            provider, WHY.get(verdict.reason, ""), verdict.distance_km, verdict.may_come, offered.get(provider.pk, "")
        )
        for provider, verdict in what_if.why_not(row, question, who)
    ]


def _offered(row: ServiceRequest) -> dict[int, Any]:
    return {
        provider: OFFERED.get(status, status)
        for provider, status in Offer.objects.filter(request=row).values_list("provider_id", "status")
    }


ASSIGN: Final = Deed(
    "assign",
    gettext_lazy("Assign by hand"),
    fits=lambda row, _at: row.status in (RequestStatus.SEARCHING, RequestStatus.WAITING),
    leads_to=lambda row: reverse("admin:marketplace_servicerequest_assign", args=[row.pk]),
)
