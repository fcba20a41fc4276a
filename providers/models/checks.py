"""What staff set and check: the weights of the score, and numbers that may be wrong."""

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .network import Provider, ProviderStatus

WEIGHT_LIMITS: Final = [MinValueValidator(0), MaxValueValidator(100)]


class ScoreWeights(models.Model):
    """What counts how much in a score, from `created_at` on: the newest row is in force, the others are its history."""

    distance = models.FloatField(_("distance"), validators=WEIGHT_LIMITS)
    rating = models.FloatField(_("rating"), validators=WEIGHT_LIMITS)
    acceptance = models.FloatField(_("acceptance"), validators=WEIGHT_LIMITS)
    load = models.FloatField(_("load"), validators=WEIGHT_LIMITS)
    fairness = models.FloatField(_("fairness"), validators=WEIGHT_LIMITS)
    response = models.FloatField(_("response time"), validators=WEIGHT_LIMITS, default=0.05, db_default=0.05)
    why = models.CharField(_("why"), max_length=200, blank=True)
    changed_by = models.CharField(_("changed by"), max_length=150, blank=True)  # a user's name; empty: the first ones
    created_at = models.DateTimeField(_("in force since"))

    class Meta:
        verbose_name = _("score weights")
        verbose_name_plural = _("score weights")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="score_weights_are_between_0_and_100",
                condition=Q(distance__range=(0, 100))
                & Q(rating__range=(0, 100))
                & Q(acceptance__range=(0, 100))
                & Q(load__range=(0, 100))
                & Q(fairness__range=(0, 100))
                & Q(response__range=(0, 100)),
            ),
            models.CheckConstraint(
                name="score_weights_are_not_all_zero",
                condition=Q(distance__gt=0)
                | Q(rating__gt=0)
                | Q(acceptance__gt=0)
                | Q(load__gt=0)
                | Q(fairness__gt=0)
                | Q(response__gt=0),
            ),
        ]
        indexes = [models.Index(name="score_weights_newest", fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


class Doubt(models.TextChoices):
    """Why a number is doubted, beside what libphonenumber says of its form."""

    UNDELIVERED = "undelivered", _("A message could not reach it for good")
    LOOKUP = "lookup", _("Twilio's look-up does not know it")


class NumberCheck(models.Model):
    """What is known of a provider's number beside its form; `providers.number_checks` alone writes it."""

    provider = models.OneToOneField(Provider, models.CASCADE, primary_key=True, related_name="number_check")
    # The number that was checked: once the provider has another one, this row says nothing any more.
    phone_number = models.CharField(_("phone number"), max_length=16)
    doubt = models.CharField(_("doubt"), max_length=12, choices=Doubt, blank=True)
    code = models.CharField(_("error code"), max_length=16, blank=True)
    noted_at = models.DateTimeField(_("since"), null=True, blank=True)
    looked_up_at = models.DateTimeField(_("looked up"), null=True, blank=True)

    class Meta:
        verbose_name = _("number check")
        verbose_name_plural = _("number checks")
        constraints = [
            models.CheckConstraint(name="number_check_doubt_is_known", condition=Q(doubt__in=["", *Doubt.values])),
            models.CheckConstraint(
                name="number_check_doubt_has_its_moment", condition=Q(doubt="") | Q(noted_at__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return str(self.provider_id)


class NumberToCheckManager(models.Manager["NumberToCheck"]):
    def get_queryset(self) -> models.QuerySet["NumberToCheck"]:
        return super().get_queryset().filter(phone_doubtful=True).exclude(status=ProviderStatus.SUSPENDED)


class NumberToCheck(Provider):
    """A provider whose number staff should check; the suspended get no messages anyway."""

    objects = NumberToCheckManager()  # type: ignore[assignment, misc]  # fewer rows of the same kind

    class Meta:
        proxy = True
        verbose_name = _("number to check")
        verbose_name_plural = _("numbers to check")
