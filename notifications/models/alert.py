"""What staff must know: one alert per cause, however often it strikes."""

from typing import ClassVar, Final, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .transitions import TransitionQuerySet


class Severity(models.TextChoices):
    WARNING = "warning", _("Warning")
    ERROR = "error", _("Error")
    CRITICAL = "critical", _("Critical")


class AlertState(models.TextChoices):
    OPEN = "open", _("Open")
    ACKNOWLEDGED = "acknowledged", _("Acknowledged")
    RESOLVED = "resolved", _("Resolved")


UNRESOLVED: Final = (AlertState.OPEN, AlertState.ACKNOWLEDGED)


class AlertQuerySet(TransitionQuerySet["EscalationAlert"]):
    sources: ClassVar = {
        AlertState.OPEN: frozenset({AlertState.ACKNOWLEDGED}),
        AlertState.ACKNOWLEDGED: frozenset({AlertState.OPEN}),
        AlertState.RESOLVED: frozenset({AlertState.OPEN, AlertState.ACKNOWLEDGED}),
    }

    def unresolved(self) -> Self:
        """Alerts that still need somebody or something."""
        return self.exclude(state=AlertState.RESOLVED)

    def move(self, to: str, **facts: object) -> int:
        """Move by `state`, the name that integrations read."""
        return self.filter(state__in=self.sources[to]).update(state=to, **facts)


class EscalationAlert(models.Model):
    """One cause. While it is not resolved, a repetition adds to `occurrences` instead of making a new row."""

    fingerprint = models.CharField(_("fingerprint"), max_length=160)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity, default=Severity.ERROR)
    title = models.CharField(_("title"), max_length=200)
    cause = models.TextField(_("root cause"), blank=True)
    remedy = models.TextField(_("remedy"), blank=True)
    state = models.CharField(_("state"), max_length=12, choices=AlertState, default=AlertState.OPEN)
    occurrences = models.PositiveIntegerField(_("occurrences"), default=1)
    reference = models.CharField(_("concerns"), max_length=80, blank=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    acknowledged_at = models.DateTimeField(_("acknowledged"), null=True, blank=True)
    # Staff answer an alert by this code, from their own number; it is good while the alert is not resolved.
    code = models.CharField(_("code"), max_length=6, blank=True, editable=False)
    acknowledged_until = models.DateTimeField(_("acknowledgement holds until"), null=True, blank=True)
    reminded_at = models.DateTimeField(_("owner reminded"), null=True, blank=True)
    snoozed_until = models.DateTimeField(_("snoozed until"), null=True, blank=True)
    resolved_at = models.DateTimeField(_("resolved"), null=True, blank=True)
    resolved_by = models.CharField(_("resolved by"), max_length=150, blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("owner")
    )
    notes = models.TextField(_("notes"), blank=True)

    objects = AlertQuerySet.as_manager()

    class Meta:
        verbose_name = _("alert")
        verbose_name_plural = _("alerts")
        ordering = ["-last_seen_at"]
        constraints = [
            models.UniqueConstraint(
                name="alert_is_unique_while_unresolved",
                fields=["fingerprint"],
                condition=Q(state__in=list(UNRESOLVED)),
            ),
            models.UniqueConstraint(
                name="alert_code_is_unique_while_unresolved",
                fields=["code"],
                condition=Q(state__in=list(UNRESOLVED)) & ~Q(code=""),
            ),
            models.CheckConstraint(name="alert_state_is_known", condition=Q(state__in=AlertState.values)),
            models.CheckConstraint(name="alert_severity_is_known", condition=Q(severity__in=Severity.values)),
            models.CheckConstraint(
                name="alert_resolved_has_its_time",
                condition=~Q(state=AlertState.RESOLVED) | Q(resolved_at__isnull=False),
            ),
        ]
        indexes = [models.Index(name="alert_by_state", fields=["state", "-last_seen_at"])]

    def __str__(self) -> str:
        return self.title
