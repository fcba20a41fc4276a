"""What the admin pages of all apps share: rows that nobody edits, large tables, buttons that post, and the look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.admin import checkbox
from unfold.paginator import InfinitePaginator

from notifications import clock, personal_data

if TYPE_CHECKING:  # Unfold brings no types; its classes are Django's with other looks
    from django.contrib.admin import ModelAdmin, TabularInline
    from django.contrib.admin.views.main import ChangeList
else:
    from unfold.admin import ModelAdmin, TabularInline
    from unfold.views import ChangeList

M = TypeVar("M", bound=Model)
PER_PAGE: Final = 25
FEW_PER_PAGE: Final = 20  # half of a page's time goes into its rows
ALL_BOXES: Final[Any] = vars(ModelAdmin.action_checkbox)["short_description"]  # the theme's box for the whole page
LISTED_AT: Final = "listed_at"
LISTED_BY: Final = "listed_by"
PLACE: Final = "0-key-of-the-row-0"


@lru_cache(maxsize=8)
def _row_box(_language: str) -> str:
    """The theme's box with PLACE for the row's key."""
    return str(checkbox.render(ACTION_CHECKBOX_NAME, PLACE))


@dataclass(frozen=True)
class Deed:
    """A button on a row's page. `do(row, user, at)` answers with a sentence for the person, or "" when nothing changed.

    `fits(row, at)` says whether the button is shown; `leads_to(row)` is the page that asks first: then nothing is done
    at once.
    """

    name: str
    label: Any
    do: Callable[[Any, Any, datetime], str] = lambda _row, _user, _at: ""
    fits: Callable[[Any, datetime], bool] = lambda _row, _at: True
    is_main: bool = False
    leads_to: Callable[[Any], str] | None = None


class ConsoleChangeList(ChangeList):
    """A list that sorts by nothing but what `sortable_by` names, also when an address asks for more."""

    def get_ordering_field(self, field_name: Any) -> Any:
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None

    def get_results(self, request: HttpRequest) -> None:
        """The rows of the page; with the time, where cells need it: asked once, not once a row (see `time_of`).

        Where cells lead to pages from which one comes back here, with the list's filter (see `filter_of`).
        """
        super().get_results(request)
        if getattr(self.model_admin, "is_come_back_to", False):
            for row in self.result_list:
                vars(row)[LISTED_BY] = request.GET.urlencode()
        if getattr(self.model_admin, "tells_time", False):
            at = clock.now()
            for row in self.result_list:
                vars(row)[LISTED_AT] = at


class ConsoleAdmin(ModelAdmin[M]):
    """A page of the console: our style sheet, short lists, and `deeds` as buttons that post.

    `story_template` is shown above the fields of a row; `story(row, at)` gives its context.
    """

    list_per_page = PER_PAGE
    list_filter_sheet = True
    list_after_template = "djobea/name_this_list.html"
    deeds: ClassVar[Sequence[Deed]] = ()
    story_template: ClassVar[str] = ""
    tells_time: ClassVar[bool] = False  # whether cells of the list ask `time_of` their row
    is_come_back_to: ClassVar[bool] = False  # whether cells of the list ask `filter_of` their row
    private_fields: ClassVar[Sequence[str]] = ()  # left out for whoever may not see people
    change_form_outer_before_template = "djobea/row_head.html"

    @property
    def media(self) -> forms.Media:
        return super().media + forms.Media(css={"all": ["djobea/console.css"]})

    @admin.display(description=ALL_BOXES)
    def action_checkbox(self, obj: M) -> SafeString:
        """The box of a row; drawn once for all rows, since a widget a row takes a third of the page's time."""
        return mark_safe(_row_box(get_language() or "").replace(PLACE, escape(obj.pk)))  # noqa: S308  escaped

    def get_fieldsets(self, request: HttpRequest, obj: M | None = None) -> Any:
        """Without what a person wrote or where they live, for whoever may not see it."""
        fieldsets = super().get_fieldsets(request, obj)
        if not personal_data.is_hidden():
            return fieldsets
        return [
            (title, {**facts, "fields": [name for name in facts["fields"] if name not in self.private_fields]})
            for title, facts in fieldsets
        ]

    def story(self, row: M, at: datetime) -> dict[str, Any]:  # noqa: ARG002  for those who tell one
        """What `story_template` needs to know."""
        return {}

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:  # noqa: ARG002  Django's
        return ConsoleChangeList

    def deeds_of(self, row: M) -> Sequence[Deed]:  # noqa: ARG002  for those whose rows differ
        """The buttons that this row may have; `fits` decides which are shown."""
        return self.deeds

    def has_handle_permission(self, request: HttpRequest) -> bool:
        """Whether this person may act on rows that nobody edits: the right to change them, used by buttons only."""
        return request.user.has_perm(f"{self.opts.app_label}.change_{self.opts.model_name}")

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        extra: dict[str, Any] = {"at": (at := clock.now()), "story_template": self.story_template}
        row = self.get_object(request, object_id)
        if row is not None and self.has_view_permission(request, row):
            extra |= self.story(row, at)
            if self.has_handle_permission(request):
                fitting = [deed for deed in self.deeds_of(row) if deed.fits(row, at)]
                extra["deeds"] = [(deed, deed.leads_to(row) if deed.leads_to else "") for deed in fitting]
        answer: HttpResponse = super().change_view(request, object_id, form_url, extra | (extra_context or {}))
        return answer

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_do"
        view = self.admin_site.admin_view(self.do_view)
        return [path("<path:object_id>/do/<slug:deed>/", view, name=name), *super().get_urls()]

    def do_view(self, request: HttpRequest, object_id: str, deed: str) -> HttpResponseBase:
        """Do what a button says and go back to the row."""
        row = self.get_object(request, object_id)
        chosen = next((each for each in self.deeds_of(row) if each.name == deed), None) if row is not None else None
        if row is None or chosen is None or chosen.leads_to:
            raise Http404
        if request.method != "POST" or not self.has_handle_permission(request):
            raise PermissionDenied
        at = clock.now()
        said = chosen.do(row, request.user, at) if chosen.fits(row, at) else ""
        if said:
            self.log_change(request, row, said)
            messages.success(request, said)
        else:
            messages.warning(request, _("Nothing changed: somebody or something was faster."))
        return redirect(self.address_of(row))

    def address_of(self, row: M) -> str:
        """The page of a row of this model."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[row.pk])


class WithHistory(SimpleHistoryAdmin):  # type: ignore[misc]  # the library brings no types
    """For what staff set up: who changed it, when, why, and what it was before."""

    change_form_after_template = "djobea/why.html"


class ReadOnlyMixin:
    """For rows that the product writes itself."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False


