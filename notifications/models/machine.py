"""Rows by which several processes agree: the clock's offset, heartbeats, and what is due when."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Clock(models.Model):
    """One row: seconds added to the database's clock. Only tests and drills write it (never when DEBUG is off)."""

    offset_seconds = models.FloatField(default=0)

    class Meta:
        verbose_name = _("clock")
        verbose_name_plural = _("clock")

    def __str__(self) -> str:
        return f"{self.offset_seconds:+} s"


class Heartbeat(models.Model):
    """A running worker says that it lives, every few seconds."""

    worker = models.CharField(_("worker"), max_length=80, primary_key=True)
    started_at = models.DateTimeField(_("started"))
    seen_at = models.DateTimeField(_("last seen"))

    class Meta:
        verbose_name = _("heartbeat")
        verbose_name_plural = _("heartbeats")

    def __str__(self) -> str:
        return self.worker


class ScheduledRun(models.Model):
    """When a repeated duty was last begun, whichever worker began it."""

    name = models.CharField(_("duty"), max_length=80, primary_key=True)
    last_at = models.DateTimeField(_("last begun"), null=True, blank=True)

    class Meta:
        verbose_name = _("scheduled run")
        verbose_name_plural = _("scheduled runs")

    def __str__(self) -> str:
        return self.name
