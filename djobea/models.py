"""Rows about the whole: what the self-audit found, and who was erased."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AuditResult(models.Model):
    """What one check found at its last run. The rows that it named are looked at again at the next."""

    check_name = models.CharField(_("check"), max_length=80, primary_key=True)
    ran_at = models.DateTimeField(_("last run"))
    clean_at = models.DateTimeField(_("last clean run"), null=True, blank=True)
    rows = models.JSONField(_("broken rows"), default=list, blank=True)  # their keys
    milliseconds = models.PositiveIntegerField(_("time in ms"), default=0)

    class Meta:
        verbose_name = _("audit result")
        verbose_name_plural = _("self-audit")
        ordering = ["check_name"]

    def __str__(self) -> str:
        return self.check_name
