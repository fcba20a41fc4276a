"""The queue: one row a message, one attempt a call that left, one receipt a callback."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar, Final, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from .alert import EscalationAlert
from .channel import Account, ChannelName
from .contact import E164, Contact
from .subscription import WebhookSubscription
from .transitions import TransitionQuerySet


class Status(models.TextChoices):
    QUEUED = "queued", _("Queued")  # waits for due_at
    SENDING = "sending", _("Sending")  # leased by one worker
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")  # did Twilio take it? due_at is the next look
    SENT = "sent", _("Sent")  # accepted by the channel
    DELIVERED = "delivered", _("Delivered")
    READ = "read", _("Read")
    DEAD = "dead", _("Dead letter")  # a person must look at it
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")  # no longer useful


ARRIVED: Final = (Status.DELIVERED, Status.READ)
SETTLED: Final = (Status.DELIVERED, Status.READ, Status.DEAD, Status.CANCELLED, Status.EXPIRED)

SOURCES: Final[Mapping[str, frozenset[str]]] = {
    Status.QUEUED: frozenset({Status.SENDING, Status.UNCONFIRMED, Status.SENT, Status.DEAD}),
    Status.SENDING: frozenset({Status.QUEUED}),
    Status.UNCONFIRMED: frozenset({Status.SENDING}),
    Status.SENT: frozenset({Status.SENDING, Status.UNCONFIRMED}),
    Status.DELIVERED: frozenset(
        {Status.QUEUED, Status.SENDING, Status.UNCONFIRMED, Status.SENT, Status.DEAD, Status.EXPIRED}
    ),
    Status.READ: frozenset(
        {
            Status.QUEUED,
            Status.SENDING,
            Status.UNCONFIRMED,
            Status.SENT,
            Status.DELIVERED,
            Status.DEAD,
            Status.EXPIRED,
        }
    ),
    Status.DEAD: frozenset({Status.QUEUED, Status.SENDING, Status.UNCONFIRMED, Status.SENT}),
    Status.CANCELLED: frozenset({Status.QUEUED, Status.UNCONFIRMED}),
    Status.EXPIRED: frozenset({Status.QUEUED, Status.UNCONFIRMED}),
}


class Priority(models.IntegerChoices):
    BULK = 0, _("Bulk")
    NORMAL = 1, _("Normal")
    URGENT = 2, _("Urgent")


class WaitingFor(models.TextChoices):
    """Why a queued message does not leave now."""

    NOTHING = "", _("Nothing")
    RETRY = "retry", _("The next try")
    CHANNEL = "channel", _("The channel to be repaired")
    BUDGET = "budget", _("The next free slot of the daily limit")
    QUIET_HOURS = "quiet_hours", _("The morning")
    FLOOD = "flood", _("A pause for this recipient")


class NotificationQuerySet(TransitionQuerySet["Notification"]):
    sources: ClassVar = SOURCES

    def due(self, at: datetime) -> Self:
        """Waiting messages whose time has come, the most urgent first."""
        return self.filter(status=Status.QUEUED, due_at__lte=at).order_by("-priority", "due_at", "pk")


class Notification(models.Model):
    """One message to one person, whatever channels it takes to get there."""

    purpose = models.CharField(_("purpose"), max_length=40)
    contact = models.ForeignKey(
        Contact, models.SET_NULL, null=True, blank=True, related_name="notifications", verbose_name=_("contact")
    )
    phone_number = models.CharField(_("phone number"), max_length=16, blank=True)
    whatsapp_id = models.CharField(_("WhatsApp id"), max_length=140, blank=True)
    email = models.EmailField(_("email"), blank=True)
    # Only calls to other programs have these two; the address stays when the subscription goes.
    endpoint = models.CharField(_("called address"), max_length=500, blank=True, default="", db_default="")
    subscription = models.ForeignKey(
        WebhookSubscription,
        models.SET_NULL,
        null=True,
        blank=True,
        db_index=False,
        related_name="calls",
        verbose_name=_("webhook"),
    )
    language = models.CharField(_("language"), max_length=8, default="fr")
    body = models.TextField(_("text"))
    sms_body = models.TextField(_("text for SMS"), blank=True)  # empty: the same text
    subject = models.CharField(_("subject"), max_length=200, blank=True)
    # Buttons: [{"id": "offer:42:accept", "title": "Accepter"}, ...]; numbered lines where buttons are impossible.
    choices = models.JSONField(_("choices"), default=list, blank=True)
    context = models.JSONField(_("template variables"), default=dict, blank=True)
    priority = models.SmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    reference = models.CharField(_("concerns"), max_length=80, blank=True)
    trace = models.CharField(_("id in the logs"), max_length=64, blank=True, default="", db_default="")
    dedupe_key = models.CharField(_("dedupe key"), max_length=160, null=True, blank=True, unique=True)
    channel = models.CharField(_("channel"), max_length=16)
    channels_left = ArrayField(models.CharField(max_length=16), default=list, verbose_name=_("channels left"))
    status = models.CharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    waiting_for = models.CharField(
        _("waits for"), max_length=12, choices=WaitingFor, default=WaitingFor.NOTHING, blank=True
    )
    attempt_count = models.PositiveSmallIntegerField(_("attempts"), default=0)  # calls that left; never reset
    retry_count = models.PositiveSmallIntegerField(_("own failures"), default=0)  # on this channel; waiting costs none
    max_retries = models.PositiveSmallIntegerField(_("tries at most"), default=5)
    due_at = models.DateTimeField(_("due"))
    expires_at = models.DateTimeField(_("useful until"), null=True, blank=True)
    must_know_by = models.DateTimeField(_("must be known by"), null=True, blank=True)
    receipt_due_at = models.DateTimeField(_("receipt expected by"), null=True, blank=True)
    leased_until = models.DateTimeField(_("leased until"), null=True, blank=True)
    leased_by = models.CharField(_("leased by"), max_length=80, blank=True)
    last_error_code = models.CharField(_("last error"), max_length=16, blank=True)
    last_error = models.TextField(_("last error text"), blank=True)
    provider_sid = models.CharField(_("SID"), max_length=64, null=True, blank=True, unique=True)
    possible_duplicate = models.BooleanField(_("possible duplicate"), default=False)
    alert = models.ForeignKey(
        EscalationAlert,
        models.PROTECT,
        null=True,
        blank=True,
        db_index=False,
        related_name="dead_letters",
        verbose_name=_("alert"),
    )
    news_due = models.DateTimeField(_("news to be told since"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now())
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True)
    delivered_at = models.DateTimeField(_("delivered"), null=True, blank=True)
    read_at = models.DateTimeField(_("read"), null=True, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        db_table = "notification_queue"
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        ordering = ["-pk"]
        constraints = [  # choices bind forms only; the database binds everybody
            models.CheckConstraint(name="notification_status_is_known", condition=Q(status__in=Status.values)),
            models.CheckConstraint(name="notification_priority_is_known", condition=Q(priority__in=Priority.values)),
            models.CheckConstraint(
                name="notification_has_an_address",
                condition=~Q(phone_number="") | ~Q(whatsapp_id="") | ~Q(email="") | ~Q(endpoint=""),
            ),
            models.CheckConstraint(
                name="notification_phone_number_is_e164",
                condition=Q(phone_number="") | Q(phone_number__regex=E164),
            ),
            models.CheckConstraint(
                name="notification_sending_is_leased",
                condition=Q(status=Status.SENDING, leased_until__isnull=False) & ~Q(leased_by="")
                | ~Q(status=Status.SENDING) & Q(leased_until__isnull=True, leased_by=""),
            ),
            models.CheckConstraint(
                name="notification_dead_has_its_reason", condition=~Q(status=Status.DEAD, last_error_code="")
            ),
            models.CheckConstraint(
                name="notification_sent_has_an_attempt",
                condition=~Q(status__in=[Status.SENT, Status.DELIVERED, Status.READ, Status.UNCONFIRMED])
                | Q(attempt_count__gt=0),
            ),
            models.CheckConstraint(
                name="notification_retries_are_bounded", condition=Q(retry_count__lte=F("max_retries"))
            ),
        ]
        indexes = [
            # The worker's claim: one channel and priority at a time; stays small when millions of rows are settled.
            models.Index(
                name="notification_due",
                fields=["channel", "priority", "due_at", "id"],
                condition=Q(status=Status.QUEUED),
            ),
            # Messages that have not been sorted yet into those that wait for a closed channel and those that leave it.
            models.Index(
                name="notification_unsorted",
                fields=["channel", "due_at", "id"],
                condition=Q(status=Status.QUEUED, waiting_for=WaitingFor.NOTHING),
            ),
            models.Index(
                name="notification_deadline",
                fields=["must_know_by"],
                condition=Q(must_know_by__isnull=False, delivered_at__isnull=True),
            ),
            models.Index(name="notification_lease", fields=["leased_until"], condition=Q(status=Status.SENDING)),
            models.Index(name="notification_unconfirmed", fields=["due_at"], condition=Q(status=Status.UNCONFIRMED)),
            models.Index(
                name="notification_receipt_due",
                fields=["receipt_due_at"],
                condition=Q(status=Status.SENT, receipt_due_at__isnull=False),
            ),
            models.Index(
                name="notification_expiry",
                fields=["expires_at"],
                condition=Q(status__in=[Status.QUEUED, Status.UNCONFIRMED], expires_at__isnull=False),
            ),
            models.Index(name="notification_news", fields=["news_due"], condition=Q(news_due__isnull=False)),
            models.Index(name="notification_by_status", fields=["status", "-id"]),
            models.Index(
                name="notification_by_subscription",
                fields=["subscription", "-id"],
                condition=Q(subscription__isnull=False),
            ),
            models.Index(name="notification_by_alert", fields=["alert", "-id"], condition=Q(alert__isnull=False)),
            # The console's searches, by the whole or by a prefix whatever the server's collation.
            models.Index(
                name="notification_by_number",
                fields=["phone_number", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
            models.Index(
                name="notification_by_reference",
                fields=["reference", "-id"],
                opclasses=["varchar_pattern_ops", "int8_ops"],
            ),
            models.Index(Upper("email"), name="notification_by_email", condition=~Q(email="")),
            # Its filters. Each leaves out the value that most rows have: there the newest rows are found by their id.
            models.Index(name="notification_by_purpose", fields=["purpose", "-id"]),
            models.Index(
                name="notification_by_channel",
                fields=["channel", "-id"],
                condition=~Q(channel=ChannelName.WHATSAPP),
            ),
            models.Index(
                name="notification_by_priority",
                fields=["priority", "-id"],
                condition=~Q(priority=Priority.NORMAL),
            ),
            models.Index(
                name="notification_by_wait",
                fields=["waiting_for", "-id"],
                condition=~Q(waiting_for=WaitingFor.NOTHING),
            ),
            models.Index(
                name="notification_by_error", fields=["last_error_code", "-id"], condition=~Q(last_error_code="")
            ),
            models.Index(name="notification_duplicates", fields=["-id"], condition=Q(possible_duplicate=True)),
            models.Index(name="notification_by_due", fields=["due_at", "-id"], condition=Q(status=Status.QUEUED)),
            # Dead letters by cause.
            models.Index(
                name="notification_dead_by_cause",
                fields=["last_error_code", "-id"],
                condition=Q(status=Status.DEAD),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.purpose}"

    @property
    def is_urgent(self) -> bool:
        return self.priority == Priority.URGENT


class Outcome(models.TextChoices):
    IN_FLIGHT = "in_flight", _("In flight")  # the call has left, no answer yet
    ACCEPTED = "accepted", _("Accepted")
    REFUSED = "refused", _("Refused")  # surely not taken
    UNKNOWN = "unknown", _("Unknown")  # perhaps taken
    NOT_SENT = "not_sent", _("Not sent")  # planned, but the call never left
    FAILED = "failed", _("Failed later")  # accepted, then a callback said it failed


UNCOUNTED: Final = (Outcome.REFUSED, Outcome.NOT_SENT)  # what does not count towards the daily limit


class Attempt(models.Model):
    """One call that left the machine: committed before it leaves, completed when its answer is known."""

    public_id = models.UUIDField(_("id in callbacks"), default=uuid.uuid4, unique=True, editable=False)
    notification = models.ForeignKey(Notification, models.CASCADE, related_name="attempts")
    channel = models.CharField(_("channel"), max_length=16)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="attempts")
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome, default=Outcome.IN_FLIGHT)
    error_code = models.CharField(_("error code"), max_length=16, blank=True)
    error_message = models.TextField(_("error text"), blank=True)
    http_status = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    request_id = models.CharField(_("Twilio's request id"), max_length=40, blank=True)
    provider_sid = models.CharField(_("SID"), max_length=64, null=True, blank=True, unique=True)
    latency_ms = models.PositiveIntegerField(_("latency in ms"), null=True, blank=True)
    sender = models.CharField(_("from"), max_length=160, blank=True)
    receiver = models.CharField(_("to"), max_length=160, blank=True)

    class Meta:
        verbose_name = _("attempt")
        verbose_name_plural = _("attempts")
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(name="attempt_outcome_is_known", condition=Q(outcome__in=Outcome.values)),
            models.CheckConstraint(
                name="attempt_finished_unless_in_flight",
                condition=Q(outcome=Outcome.IN_FLIGHT, finished_at__isnull=True)
                | ~Q(outcome=Outcome.IN_FLIGHT) & Q(finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                name="attempt_counts_for_the_limit",
                fields=["account", "started_at"],
                condition=~Q(outcome__in=UNCOUNTED),
            ),
            models.Index(name="attempt_by_channel_and_time", fields=["channel", "started_at"]),
            models.Index(name="attempt_by_outcome", fields=["outcome", "-id"], condition=~Q(outcome=Outcome.ACCEPTED)),
            models.Index(name="attempt_by_error", fields=["error_code", "-id"], condition=~Q(error_code="")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.outcome}"


class Receipt(models.Model):
    """A status callback as it came; kept even where it came before the API's answer."""

    provider_sid = models.CharField(_("SID"), max_length=64)
    status = models.CharField(_("status"), max_length=20)
    attempt_public_id = models.UUIDField(_("attempt named by the callback"), null=True, blank=True)
    error_code = models.CharField(_("error code"), max_length=16, blank=True)
    error_message = models.CharField(_("error text"), max_length=500, blank=True)
    received_at = models.DateTimeField(_("received"))
    applied_at = models.DateTimeField(_("applied"), null=True, blank=True)
    failures = models.PositiveSmallIntegerField(_("failures of its application"), default=0)
    due_at = models.DateTimeField(_("tried again"), null=True, blank=True)  # after a failure

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [models.UniqueConstraint(name="receipt_is_unique", fields=["provider_sid", "status"])]
        indexes = [models.Index(name="receipt_waiting", fields=["received_at"], condition=Q(applied_at__isnull=True))]

    def __str__(self) -> str:
        return f"{self.provider_sid}: {self.status}"
