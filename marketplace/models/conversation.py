"""What people wrote to us, and where the talk with each of them stands."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact
from notifications.models.transitions import TransitionQuerySet


class Conversation(models.Model):
    """One talk with one person; the database allows one open talk a person.

    `step` is the question that was asked last (`dialogue.machine.Step`), `slots` what is known so far.
    """

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="conversations", verbose_name=_("contact"))
    is_open = models.BooleanField(_("open"), default=True)
    step = models.CharField(_("step"), max_length=30, default="start")
    slots = models.JSONField(_("what is known"), default=dict, blank=True)
    language = models.CharField(_("language"), max_length=8, default="fr")
    operator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("taken over by"),
    )
    needs_human = models.BooleanField(_("waits for a person"), default=False)
    seen_at = models.DateTimeField(_("read by staff until"), null=True, blank=True)
    opened_at = models.DateTimeField(_("opened"))
    last_message_at = models.DateTimeField(_("last message"))
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")
        ordering = ["-last_message_at"]
        constraints = [
            models.UniqueConstraint(
                name="conversation_is_single_while_open", fields=["contact"], condition=Q(is_open=True)
            ),
            models.CheckConstraint(
                name="conversation_closed_has_its_time", condition=Q(is_open=True) | Q(closed_at__isnull=False)
            ),
        ]
        indexes = [
            # The inbox of staff: those who wait, those that somebody has taken over, then all others, the newest first.
            models.Index(name="conversation_waits", fields=["last_message_at", "id"], condition=Q(needs_human=True)),
            models.Index(
                name="conversation_taken", fields=["-last_message_at", "-id"], condition=Q(operator__isnull=False)
            ),
            models.Index(name="conversation_newest", fields=["-last_message_at", "-id"]),
            models.Index(name="conversation_in_order", fields=["-needs_human", "-last_message_at", "-id"]),
        ]

    def __str__(self) -> str:
        return str(self.contact)

    @property
    def is_unread(self) -> bool:
        """Whether staff, who answer in this talk or are asked to, have not read the person's last message."""
        heard_at = self.contact.last_inbound_at
        if not (self.needs_human or self.operator_id) or heard_at is None:
            return False
        return self.seen_at is None or self.seen_at < heard_at


class InboundStatus(models.TextChoices):
    RECEIVED = "received", _("Received")
    PROCESSING = "processing", _("Processing")
    PROCESSED = "processed", _("Processed")
    FAILED = "failed", _("Failed")  # tried again by the worker, four times at most


class InboundMessageQuerySet(TransitionQuerySet["InboundMessage"]):
    sources: ClassVar = {
        InboundStatus.PROCESSING: frozenset({InboundStatus.RECEIVED, InboundStatus.FAILED, InboundStatus.PROCESSING}),
        InboundStatus.PROCESSED: frozenset({InboundStatus.PROCESSING}),
        InboundStatus.FAILED: frozenset({InboundStatus.PROCESSING}),
        InboundStatus.RECEIVED: frozenset({InboundStatus.FAILED, InboundStatus.PROCESSING}),
    }


class InboundMessage(models.Model):
    """A message as Twilio brought it: stored first, once per MessageSid, and never lost."""

    message_sid = models.CharField(_("MessageSid"), max_length=64, unique=True)
    contact = models.ForeignKey(Contact, models.CASCADE, related_name="inbound_messages", verbose_name=_("contact"))
    conversation = models.ForeignKey(
        Conversation,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,  # the index by conversation below begins with it
        related_name="inbound_messages",
    )
    from_address = models.CharField(_("from"), max_length=160)
    to_address = models.CharField(_("to"), max_length=160)
    body = models.TextField(_("text"), blank=True)
    message_type = models.CharField(_("type"), max_length=30, blank=True)
    trace = models.CharField(_("id in the logs"), max_length=64, blank=True, default="", db_default="")
    payload = models.JSONField(_("fields as they came"), default=dict)
    received_at = models.DateTimeField(_("received"))
    status = models.CharField(_("status"), max_length=12, choices=InboundStatus, default=InboundStatus.RECEIVED)
    attempts = models.PositiveSmallIntegerField(_("tries"), default=0)
    due_at = models.DateTimeField(_("due"))
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    processed_at = models.DateTimeField(_("processed"), null=True, blank=True)
    understood = models.JSONField(_("what was understood"), default=dict, blank=True)
    error = models.TextField(_("why it failed"), blank=True)
    was_caught_up = models.BooleanField(_("read from Twilio's list later"), default=False)

    objects = InboundMessageQuerySet.as_manager()

    class Meta:
        verbose_name = _("inbound message")
        verbose_name_plural = _("inbound messages")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="inbound_status_is_known", condition=Q(status__in=InboundStatus.values)),
            models.CheckConstraint(
                name="inbound_processing_is_leased",
                condition=Q(status=InboundStatus.PROCESSING, leased_until__isnull=False)
                | ~Q(status=InboundStatus.PROCESSING) & Q(leased_until__isnull=True),
            ),
            models.CheckConstraint(
                name="inbound_failed_has_its_reason", condition=~Q(status=InboundStatus.FAILED, error="")
            ),
            models.UniqueConstraint(
                name="inbound_one_at_a_time_per_person",
                fields=["contact"],
                condition=Q(status=InboundStatus.PROCESSING),
            ),
        ]
        indexes = [
            models.Index(name="inbound_by_conversation", fields=["conversation", "-id"]),
            models.Index(
                name="inbound_unfinished",
                fields=["due_at", "id"],
                condition=~Q(status=InboundStatus.PROCESSED),
            ),
            models.Index(
                name="inbound_unfinished_by_person",
                fields=["contact", "id"],
                condition=~Q(status=InboundStatus.PROCESSED),
            ),
        ]

    def __str__(self) -> str:
        return self.message_sid
