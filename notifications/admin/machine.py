"""How the processes agree: to look at when something stands still."""

from django.contrib import admin

from notifications.models import Clock, Heartbeat, ScheduledRun

from .base import ConsoleAdmin, ReadOnlyMixin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyMixin, ConsoleAdmin[Heartbeat]):
    list_display = ["worker", "started_at", "seen_at"]
    ordering = ["-seen_at"]


@admin.register(ScheduledRun)
class ScheduledRunAdmin(ReadOnlyMixin, ConsoleAdmin[ScheduledRun]):
    list_display = ["name", "last_at"]
    ordering = ["name"]


@admin.register(Clock)
class ClockAdmin(ReadOnlyMixin, ConsoleAdmin[Clock]):
    list_display = ["pk", "offset_seconds"]
