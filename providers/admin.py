"""The network in the console: what staff may edit, and what they may only look at."""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from django import forms
from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from simple_history.admin import SimpleHistoryAdmin
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from providers import coverage
from providers.models import Availability, City, Coverage, Provider, Service, Standing, Zone
from providers.phone_numbers import UnreadableNumber, normalise
from providers.scoring import smoothed_rating

if TYPE_CHECKING:  # Unfold brings no types; its classes are Django's with other looks
    from django.contrib.admin import ModelAdmin, TabularInline
else:
    from unfold.admin import ModelAdmin, TabularInline

PER_PAGE: Final = 25
LANGUAGES: Final = [("fr", _("French")), ("en", _("English")), ("pcm", _("Pidgin"))]


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
        return cleaned


class AvailabilityInline(TabularInline[Availability, Provider]):
    model = Availability
    extra = 0


@admin.register(Provider)
class ProviderAdmin(DerivedRowsGoAlongMixin, SimpleHistoryAdmin, ModelAdmin[Provider]):  # type: ignore[misc]  # no types
    change_form_after_template = "djobea/why.html"
    form = ProviderForm
    inlines = [AvailabilityInline]
    list_display = ["name", "phone_number", "status", "is_verified", "takes_emergencies", "rating", "jobs_now", "away"]
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

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:  # noqa: FBT001  Django's
        super().save_related(request, form, formsets, change)
        coverage.refresh(form.instance)

    @admin.display(description=_("rating"))
    def rating(self, provider: Provider) -> str:
        standing = getattr(provider, "standing", None)
        if standing is None or not standing.rating_count:
            return "-"
        return f"{smoothed_rating(standing.rating_sum, standing.rating_count):.1f} ({standing.rating_count})"

    @admin.display(description=_("open jobs"), ordering="standing__open_jobs")
    def jobs_now(self, provider: Provider) -> int:
        standing = getattr(provider, "standing", None)
        return standing.open_jobs if standing else 0

    @admin.display(description=_("away until"), ordering="unavailable_until")
    def away(self, provider: Provider) -> Any:
        return provider.unavailable_until


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
