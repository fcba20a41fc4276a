"""What a provider asks for the work, and for work that came up on the way; the customer says yes or no."""

from typing import ClassVar, Final

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models.transitions import TransitionQuerySet

from .job import Job

MOST_FCFA: Final = 100_000_000  # above it somebody mistyped a phone number


class QuoteStatus(models.TextChoices):
    PROPOSED = "proposed", _("Waits for the customer")
    APPROVED = "approved", _("Approved")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")  # by a newer one, or by the end of the job


class QuoteQuerySet(TransitionQuerySet["Quote"]):
    sources: ClassVar = {
        QuoteStatus.APPROVED: frozenset({QuoteStatus.PROPOSED}),
        QuoteStatus.REFUSED: frozenset({QuoteStatus.PROPOSED}),
        QuoteStatus.WITHDRAWN: frozenset({QuoteStatus.PROPOSED}),
    }


class Quote(models.Model):
    """An amount for a job. At most one waits for an answer; whatever was approved adds up."""

    job = models.ForeignKey(Job, models.PROTECT, related_name="quotes", verbose_name=_("job"))
    is_extra = models.BooleanField(_("for work that came up later"), default=False)
    amount = models.PositiveIntegerField(_("amount in FCFA"))
    description = models.CharField(_("for what"), max_length=300, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=QuoteStatus, default=QuoteStatus.PROPOSED)
    proposed_at = models.DateTimeField(_("proposed"))
    answered_at = models.DateTimeField(_("answered"), null=True, blank=True)

    objects = QuoteQuerySet.as_manager()

    class Meta:
        verbose_name = _("quote")
        verbose_name_plural = _("quotes")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="quote_status_is_known", condition=Q(status__in=QuoteStatus.values)),
            models.CheckConstraint(name="quote_amount_is_possible", condition=Q(amount__range=(1, MOST_FCFA))),
            models.UniqueConstraint(name="quote_waits_alone", fields=["job"], condition=Q(status=QuoteStatus.PROPOSED)),
            models.CheckConstraint(
                name="quote_answered_has_its_time",
                condition=Q(status=QuoteStatus.PROPOSED, answered_at__isnull=True)
                | ~Q(status=QuoteStatus.PROPOSED) & Q(answered_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} FCFA"
