"""The timeline: every event of a request with who and why, kept for audit."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from .request import ServiceRequest


class Event(models.Model):
    request = models.ForeignKey(ServiceRequest, models.CASCADE, related_name="events", verbose_name=_("request"))
    happened_at = models.DateTimeField(_("when"))
    name = models.CharField(_("event"), max_length=40)
    actor = models.CharField(_("by"), max_length=150)  # "customer", "provider:7", "system", "staff:awa"
    facts = models.JSONField(_("facts"), default=dict, blank=True)

    class Meta:
        verbose_name = _("event")
        verbose_name_plural = _("events")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.name
