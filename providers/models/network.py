"""Who can do what, where and when: cities, zones, services, providers, their coverage and their hours."""

from datetime import UTC, datetime
from enum import IntEnum
from typing import Any, Final, Self

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Greatest, Now
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from providers.privacy import shown_name

USUAL_REPLY: Final = 240  # seconds; what is believed of somebody who has not answered yet
E164: Final = r"^\+[1-9][0-9]{6,14}$"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)  # since when somebody who was never asked has waited


class City(models.Model):
    slug = models.SlugField(_("slug"), unique=True)
    name = models.CharField(_("name"), max_length=80)

    class Meta:
        verbose_name = _("city")
        verbose_name_plural = _("cities")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Zone(models.Model):
    """A quarter that people name when they say where they are."""

    slug = models.SlugField(_("slug"), unique=True)
    city = models.ForeignKey(City, models.PROTECT, related_name="zones", verbose_name=_("city"))
    name = models.CharField(_("name"), max_length=80)
    arrondissement = models.CharField(_("arrondissement"), max_length=80, blank=True)
    latitude = models.FloatField(_("latitude"), validators=[MinValueValidator(-90), MaxValueValidator(90)])
    longitude = models.FloatField(_("longitude"), validators=[MinValueValidator(-180), MaxValueValidator(180)])
    is_whole_city = models.BooleanField(_("is the whole city"), default=False)

    class Meta:
        verbose_name = _("zone")
        verbose_name_plural = _("zones")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="zone_is_on_earth",
                condition=Q(latitude__range=(-90, 90)) & Q(longitude__range=(-180, 180)),
            )
        ]

    def __str__(self) -> str:
        return self.name


class Service(models.Model):
    slug = models.SlugField(_("slug"), unique=True)
    name_fr = models.CharField(_("French name"), max_length=80)
    name_en = models.CharField(_("English name"), max_length=80)
    emergency_hint = models.TextField(_("what makes it an emergency"), blank=True)
    related = models.ManyToManyField("self", blank=True, verbose_name=_("related services"))
    is_active = models.BooleanField(_("offered"), default=True)

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["name_fr"]

    def __str__(self) -> str:
        return self.name_in(get_language() or "fr")

    def name_in(self, language: str) -> str:
        """The name of the service in `language` ("fr", "en", "pcm")."""
        return self.name_fr if language.startswith("fr") else self.name_en


class ProviderStatus(models.TextChoices):
    PENDING = "pending", _("Waiting for approval")
    ACTIVE = "active", _("Active")
    ON_HOLD = "on_hold", _("On hold")  # left several offers unanswered; staff decide
    SUSPENDED = "suspended", _("Suspended")


class ProviderQuerySet(models.QuerySet["Provider"]):
    def at_work(self, at: datetime) -> Self:
        """Providers that may get offers at all: active, verified, and not away at `at`."""
        return self.filter(status=ProviderStatus.ACTIVE, is_verified=True).filter(
            Q(unavailable_until__isnull=True) | Q(unavailable_until__lte=at)
        )


class Provider(models.Model):
    """A person or firm that takes jobs. Meets a `notifications` contact by number, never by foreign key."""

    name = models.CharField(_("name"), max_length=120)
    phone_number = models.CharField(
        _("phone number"),
        max_length=16,
        unique=True,
        validators=[RegexValidator(E164, _("Use the form +237677123456."))],
    )
    # libphonenumber doubts the number; it is kept, since its tables lag behind the operators.
    phone_doubtful = models.BooleanField(_("doubtful number"), default=False)
    email = models.EmailField(_("email"), blank=True)
    language = models.CharField(_("language"), max_length=8, default="fr")
    status = models.CharField(_("status"), max_length=10, choices=ProviderStatus, default=ProviderStatus.PENDING)
    is_verified = models.BooleanField(_("identity checked"), default=False)
    takes_emergencies = models.BooleanField(_("takes emergencies at any hour"), default=False)
    unavailable_until = models.DateTimeField(_("unavailable until"), null=True, blank=True)
    daily_capacity = models.PositiveSmallIntegerField(_("jobs a day at most"), default=6)
    radius_km = models.PositiveSmallIntegerField(_("reach in km"), default=15)
    base_zone = models.ForeignKey(Zone, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("base"))
    services = models.ManyToManyField(Service, related_name="providers", verbose_name=_("services"))
    zones = models.ManyToManyField(Zone, related_name="providers", verbose_name=_("zones"))
    notes = models.TextField(_("notes"), blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    objects = ProviderQuerySet.as_manager()

    class Meta:
        verbose_name = _("provider")
        verbose_name_plural = _("providers")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(name="provider_phone_number_is_e164", condition=Q(phone_number__regex=E164)),
            models.CheckConstraint(name="provider_status_is_known", condition=Q(status__in=ProviderStatus.values)),
            models.CheckConstraint(name="provider_has_a_name", condition=~Q(name="")),
        ]
        indexes = [models.Index(name="provider_by_status", fields=["status", "is_verified"])]

    def __str__(self) -> str:
        return shown_name(self.name) or f"#{self.pk}"


