"""What staff did by hand: who, what, why, when, to which messages, and what these were before."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .notification import Notification, Status
from .transitions import TransitionQuerySet


class StaffDeed(models.TextChoices):
    RETRY = "retry", _("Send again")
    EDIT = "edit", _("Edit and send again")
    MOVE = "move", _("Move to another channel")
    CANCEL = "cancel", _("Call back")
    PAUSE = "pause", _("Pause the channel")
    RESUME = "resume", _("Let the channel send again")


class ActionStatus(models.TextChoices):
    RUNNING = "running", _("Running")  # batches are left to do
    DONE = "done", _("Done")
    STOPPED = "stopped", _("Stopped")  # by a person, or by a fault that `note` names


class StaffActionQuerySet(TransitionQuerySet["StaffAction"]):
    sources: ClassVar = {
        ActionStatus.DONE: frozenset({ActionStatus.RUNNING}),
        ActionStatus.STOPPED: frozenset({ActionStatus.RUNNING}),
    }


class StaffAction(models.Model):
    """One decision of a person. It walks through its messages by id, batch by batch, and so survives every restart.

    `selection` says which messages (see `staff_actions.Selection`), as they were when it began: none newer than
    `last_id`. `cursor` is the last message looked at, so each is looked at once.
    """

    deed = models.CharField(_("action"), max_length=8, choices=StaffDeed)
    status = models.CharField(_("status"), max_length=8, choices=ActionStatus, default=ActionStatus.RUNNING)
    by = models.CharField(_("by"), max_length=150)
    why = models.CharField(_("reason"), max_length=300)
    selection = models.JSONField(_("selection"), default=dict, blank=True)
    channel = models.CharField(_("channel"), max_length=16, blank=True)  # moved to, paused or resumed
    begun_at = models.DateTimeField(_("begun"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    last_id = models.BigIntegerField(default=0)
    cursor = models.BigIntegerField(default=0)
    expected = models.PositiveIntegerField(_("foreseen"), null=True, blank=True)  # messages that the dry run named
    done_count = models.PositiveIntegerField(_("messages"), default=0)
    skipped = models.JSONField(_("left as they were"), default=dict, blank=True)  # reason -> messages
    note = models.CharField(_("note"), max_length=200, blank=True)

    objects = StaffActionQuerySet.as_manager()

    class Meta:
        verbose_name = _("staff action")
        verbose_name_plural = _("staff actions")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="staff_action_deed_is_known", condition=Q(deed__in=StaffDeed.values)),
            models.CheckConstraint(name="staff_action_status_is_known", condition=Q(status__in=ActionStatus.values)),
            models.CheckConstraint(name="staff_action_has_who_and_why", condition=~Q(by="") & ~Q(why="")),
            models.CheckConstraint(
                name="staff_action_runs_or_has_its_end",
                condition=Q(status=ActionStatus.RUNNING, finished_at__isnull=True)
                | ~Q(status=ActionStatus.RUNNING) & Q(finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="staff_action_running", fields=["id"], condition=Q(status=ActionStatus.RUNNING)),
            models.Index(name="staff_action_by_channel", fields=["channel", "-id"], condition=~Q(channel="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_deed_display()} · {self.by}"

    @property
    def skipped_count(self) -> int:
        """Messages that were looked at and left as they were."""
        return sum(self.skipped.values())


class StaffActionLine(models.Model):
    """One message that an action changed, and what it was before. Goes when the message goes."""

    action = models.ForeignKey(StaffAction, models.CASCADE, related_name="lines")
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="staff_lines")
    status_before = models.CharField(_("status before"), max_length=12, choices=Status)
    channel_before = models.CharField(_("channel before"), max_length=16)
    error_before = models.CharField(_("error before"), max_length=16, blank=True)
    # Column -> old value of what a person edited: {"body": "...", "phone_number": "+237..."}.
    old_values = models.JSONField(_("old values"), default=dict, blank=True)

    class Meta:
        verbose_name = _("message of an action")
        verbose_name_plural = _("messages of actions")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(name="staff_action_line_is_unique", fields=["action", "notification"]),
        ]

    def __str__(self) -> str:
        return f"#{self.notification_id}"
