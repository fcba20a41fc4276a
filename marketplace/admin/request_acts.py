"""What staff do with a request: search on, search wider, end it, find somebody else. Each but the first asks why."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminTextInputWidget

from marketplace import dispatch, jobs, service_requests
from marketplace.models import RequestStatus, ServiceRequest
from notifications import clock
from notifications.admin.base import ConsoleAdmin, Deed

CAN_END: Final = (RequestStatus.DRAFT, RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED)


class WhyForm(forms.Form):
    """The reason, which stays in the request's timeline."""

    why = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=300,
        widget=UnfoldAdminTextInputWidget(attrs={"list": "reasons", "autocomplete": "off"}),
    )


@dataclass(frozen=True)
class Act:
    """Something that is done with a reason. `do(request, why, by, at)` answers with a sentence, or "" for nothing."""

    title: Promise
    says: Promise  # what will happen, and who is told
    button: Promise
    reasons: tuple[Promise, ...]
    do: Callable[[ServiceRequest, str, str, datetime], str]
    fits: Callable[[ServiceRequest], bool]


def search_again(request: ServiceRequest, _user: Any, at: datetime) -> str:
    """Look again for a request that waits."""
    made = dispatch.search_again(request.pk, at=at)
    return _("Looked again: %d offers went out.") % made if made else _("Looked again: nobody was found.")


def widen(request: ServiceRequest, user: Any, at: datetime) -> str:
    """Also ask those who take emergencies at any hour."""
    made = dispatch.widen(request.pk, by=f"staff:{user.get_username()}", at=at)
    return _("Searched wider: %d offers went out.") % made if made else ""


def _cancel(request: ServiceRequest, why: str, by: str, at: datetime) -> str:
    done = service_requests.cancel(request, reason=why, by=by, at=at)
    return _("The request is cancelled; customer and providers are told.") if done else ""


def _replace(request: ServiceRequest, why: str, by: str, at: datetime) -> str:
    job = jobs.live_job_for(request)
    done = job is not None and jobs.cancel(job, reason=why, by=by, at=at)
    return _("The job was taken back: both sides are told, and the search goes on.") if done else ""


ACTS: Final = {
    "cancel": Act(
        gettext_lazy("Cancel the request"),
        gettext_lazy(
            "Open offers are called back, a job that was given ends, and the customer and the providers are told. "
            "This cannot be undone."
        ),
        gettext_lazy("Cancel the request"),
        (
            gettext_lazy("The customer no longer needs it"),
            gettext_lazy("Asked twice"),
            gettext_lazy("Nobody can be found"),
            gettext_lazy("Not meant seriously"),
        ),
        _cancel,
        lambda row: row.status in CAN_END,
    ),
    "replace": Act(
        gettext_lazy("Find another provider"),
        gettext_lazy(
            "The job of this provider ends and both sides are told; the next wave of offers goes out at once, without "
            "this provider."
        ),
        gettext_lazy("Find another provider"),
        (
            gettext_lazy("Cannot come"),
            gettext_lazy("Does not answer"),
            gettext_lazy("The customer wants somebody else"),
        ),
        _replace,
        lambda row: row.status == RequestStatus.MATCHED,
    ),
}


def act_address(name: str) -> Callable[[ServiceRequest], str]:
    """The page that asks why, for a button."""
    return lambda row: reverse("admin:marketplace_servicerequest_act", args=[row.pk, name])


DEEDS: Final = [
    Deed(
        "search",
        gettext_lazy("Search again now"),
        search_again,
        lambda row, _at: row.status == RequestStatus.WAITING,
        is_main=True,
    ),
    Deed("widen", gettext_lazy("Search wider"), widen, lambda row, _at: row.status == RequestStatus.WAITING),
    *(
        Deed(
            name,
            act.title,
            fits=lambda row, _at, fits=act.fits: fits(row),  # type: ignore[misc]  # a default binds it
            leads_to=act_address(name),
        )
        for name, act in reversed(ACTS.items())
    ),
]


class ActsOnRequests(ConsoleAdmin[ServiceRequest]):
    """The pages `<id>/act/<name>/`."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.act_view)
        return [path("<int:pk>/act/<slug:name>/", view, name="marketplace_servicerequest_act"), *super().get_urls()]

    def act_view(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Say what will happen and ask why; on POST do it."""
        if not self.has_handle_permission(request):
            raise PermissionDenied
        row = ServiceRequest.objects.select_related("service", "zone", "customer__contact").filter(pk=pk).first()
        act = ACTS.get(name)
        if row is None or act is None:
            raise Http404
        form = WhyForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            by = f"staff:{request.user.get_username()}"
            said = act.do(row, form.cleaned_data["why"], by, clock.now()) if act.fits(row) else ""
            self.say(request, row, said)
            return redirect(self.address_of(row))
        context = self.admin_site.each_context(request) | {
            "title": act.title,
            "act": act,
            "row": row,
            "job": jobs.live_job_for(row),
            "form": form,
            "back": self.address_of(row),
        }
        return TemplateResponse(request, "admin/marketplace/request_act.html", context)

    def say(self, request: HttpRequest, row: ServiceRequest, said: str) -> None:
        """Tell the person what was done; nothing: somebody was faster."""
        if said:
            self.log_change(request, row, said)
            messages.success(request, said)
        else:
            messages.warning(request, _("Nothing changed: somebody or something was faster."))
