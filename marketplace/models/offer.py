"""How a provider was looked for: match runs, waves and offers."""

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.transitions import TransitionQuerySet
from providers.models import Provider

from .request import ServiceRequest


class MatchRun(models.Model):
    """One look for providers: whom it chose and why, who came near, and how many fell to which reason."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="match_runs")
    level = models.CharField(_("level"), max_length=10)
    ran_at = models.DateTimeField(_("ran"))
    chosen = models.JSONField(_("chosen"), default=list)
    near_misses = models.JSONField(_("near misses"), default=list)
    # What was asked, so that the run can be explained, counted and repeated later: the fields of `matching.Need`.
    need = models.JSONField(_("what was asked"), default=dict)
    sought = models.PositiveSmallIntegerField(_("how many were sought"), default=0)
    # Whoever was neither chosen nor a near miss; known after the offers went out (`match_runs.explain`).
    counts = models.JSONField(_("the rest, by reason"), default=dict)
    counted_at = models.DateTimeField(_("rest counted"), null=True, blank=True)

    class Meta:
        verbose_name = _("match run")
        verbose_name_plural = _("match runs")
        ordering = ["-pk"]
        indexes = [
            models.Index(name="match_run_uncounted", fields=["id"], condition=Q(counted_at__isnull=True)),
            # The coverage page and the preview of weights look at the runs of some days.
            models.Index(name="match_run_when", fields=["ran_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.level} #{self.pk}"


class Wave(models.Model):
    """A few offers that went out together and end together."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="waves")
    match_run = models.ForeignKey(MatchRun, models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField(_("number"))
    started_at = models.DateTimeField(_("started"))
    ends_at = models.DateTimeField(_("ends"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("wave")
        verbose_name_plural = _("waves")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="wave_number_is_unique", fields=["request", "number"]),
            models.UniqueConstraint(
                name="wave_is_single_while_open", fields=["request"], condition=Q(closed_at__isnull=True)
            ),
        ]
        indexes = [models.Index(name="wave_open", fields=["ends_at"], condition=Q(closed_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.number}"


class OfferStatus(models.TextChoices):
    OPEN = "open", _("Open")
    ACCEPTED = "accepted", _("Accepted")
    DECLINED = "declined", _("Declined")
    TAKEN = "taken", _("Taken by another")
    EXPIRED = "expired", _("Unanswered")
    UNREACHABLE = "unreachable", _("Not delivered")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    RELEASED = "released", _("Released")  # was accepted; its job failed


WAS_ACCEPTED = (OfferStatus.ACCEPTED, OfferStatus.RELEASED)  # whatever became of its job


class OfferQuerySet(TransitionQuerySet["Offer"]):
    sources: ClassVar = {
        # Its message never left us; or it is accepted late; or staff have called, and the provider takes the job after all.
        OfferStatus.OPEN: frozenset(
            {
                OfferStatus.UNREACHABLE,
                OfferStatus.DECLINED,
                OfferStatus.EXPIRED,
                OfferStatus.WITHDRAWN,
                OfferStatus.TAKEN,
            }
        ),
        OfferStatus.ACCEPTED: frozenset({OfferStatus.OPEN}),
        OfferStatus.DECLINED: frozenset({OfferStatus.OPEN}),
        OfferStatus.TAKEN: frozenset({OfferStatus.OPEN}),
        OfferStatus.EXPIRED: frozenset({OfferStatus.OPEN}),
        OfferStatus.UNREACHABLE: frozenset({OfferStatus.OPEN}),
        OfferStatus.WITHDRAWN: frozenset({OfferStatus.OPEN}),
        OfferStatus.RELEASED: frozenset({OfferStatus.ACCEPTED}),
    }

    def still_open(self, at: datetime) -> Self:
        """Offers that may be accepted at `at`."""
        return self.filter(status=OfferStatus.OPEN, expires_at__gt=at)


class Offer(models.Model):
    """One job offered to one provider, with the reasons for choosing this one."""

    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="offers", verbose_name=_("request"))
    wave = models.ForeignKey(Wave, models.CASCADE, related_name="offers", verbose_name=_("wave"))
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="offers", verbose_name=_("provider"))
    status = models.CharField(_("status"), max_length=12, choices=OfferStatus, default=OfferStatus.OPEN)
    level = models.CharField(_("level"), max_length=10)
    score = models.FloatField(_("score"), default=0)
    score_parts = models.JSONField(_("parts of the score"), default=dict)
    distance_km = models.FloatField(_("distance in km"), null=True, blank=True)
    created_at = models.DateTimeField(_("made"))
    expires_at = models.DateTimeField(_("open until"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="offer_status_is_known", condition=Q(status__in=OfferStatus.values)),
            models.UniqueConstraint(name="offer_is_made_once", fields=["request", "provider"]),
            models.UniqueConstraint(
                name="offer_is_accepted_once", fields=["request"], condition=Q(status=OfferStatus.ACCEPTED)
            ),
        ]
        indexes = [
            models.Index(
                name="offer_open_by_provider", fields=["provider", "-id"], condition=Q(status=OfferStatus.OPEN)
            )
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
