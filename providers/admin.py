"""The network in the console: what staff may edit, and what they may only look at."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, Model, OuterRef, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from simple_history.admin import SimpleHistoryAdmin
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers import approval, coverage, privacy
from providers.admin_import import ImportsAndExports
from providers.availability import in_working_hours
from providers.models import Availability, City, Coverage, Provider, ProviderStatus, Service, Standing, Zone
from providers.phone_numbers import UnreadableNumber, normalise
from providers.scoring import smoothed_rating

if TYPE_CHECKING:  # Unfold brings no types; its classes are Django's with other looks
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

PER_PAGE: Final = 25
PRIVATE: Final = ("name", "phone_number", "email", "notes")
LANGUAGES: Final = [("fr", _("French")), ("en", _("English")), ("pcm", _("Pidgin"))]

TONES: Final = {
    ProviderStatus.ACTIVE: "good",
    ProviderStatus.PENDING: "wait",
    ProviderStatus.ON_HOLD: "bad",
    ProviderStatus.SUSPENDED: "quiet",
}


class ReadOnlyMixin:
    """For rows that the product writes itself."""

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:  # noqa: ARG002  Django's
        return False


class DerivedRowsGoAlongMixin:
    """Whoever may delete a provider, service or zone deletes what is derived from it, though nobody edits that."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, Any, set[str], Any]:
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)  # type: ignore[misc]
        derived = {str(model._meta.verbose_name) for model in (Coverage, Standing)}  # noqa: SLF001  public in Django
        return deleted, counts, {name for name in lacking if str(name) not in derived}, protected


