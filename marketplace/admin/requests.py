"""Requests and what they led to: match runs, waves, offers, jobs, ratings, events. People act by buttons only."""

from datetime import datetime
from typing import Any, Final

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import dispatch, service_requests
from marketplace.models import (
    ActionLink,
    Event,
    Job,
    JobStatus,
    MatchRun,
    Offer,
    OfferStatus,
    Quote,
    QuoteStatus,
    Rating,
    RequestStatus,
    ServiceRequest,
    Urgency,
    Wave,
)
from notifications import clock
from notifications.admin.base import ConsoleAdmin, Deed, LargeTableMixin, ReadOnlyMixin, badge, link_to
from notifications.admin.queue import number_prefix
from providers import scoring

from . import request_story, search_lab

TONES: Final = {
    RequestStatus.DRAFT: "quiet",
    RequestStatus.SEARCHING: "busy",
    RequestStatus.WAITING: "wait",
    RequestStatus.MATCHED: "good",
    RequestStatus.DONE: "good",
    RequestStatus.CANCELLED: "quiet",
    RequestStatus.EXPIRED: "bad",
}
URGENCY_TONES: Final = {Urgency.EMERGENCY: "bad", Urgency.TODAY: "wait"}
CAN_END: Final = (RequestStatus.DRAFT, RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED)


def _search_again(request: ServiceRequest, _user: Any, at: datetime) -> str:
    made = dispatch.search_again(request.pk, at=at)
    return _("Looked again: %d offers went out.") % made if made else _("Looked again: nobody was found.")


def _cancel(request: ServiceRequest, user: Any, at: datetime) -> str:
    by = f"staff:{user.get_username()}"
    done = service_requests.cancel(request, reason=_("cancelled by staff"), by=by, at=at)
    return _("The request is cancelled; customer and providers are told.") if done else ""


@admin.register(ServiceRequest)
class RequestAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[ServiceRequest]):
    list_display = ["number", "customer_name", "service", "zone", "how_urgent", "state", "created_at"]
    list_filter = ["status", "urgency", "service", "zone__city"]
    list_select_related = ["customer__contact", "service", "zone"]
    search_fields = ["pk"]  # shows the box; get_search_results decides
    search_help_text = gettext_lazy("#id, or the customer's number or name")
    story_template = "admin/marketplace/request.html"
    deeds = [
        Deed(
            "search",
            gettext_lazy("Search again now"),
            _search_again,
            lambda row, _at: row.status == RequestStatus.WAITING,
            is_main=True,
        ),
        Deed("cancel", gettext_lazy("Cancel the request"), _cancel, lambda row, _at: row.status in CAN_END),
    ]
    fields = [
        *("customer", "conversation", "service", "zone", "urgency", "description", "place_note", "latitude"),
        *("longitude", "scheduled_for", "status", "cancel_reason", "created_at", "searching_since", "expires_at"),
    ]

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[ServiceRequest],
        search_term: str,
    ) -> tuple[QuerySet[ServiceRequest], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        bare = term.removeprefix("#")
        if bare.isdecimal() and len(bare) <= 8:  # noqa: PLR2004  a number of a phone has nine digits
            return queryset.filter(pk=int(bare)), False
        if prefix := number_prefix(term):
            return queryset.filter(customer__contact__phone_number__startswith=prefix), False
        return queryset.filter(customer__contact__name__icontains=term), False

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.lab_view)
        return [path("<int:pk>/search-lab/", view, name="marketplace_servicerequest_lab"), *super().get_urls()]

    def lab_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """ "What if" and "why not this one?": a search of which nothing is kept."""
        row = ServiceRequest.objects.select_related("service", "zone", "customer__contact").filter(pk=pk).first()
        if row is None:
            raise Http404
        if not self.has_view_permission(request, row):
            raise PermissionDenied
        at = timezone.localtime(clock.now())
        form = search_lab.form_for(row, request.GET.dict(), scoring.DEFAULT_WEIGHTS, at)
        context = self.admin_site.each_context(request) | {
            "title": _("Try the search"),
            "row": row,
            "form": form,
            "media": self.media,
            **search_lab.answers(row, form),
        }
        return TemplateResponse(request, "admin/marketplace/search_lab.html", context)

    def story(self, row: ServiceRequest, at: datetime) -> dict[str, Any]:
        return request_story.tell(row, at) | {
            "status_tone": TONES[RequestStatus(row.status)],
            "urgency_tone": URGENCY_TONES.get(Urgency(row.urgency), "quiet"),
        }

    @admin.display(description=gettext_lazy("request"), ordering="pk")
    def number(self, row: ServiceRequest) -> str:
        return format_html("<b>{}</b>", row)

    @admin.display(description=gettext_lazy("customer"))
    def customer_name(self, row: ServiceRequest) -> str:
        return str(row.customer.contact)

    @admin.display(description=gettext_lazy("urgency"), ordering="urgency")
    def how_urgent(self, row: ServiceRequest) -> str:
        return badge(row.get_urgency_display(), URGENCY_TONES.get(Urgency(row.urgency), "quiet"))

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: ServiceRequest) -> str:
        return badge(row.get_status_display(), TONES[RequestStatus(row.status)])


class OfRequestAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[Any]):
    """Rows that belong to a request: a flat list of them, searched by the request's number."""

    ordering = ["-pk"]
    list_select_related = ["request"]
    search_fields = ["request__pk"]
    search_help_text = gettext_lazy("#id of the request")
    request_path = "request_id"

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002  Django's
        queryset: QuerySet[Any],
        search_term: str,
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip().removeprefix("#")
        if not term:
            return queryset, False
        is_id = term.isdecimal() and len(term) <= 18  # noqa: PLR2004  digits of a bigint
        return queryset.filter(Q(**{self.request_path: int(term)})) if is_id else queryset.none(), False

    @admin.display(description=gettext_lazy("request"))
    def of_request(self, row: Any) -> str:
        return link_to(row.request)


@admin.register(Offer)
class OfferAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "provider", "state", "level", "points", "created_at", "answered_at"]
    list_filter = ["status", "level"]
    list_select_related = ["request", "provider"]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Offer) -> str:
        return badge(row.get_status_display(), request_story.OFFER_TONES[OfferStatus(row.status)])

    @admin.display(description=gettext_lazy("score"), ordering="score")
    def points(self, row: Offer) -> str:
        return f"{row.score:.2f}"


@admin.register(Job)
class JobAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "provider", "state", "assigned_at", "ended_at", "told"]
    list_filter = ["status"]
    list_select_related = ["request", "provider"]

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Job) -> str:
        return badge(row.get_status_display(), request_story.JOB_TONES[JobStatus(row.status)])

    @admin.display(description=gettext_lazy("both know"), boolean=True)
    def told(self, row: Job) -> bool:
        return row.customer_told_at is not None and row.provider_told_at is not None


QUOTE_TONES: Final = {
    QuoteStatus.PROPOSED: "wait",
    QuoteStatus.APPROVED: "good",
    QuoteStatus.REFUSED: "bad",
    QuoteStatus.WITHDRAWN: "quiet",
}


@admin.register(Quote)
class QuoteAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "is_extra", "description", "state", "proposed_at", "answered_at"]
    list_filter = ["status", "is_extra"]
    list_select_related = ["job__request"]
    request_path = "job__request_id"

    @admin.display(description=gettext_lazy("request"))
    def of_request(self, row: Quote) -> str:
        return link_to(row.job.request)

    @admin.display(description=gettext_lazy("status"), ordering="status")
    def state(self, row: Quote) -> str:
        return badge(row.get_status_display(), QUOTE_TONES[QuoteStatus(row.status)])


@admin.register(Rating)
class RatingAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "by_customer", "comment", "created_at"]
    list_filter = ["stars", "by_customer"]
    list_select_related = ["job__request"]
    request_path = "job__request_id"

    @admin.display(description=gettext_lazy("request"))
    def of_request(self, row: Rating) -> str:
        return link_to(row.job.request)


@admin.register(MatchRun)
class MatchRunAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "level", "ran_at", "how_many"]
    list_filter = ["level"]
    story_template = "admin/marketplace/match_run.html"
    fields = ["request", "level", "ran_at"]

    def story(self, row: MatchRun, at: datetime) -> dict[str, Any]:  # noqa: ARG002  as the others
        return {"run": request_story.explained(row)}

    @admin.display(description=gettext_lazy("chosen"))
    def how_many(self, row: MatchRun) -> int:
        return len(row.chosen)


@admin.register(Wave)
class WaveAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "started_at", "ends_at", "closed_at"]


@admin.register(Event)
class EventAdmin(OfRequestAdmin):
    list_display = ["happened_at", "of_request", "what", "actor"]
    list_display_links = ["happened_at"]

    @admin.display(description=gettext_lazy("event"), ordering="name")
    def what(self, row: Event) -> str:
        return str(request_story.EVENTS.get(row.name, row.name))


@admin.register(ActionLink)
class ActionLinkAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[ActionLink]):
    list_display = ["__str__", "language", "created_at", "expires_at", "superseded_at"]
    list_filter = ["purpose"]
    ordering = ["-pk"]
