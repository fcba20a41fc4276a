"""Somebody who wants to join as a provider: what they told in the chat, and what staff decided."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact
from notifications.models.contact import E164
from notifications.models.transitions import TransitionQuerySet
from providers.models import Provider, Service, Zone


class ApplicationStatus(models.TextChoices):
    OPEN = "open", _("Being written")
    SUBMITTED = "submitted", _("To decide")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")


UNDECIDED: Final = (ApplicationStatus.OPEN, ApplicationStatus.SUBMITTED)


class ApplicationQuerySet(TransitionQuerySet["Application"]):
    sources: ClassVar = {
        ApplicationStatus.SUBMITTED: frozenset({ApplicationStatus.OPEN}),
        ApplicationStatus.APPROVED: frozenset({ApplicationStatus.SUBMITTED}),
        ApplicationStatus.REFUSED: frozenset({ApplicationStatus.SUBMITTED}),
    }


class Application(models.Model):
    """One application a person at a time. Of the code that proves the number only the SHA-256 is kept."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="applications", verbose_name=_("contact"))
    status = models.CharField(_("status"), max_length=10, choices=ApplicationStatus, default=ApplicationStatus.OPEN)
    language = models.CharField(_("language"), max_length=8, default="fr")
    name = models.CharField(_("name"), max_length=120, blank=True)
    services = models.ManyToManyField(Service, related_name="+", blank=True, verbose_name=_("services"))
    zones = models.ManyToManyField(Zone, related_name="+", blank=True, verbose_name=_("zones"))
    identity = models.JSONField(_("photo of the identity card"), default=dict, blank=True)  # a reference, no file
    phone_number = models.CharField(_("phone number"), max_length=16, blank=True)
    number_proved_at = models.DateTimeField(_("number proved"), null=True, blank=True)
    code_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    code_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    code_tries = models.PositiveSmallIntegerField(_("wrong codes"), default=0)
    codes_sent = models.PositiveSmallIntegerField(_("codes sent"), default=0)
    provider = models.ForeignKey(
        Provider, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("provider")
    )
    started_at = models.DateTimeField(_("begun"))
    submitted_at = models.DateTimeField(_("submitted"), null=True, blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = _("application")
        verbose_name_plural = _("applications")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="application_status_is_known", condition=Q(status__in=ApplicationStatus.values)
            ),
            models.CheckConstraint(
                name="application_number_is_e164", condition=Q(phone_number="") | Q(phone_number__regex=E164)
            ),
            models.UniqueConstraint(
                name="application_is_single_while_undecided",
                fields=["contact"],
                condition=Q(status__in=list(UNDECIDED)),
            ),
            models.CheckConstraint(
                name="application_decided_has_its_time",
                condition=Q(status__in=list(UNDECIDED)) | Q(decided_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="application_to_decide", fields=["id"], condition=Q(status=ApplicationStatus.SUBMITTED))
        ]

    def __str__(self) -> str:
        return self.name or str(self.contact)
