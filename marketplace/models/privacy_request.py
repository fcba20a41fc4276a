"""What a person wants done with their data. Staff confirm it; whoever exports or erases marks it done."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact
from notifications.models.transitions import TransitionQuerySet


class Wish(models.TextChoices):
    COPY = "copy", _("A copy of the data")
    ERASE = "erase", _("Deletion of the data")


class PrivacyStatus(models.TextChoices):
    ASKED = "asked", _("To confirm")
    CONFIRMED = "confirmed", _("Confirmed")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")


STILL_OPEN: Final = (PrivacyStatus.ASKED, PrivacyStatus.CONFIRMED)


class PrivacyRequestQuerySet(TransitionQuerySet["PrivacyRequest"]):
    sources: ClassVar = {
        PrivacyStatus.CONFIRMED: frozenset({PrivacyStatus.ASKED}),
        PrivacyStatus.DONE: frozenset({PrivacyStatus.CONFIRMED}),
        PrivacyStatus.REFUSED: frozenset({PrivacyStatus.ASKED}),
    }


class PrivacyRequest(models.Model):
    """The row outlives the contact, as proof that the wish was met."""

    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, related_name="privacy_requests", verbose_name=_("contact")
    )
    wish = models.CharField(_("wish"), max_length=8, choices=Wish)
    status = models.CharField(_("status"), max_length=10, choices=PrivacyStatus, default=PrivacyStatus.ASKED)
    asked_at = models.DateTimeField(_("asked"))
    decided_at = models.DateTimeField(_("decided"), null=True, blank=True)
    decided_by = models.CharField(_("decided by"), max_length=150, blank=True)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)

    objects = PrivacyRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("privacy request")
        verbose_name_plural = _("privacy requests")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="privacy_status_is_known", condition=Q(status__in=PrivacyStatus.values)),
            models.CheckConstraint(name="privacy_wish_is_known", condition=Q(wish__in=Wish.values)),
            models.UniqueConstraint(
                name="privacy_wish_is_single_while_open",
                fields=["contact", "wish"],
                condition=Q(status__in=list(STILL_OPEN)),
            ),
            models.CheckConstraint(
                name="privacy_done_has_its_time", condition=~Q(status=PrivacyStatus.DONE) | Q(done_at__isnull=False)
            ),
            models.CheckConstraint(
                name="privacy_decided_has_its_time",
                condition=Q(status=PrivacyStatus.ASKED) | Q(decided_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"
