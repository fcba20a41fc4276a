"""An accepted offer, until the work is done and rated."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.transitions import TransitionQuerySet
from providers.models import Provider

from .offer import Offer
from .request import ServiceRequest


class JobStatus(models.TextChoices):
    ASSIGNED = "assigned", _("Assigned")
    CONFIRMED = "confirmed", _("Confirmed")
    ON_THE_WAY = "on_the_way", _("On the way")
    STARTED = "started", _("Started")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    NO_SHOW = "no_show", _("Did not come")


LIVE_JOB = (JobStatus.ASSIGNED, JobStatus.CONFIRMED, JobStatus.ON_THE_WAY, JobStatus.STARTED)


class JobQuerySet(TransitionQuerySet["Job"]):
    sources: ClassVar = {
        JobStatus.CONFIRMED: frozenset({JobStatus.ASSIGNED}),
        JobStatus.ON_THE_WAY: frozenset({JobStatus.ASSIGNED, JobStatus.CONFIRMED}),
        JobStatus.STARTED: frozenset({JobStatus.ASSIGNED, JobStatus.CONFIRMED, JobStatus.ON_THE_WAY}),
        JobStatus.DONE: frozenset(LIVE_JOB),
        JobStatus.CANCELLED: frozenset(LIVE_JOB),
        JobStatus.NO_SHOW: frozenset({JobStatus.ASSIGNED, JobStatus.CONFIRMED, JobStatus.ON_THE_WAY}),
    }


class Job(models.Model):
    """One per accepted offer; at most one live per request, and a new one replaces one that failed."""

    request = models.ForeignKey(ServiceRequest, models.PROTECT, related_name="jobs", verbose_name=_("request"))
    offer = models.OneToOneField(Offer, models.PROTECT, related_name="job", verbose_name=_("offer"))
    provider = models.ForeignKey(Provider, models.PROTECT, related_name="jobs", verbose_name=_("provider"))
    status = models.CharField(_("status"), max_length=12, choices=JobStatus, default=JobStatus.ASSIGNED)
    assigned_at = models.DateTimeField(_("assigned"))
    # Until then the provider says to be coming, else the job goes to another (`wave_policy.CONFIRM_WITHIN`); it moves
    # when the provider hears of the job late. Empty: nobody need confirm.
    confirm_by = models.DateTimeField(_("to be confirmed by"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    end_reason = models.CharField(_("why it ended"), max_length=300, blank=True)
    # Both sides' contact messages: the job counts as handed over only when both were delivered.
    customer_told_at = models.DateTimeField(_("customer knows who comes"), null=True, blank=True)
    provider_told_at = models.DateTimeField(_("provider knows the customer"), null=True, blank=True)

    # The customer says, or shows with stars, that the work is done.
    customer_agreed_at = models.DateTimeField(_("customer agrees that it is done"), null=True, blank=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="job_status_is_known", condition=Q(status__in=JobStatus.values)),
            models.UniqueConstraint(
                name="job_is_single_while_live", fields=["request"], condition=Q(status__in=LIVE_JOB)
            ),
            models.CheckConstraint(
                name="job_ended_has_its_time", condition=Q(status__in=LIVE_JOB) | Q(ended_at__isnull=False)
            ),
            models.CheckConstraint(
                name="job_agreed_is_done", condition=Q(customer_agreed_at__isnull=True) | Q(status=JobStatus.DONE)
            ),
        ]
        indexes = [
            models.Index(name="job_to_confirm", fields=["confirm_by"], condition=Q(status=JobStatus.ASSIGNED)),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"


class Rating(models.Model):
    """What one side says of the other after the job: 1 to 5."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="ratings", verbose_name=_("job"))
    by_customer = models.BooleanField(_("by the customer"), default=True)
    stars = models.PositiveSmallIntegerField(_("stars"))
    comment = models.TextField(_("comment"), blank=True)
    created_at = models.DateTimeField(_("given"))

    class Meta:
        verbose_name = _("rating")
        verbose_name_plural = _("ratings")
        constraints = [
            models.CheckConstraint(name="rating_is_between_1_and_5", condition=Q(stars__range=(1, 5))),
            models.UniqueConstraint(name="rating_is_given_once", fields=["job", "by_customer"]),
        ]

    def __str__(self) -> str:
        return f"{self.stars}/5"