class NeitherAddedNorDeletedMixin:
    """For rows whose few editable fields staff may change, but that come and go by themselves."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False


class LargeTableMixin:
    """For tables with millions of rows: never counted, and ordered by an index."""

    paginator = InfinitePaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    list_per_page = FEW_PER_PAGE


class ReadOnlyInline(ReadOnlyMixin, TabularInline[Any, Any]):
    """Rows that belong to this one, to look at."""

    extra = 0
    can_delete = False
    show_change_link = True
    tab = False


def link_to(row: Model | None, text: str = "") -> str:
    """A link to a row's page; a dash for none."""
    if row is None:
        return "-"
    opts = row._meta  # noqa: SLF001  public in Django
    return format_html(
        '<a class="dj-link" href="{}">{}</a>',
        reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk]),
        text or str(row),
    )


def badge(text: Any, tone: str) -> str:
    """A small coloured label; tones: good, busy, wait, bad, quiet."""
    return format_html('<span class="dj-badge dj-{}">{}</span>', tone, text)


def time_of(row: Model) -> datetime:
    """The database's time when the row's list was read; for a row of no list, the time now."""
    at: datetime = vars(row).get(LISTED_AT) or clock.now()
    return at


def filter_of(row: Model) -> str | None:
    """The query of the list that shows this row; None for a row of no list."""
    query: str | None = vars(row).get(LISTED_BY)
    return query


def moment(at: datetime) -> str:
    """Day and time as narrow as a list needs them; the year where it is another one."""
    here = timezone.localtime(at)
    return date_format(here, "d/m H:i" if here.year == timezone.localtime().year else "d/m/Y H:i")