class Rank(IntEnum):
    """Whether somebody may get offers at all, as far as staff decide it."""

    MAY = 0
    DOUBTFUL = 1  # the number may be wrong: after the others
    MAY_NOT = 2  # not active, not checked, or takes no jobs


class SecondsOfTheWeek(models.Field[Any, Any]):
    """Spans of local time, in seconds since Monday 0:00: a multirange of PostgreSQL, which the database alone writes."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002  Django's signature
        return "int4multirange"


class Coverage(models.Model):
    """One row per provider, service and zone: derived from the provider's services and zones, read by matching.

    Rows are written only by `providers.coverage.refresh()`. The columns below `zone` repeat what the provider and the
    standing say, and triggers keep them true (migration 0004): one index serves whoever has waited longest, with all
    that a match compares, and reads nothing else. At a million providers each row read elsewhere is a page from disk.
    """

    provider = models.ForeignKey(Provider, models.CASCADE, related_name="coverage", verbose_name=_("provider"))
    # The unique index below begins with it, and it serves matching without reading the table.
    service = models.ForeignKey(Service, models.CASCADE, related_name="+", verbose_name=_("service"), db_index=False)
    zone = models.ForeignKey(Zone, models.CASCADE, related_name="+", verbose_name=_("zone"), db_index=False)
    rank = models.PositiveSmallIntegerField(default=Rank.MAY_NOT, editable=False)
    away_until = models.DateTimeField(null=True, editable=False)
    base_zone_id = models.BigIntegerField(null=True, editable=False)
    radius_km = models.PositiveSmallIntegerField(default=0, editable=False)
    daily_capacity = models.PositiveSmallIntegerField(default=0, editable=False)
    takes_emergencies = models.BooleanField(default=False, editable=False)
    held_back = models.CharField(max_length=12, default="", db_default="", editable=False)  # why staff do: a `LeftOut`
    works_at = SecondsOfTheWeek(null=True, editable=False)  # null: at all hours
    open_jobs = models.PositiveSmallIntegerField(default=0, editable=False)
    jobs_today = models.PositiveSmallIntegerField(default=0, editable=False)
    jobs_today_on = models.DateField(null=True, editable=False)
    offers_made = models.PositiveIntegerField(default=0, editable=False)
    offers_accepted = models.PositiveIntegerField(default=0, editable=False)
    rating_sum = models.PositiveIntegerField(default=0, editable=False)
    rating_count = models.PositiveIntegerField(default=0, editable=False)
    reply_seconds = models.PositiveSmallIntegerField(default=USUAL_REPLY, db_default=USUAL_REPLY, editable=False)
    last_offer_at = models.DateTimeField(null=True, editable=False)
    offers_lately = models.FloatField(default=0, db_default=0, editable=False)
    in_line_since = models.GeneratedField(
        expression=Greatest("last_offer_at", "away_until", Value(EPOCH)),
        output_field=models.DateTimeField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("coverage")
        verbose_name_plural = _("coverage")
        constraints = [
            models.UniqueConstraint(name="coverage_is_unique", fields=["service", "zone", "provider"]),
            models.CheckConstraint(name="coverage_rank_is_known", condition=Q(rank__in=[*Rank])),
        ]
        indexes = [
            # The line of each cell: matching reads its head.
            models.Index(
                name="coverage_line",
                fields=["service", "zone", "rank", "in_line_since", "provider"],
                include=[
                    *("away_until", "base_zone_id", "radius_km", "daily_capacity", "takes_emergencies"),
                    *("held_back", "works_at"),
                    *("open_jobs", "jobs_today", "jobs_today_on", "offers_made", "offers_accepted"),
                    *("rating_sum", "rating_count", "reply_seconds", "last_offer_at", "offers_lately"),
                ],
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_id}: {self.service_id} in {self.zone_id}"


class Availability(models.Model):
    """Working hours on one day of the week, local time. A provider without any row works at all hours."""

    # No index of its own: the unique one below begins with it.
    provider = models.ForeignKey(
        Provider, models.CASCADE, related_name="availability", verbose_name=_("provider"), db_index=False
    )
    weekday = models.PositiveSmallIntegerField(
        _("day"),
        choices=[
            (0, _("Monday")),
            (1, _("Tuesday")),
            (2, _("Wednesday")),
            (3, _("Thursday")),
            (4, _("Friday")),
            (5, _("Saturday")),
            (6, _("Sunday")),
        ],
    )
    opens = models.TimeField(_("from"))
    closes = models.TimeField(_("to"))

    class Meta:
        verbose_name = _("working hours")
        verbose_name_plural = _("working hours")
        ordering = ["weekday", "opens"]
        constraints = [
            models.CheckConstraint(name="availability_ends_after_it_begins", condition=Q(closes__gt=F("opens"))),
            models.CheckConstraint(name="availability_weekday_is_known", condition=Q(weekday__lte=6)),
            models.UniqueConstraint(name="availability_is_unique", fields=["provider", "weekday", "opens"]),
        ]

    def __str__(self) -> str:
        return f"{self.get_weekday_display()} {self.opens:%H:%M}-{self.closes:%H:%M}"


class Standing(models.Model):
    """What matching needs to know of a provider's past, in one row; `providers.standing` alone writes it.

    The audit recomputes it from the offers and jobs that it sums up.
    """

    provider = models.OneToOneField(
        Provider, models.CASCADE, primary_key=True, related_name="standing", verbose_name=_("provider")
    )
    open_jobs = models.PositiveSmallIntegerField(_("open jobs"), default=0)
    jobs_today = models.PositiveSmallIntegerField(_("jobs today"), default=0)
    jobs_today_on = models.DateField(_("day that is counted"), null=True, blank=True)
    jobs_done = models.PositiveIntegerField(_("jobs done"), default=0)
    offers_made = models.PositiveIntegerField(_("offers made"), default=0)
    offers_accepted = models.PositiveIntegerField(_("offers accepted"), default=0)
    unanswered_in_a_row = models.PositiveSmallIntegerField(_("offers unanswered in a row"), default=0)
    last_offer_at = models.DateTimeField(_("last offer"), null=True, blank=True)
    # Offers and jobs, each of which counts less as it ages (`scoring.fairness`): the sum as of the last offer.
    offers_lately = models.FloatField(_("offers lately"), default=0, db_default=0)
    # Wants offers again since then, and running searches have not been told yet; emptied by whoever tells them.
    back_at = models.DateTimeField(_("came back"), null=True, blank=True)
    # Of answers to offers: a mean in which each new one counts an eighth; an hour at most. Silence is no answer.
    reply_seconds = models.PositiveSmallIntegerField(
        _("usual time to answer, in seconds"), default=USUAL_REPLY, db_default=USUAL_REPLY
    )
    rating_sum = models.PositiveIntegerField(_("sum of ratings"), default=0)
    rating_count = models.PositiveIntegerField(_("number of ratings"), default=0)

    class Meta:
        verbose_name = _("standing")
        verbose_name_plural = _("standings")
        indexes = [models.Index(name="standing_back", fields=["back_at"], condition=Q(back_at__isnull=False))]
        constraints = [
            models.CheckConstraint(
                name="standing_accepts_no_more_than_offered", condition=Q(offers_accepted__lte=F("offers_made"))
            ),
            models.CheckConstraint(
                name="standing_rating_is_between_1_and_5",
                condition=Q(rating_sum__gte=F("rating_count")) & Q(rating_sum__lte=F("rating_count") * 5),
            ),
        ]

    def __str__(self) -> str:
        return str(self.provider_id)