class ProviderForm(forms.ModelForm[Provider]):
    """Takes the number as people write it."""

    phone_number = forms.CharField(
        label=_("phone number"),
        max_length=60,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("As it is written: 677 12 34 56, +237 677123456, 00237 ..."),
    )
    language = forms.ChoiceField(label=_("language"), choices=LANGUAGES, initial="fr", widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Provider
        fields = "__all__"  # noqa: DJ007  the admin's fieldsets choose

    def clean_phone_number(self) -> str:
        try:
            number = normalise(self.cleaned_data["phone_number"])
        except UnreadableNumber as error:
            raise forms.ValidationError(str(error)) from error
        self.found = number
        return number.e164

    def clean(self) -> dict[str, Any] | None:
        """A new number brings its own doubt; staff may overrule it later."""
        cleaned = super().clean() or self.cleaned_data
        if (number := getattr(self, "found", None)) and number.e164 != self.initial.get("phone_number"):
            cleaned["phone_doubtful"] = number.doubtful
        self._ask_why_it_stops(cleaned)
        return cleaned

    def _ask_why_it_stops(self, cleaned: dict[str, Any]) -> None:
        """Whoever takes the work from somebody says why; the field stands below the form, and is kept in the history."""
        stops = cleaned.get("status") == ProviderStatus.SUSPENDED and "status" in self.changed_data
        if stops and self.instance.pk and not self.data.get("why", "").strip():
            self.add_error("status", _("Say why, in the field at the end of the page."))


class AvailabilityInline(TabularInline[Availability, Provider]):
    model = Availability
    extra = 0


@admin.register(Provider)
class ProviderAdmin(ImportsAndExports, DerivedRowsGoAlongMixin, SimpleHistoryAdmin, ModelAdmin[Provider]):  # type: ignore[misc]  # no types
    """Every figure of the list comes with its rows: one query for a page of it."""

    change_form_after_template = "djobea/why.html"
    form = ProviderForm
    inlines = [AvailabilityInline]
    list_display = [
        *("who", "number", "state", "works_now", "rating", "acceptance", "jobs_now", "jobs_done", "takes_emergencies"),
    ]
    actions = ["approve", "export_chosen"]
    list_filter = [
        "status",
        "is_verified",
        "takes_emergencies",
        "phone_doubtful",
        "language",
        "zones__city",
        "services",
    ]
    list_select_related = ["standing"]
    list_per_page = PER_PAGE
    search_fields = ["name", "phone_number", "email"]
    autocomplete_fields = ["services", "zones", "base_zone"]
    readonly_fields = ["created_at"]
    fieldsets = [
        (None, {"fields": ["name", "phone_number", "phone_doubtful", "email", "language"]}),
        (_("What and where"), {"fields": ["services", "zones", "base_zone", "radius_km"]}),
        (
            _("May work"),
            {"fields": ["status", "is_verified", "takes_emergencies", "daily_capacity", "unavailable_until"]},
        ),
        (_("Notes"), {"fields": ["notes", "created_at"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Provider]:
        rows: QuerySet[Provider] = super().get_queryset(request)
        at_work = Provider.objects.at_work(at := timezone.now()).filter(in_working_hours(at), pk=OuterRef("pk"))
        return rows.select_related("standing").annotate(is_free=Exists(at_work))

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001  Django's
        super().save_related(request, form, formsets, change)
        coverage.refresh(form.instance)

    @admin.action(description=_("Approve: identity checked, may work"), permissions=["change"])
    def approve(self, request: HttpRequest, queryset: QuerySet[Provider]) -> None:
        """Those of the chosen ones who wait for it."""
        many = approval.approve(queryset.values_list("pk", flat=True))
        said = ngettext("%d provider was approved.", "%d providers were approved.", many) % many
        messages.add_message(request, messages.SUCCESS if many else messages.WARNING, said)

    def get_fieldsets(self, request: HttpRequest, obj: Provider | None = None) -> Any:
        """Without who it is, for whoever may not see people; who may change a provider sees what stands there."""
        fieldsets = super().get_fieldsets(request, obj)
        if not privacy.is_hidden() or self.has_change_permission(request, obj):
            return fieldsets
        return [
            (title, {**facts, "fields": [name for name in facts["fields"] if name not in PRIVATE]})
            for title, facts in fieldsets
        ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Provider], search_term: str
    ) -> tuple[QuerySet[Provider], bool]:
        """Whoever may not see people finds nobody: who is found by a name has been seen."""
        if search_term.strip() and privacy.is_hidden():
            return queryset.none(), False
        found: tuple[QuerySet[Provider], bool] = super().get_search_results(request, queryset, search_term)
        return found

    @admin.display(description=_("name"), ordering="name")
    def who(self, provider: Provider) -> str:
        return str(provider)

    @admin.display(description=_("phone number"), ordering="phone_number")
    def number(self, provider: Provider) -> str:
        if not provider.phone_doubtful:
            return provider.phone_number
        return format_html("{}<br>{}", provider.phone_number, _badge(_("doubtful: call it once"), "wait"))

    @admin.display(description=_("status"), ordering="status")
    def state(self, provider: Provider) -> str:
        badge = _badge(provider.get_status_display(), TONES[ProviderStatus(provider.status)])
        if provider.is_verified or provider.status != ProviderStatus.ACTIVE:
            return badge
        return format_html("{} {}", badge, _badge(_("identity not checked"), "wait"))

    @admin.display(description=_("available now"), ordering="is_free")
    def works_now(self, provider: Any) -> str:
        if provider.is_free:
            return _badge(_("yes"), "good")
        until = provider.unavailable_until
        if until is not None and until > timezone.now():
            return _badge(_("away until %s") % date_format(timezone.localtime(until), "d/m H:i"), "quiet")
        return _badge(_("no"), "quiet")

    @admin.display(description=_("rating"), ordering="standing__rating_sum")
    def rating(self, provider: Provider) -> str:
        standing = getattr(provider, "standing", None)
        if standing is None or not standing.rating_count:
            return "-"
        stars = number_format(smoothed_rating(standing.rating_sum, standing.rating_count), 1)
        return f"{stars} ({standing.rating_count})"

    @admin.display(description=_("acceptance"), ordering="standing__offers_accepted")
    def acceptance(self, provider: Provider) -> str:
        standing = getattr(provider, "standing", None)
        if standing is None or not standing.offers_made:
            return "-"
        share = standing.offers_accepted / standing.offers_made
        return f"{share:.0%} ({standing.offers_accepted}/{standing.offers_made})"

    @admin.display(description=_("open jobs"), ordering="standing__open_jobs")
    def jobs_now(self, provider: Provider) -> int:
        standing = getattr(provider, "standing", None)
        return standing.open_jobs if standing else 0

    @admin.display(description=_("jobs done"), ordering="standing__jobs_done")
    def jobs_done(self, provider: Provider) -> int:
        standing = getattr(provider, "standing", None)
        return standing.jobs_done if standing else 0


def _badge(text: Any, tone: str) -> str:
    return format_html('<span class="dj-badge dj-{}">{}</span>', tone, text)


@admin.register(City)
class CityAdmin(SimpleHistoryAdmin, ModelAdmin[City]):  # type: ignore[misc]  # no types
    change_form_after_template = "djobea/why.html"
    list_display = ["name", "slug"]
    search_fields = ["name", "slug"]
    prepopulated_fields: ClassVar = {"slug": ["name"]}


@admin.register(Zone)
class ZoneAdmin(DerivedRowsGoAlongMixin, SimpleHistoryAdmin, ModelAdmin[Zone]):  # type: ignore[misc]  # no types
    change_form_after_template = "djobea/why.html"
    list_display = ["name", "city", "arrondissement", "is_whole_city", "latitude", "longitude"]
    list_filter = ["city", "is_whole_city", "arrondissement"]
    list_select_related = ["city"]
    list_per_page = PER_PAGE
    search_fields = ["name", "slug", "city__name"]
    autocomplete_fields = ["city"]
    prepopulated_fields: ClassVar = {"slug": ["name"]}


@admin.register(Service)
class ServiceAdmin(DerivedRowsGoAlongMixin, SimpleHistoryAdmin, ModelAdmin[Service]):  # type: ignore[misc]  # no types
    change_form_after_template = "djobea/why.html"
    list_display = ["name_fr", "name_en", "slug", "is_active"]
    list_filter = ["is_active"]
    search_fields = ["name_fr", "name_en", "slug"]
    autocomplete_fields = ["related"]
    prepopulated_fields: ClassVar = {"slug": ["name_fr"]}


@admin.register(Availability)
class AvailabilityAdmin(SimpleHistoryAdmin, ModelAdmin[Availability]):  # type: ignore[misc]  # no types
    change_form_after_template = "djobea/why.html"
    list_display = ["provider", "weekday", "opens", "closes"]
    list_filter = ["weekday"]
    list_select_related = ["provider"]
    list_per_page = PER_PAGE
    search_fields = ["provider__name", "provider__phone_number"]
    autocomplete_fields = ["provider"]


@admin.register(Coverage)
class CoverageAdmin(ReadOnlyMixin, ModelAdmin[Coverage]):
    """Millions of rows: no count over all of them."""

    list_display = ["service", "zone", "provider"]
    list_filter = ["service", "zone__city"]
    list_select_related = ["service", "zone", "provider"]
    list_per_page = PER_PAGE
    ordering = ["service_id", "zone_id", "provider_id"]
    search_fields = ["provider__name", "provider__phone_number"]
    paginator = InfinitePaginator
    show_full_result_count = False


@admin.register(Standing)
class StandingAdmin(ReadOnlyMixin, ModelAdmin[Standing]):
    list_display = [
        *("provider", "open_jobs", "jobs_done", "offers_made", "offers_accepted", "unanswered_in_a_row"),
        *("rating_sum", "rating_count", "last_offer_at"),
    ]
    list_select_related = ["provider"]
    list_per_page = PER_PAGE
    ordering = ["provider_id"]
    search_fields = ["provider__name", "provider__phone_number"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Standing]:
        return super().get_queryset(request).select_related("provider")
