"""What a request led to, as flat lists: match runs, waves, offers, jobs, quotes, ratings, events."""

from datetime import datetime
from functools import partial
from typing import Any, Final

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy

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
    Wave,
)
from notifications import personal_data
from notifications.admin.base import ConsoleAdmin, LargeTableMixin, ReadOnlyMixin, badge, link_to

from . import network, request_story, request_timeline


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
    list_display = ["__str__", "of_request", "by_customer", "words", "created_at"]
    private_fields = ["comment"]
    list_filter = ["stars", "by_customer"]
    list_select_related = ["job__request"]
    request_path = "job__request_id"

    @admin.display(description=gettext_lazy("request"))
    def of_request(self, row: Rating) -> str:
        return link_to(row.job.request)

    @admin.display(description=gettext_lazy("comment"))
    def words(self, row: Rating) -> str:
        return personal_data.text(row.comment)


@admin.register(MatchRun)
class MatchRunAdmin(OfRequestAdmin):
    list_display = ["__str__", "of_request", "level", "ran_at", "how_many"]
    list_filter = ["level"]
    story_template = "admin/marketplace/match_run.html"
    fields = ["request", "level", "ran_at"]

    def get_urls(self) -> list[URLPattern]:
        guard = self.admin_site.admin_view
        return [
            path("network/", guard(partial(network.page, self)), name="marketplace_matchrun_network"),
            path("recruit/", guard(partial(network.recruit_page, self)), name="marketplace_matchrun_recruit"),
            *super().get_urls(),
        ]

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
        return str(request_timeline.EVENTS.get(row.name, row.name))


@admin.register(ActionLink)
class ActionLinkAdmin(LargeTableMixin, ReadOnlyMixin, ConsoleAdmin[ActionLink]):
    list_display = ["__str__", "language", "created_at", "expires_at", "superseded_at"]
    list_filter = ["purpose"]
    ordering = ["-pk"]
