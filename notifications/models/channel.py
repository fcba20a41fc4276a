"""The ways out: channels, and the Twilio accounts whose limits they share."""

from datetime import datetime
from typing import Final, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ChannelName(models.TextChoices):
    WHATSAPP = "whatsapp", _("WhatsApp")
    SMS = "sms", _("SMS")
    EMAIL = "email", _("Email")
    WEBHOOK = "webhook", _("Webhook")  # to other programs, never to people


TO_PEOPLE: Final = (ChannelName.WHATSAPP, ChannelName.SMS, ChannelName.EMAIL)


class Account(models.Model):
    """A Twilio account. Its daily limit counts every channel of the account together (Twilio, error 63038)."""

    sid = models.CharField(_("account SID"), max_length=34, unique=True)
    # Messages in a rolling 24 hours; empty: unknown. Set by TWILIO_DAILY_LIMIT or learned from Twilio's answer.
    daily_limit = models.PositiveIntegerField(_("messages in 24 hours"), null=True, blank=True)
    limit_since = models.DateTimeField(_("limit known since"), null=True, blank=True, editable=False)
    urgent_share = models.FloatField(_("share kept for urgent messages"), default=0.2)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_code = models.CharField(_("pause code"), max_length=16, blank=True)

    class Meta:
        verbose_name = _("Twilio account")
        verbose_name_plural = _("Twilio accounts")
        constraints = [
            models.CheckConstraint(
                name="account_urgent_share_is_a_share", condition=Q(urgent_share__gte=0) & Q(urgent_share__lte=1)
            )
        ]

    def __str__(self) -> str:
        return f"…{self.sid[-6:]}"

    def is_paused(self, at: datetime) -> bool:
        """Whether the account's limit is used up at `at`."""
        return self.paused_until is not None and self.paused_until > at


class ChannelQuerySet(models.QuerySet["Channel"]):
    def open(self, at: datetime) -> Self:
        """Channels that may send at `at`: configured and not paused."""
        return self.filter(is_configured=True).filter(Q(paused_until__isnull=True) | Q(paused_until__lte=at))


class Channel(models.Model):
    """One way out, its sender, its speed and its circuit breaker.

    Paused means `paused_until` lies ahead; `pause_code` says why: an error code, or `staff`.
    """

    name = models.CharField(_("name"), max_length=16, unique=True)
    account = models.ForeignKey(
        Account, models.PROTECT, null=True, blank=True, related_name="channels", verbose_name=_("account")
    )
    sender = models.CharField(_("sender"), max_length=120, blank=True)
    is_configured = models.BooleanField(_("configured"), default=False)
    per_second = models.FloatField(_("messages a second"), default=20)
    tokens = models.FloatField(default=0, editable=False)
    tokens_at = models.DateTimeField(null=True, editable=False)
    slowed_until = models.DateTimeField(_("slowed down until"), null=True, blank=True)
    paused_until = models.DateTimeField(_("paused until"), null=True, blank=True)
    pause_code = models.CharField(_("pause code"), max_length=16, blank=True)
    pause_reason = models.TextField(_("why it is paused"), blank=True)
    paused_at = models.DateTimeField(_("paused since"), null=True, blank=True)
    is_half_open = models.BooleanField(_("half-open"), default=False)  # one message may try the repaired channel
    failed_trials = models.PositiveSmallIntegerField(default=0, editable=False)  # since it opened; each waits longer
    closed_at = models.DateTimeField(_("circuit closed"), null=True, blank=True, editable=False)
    # The circuit opens when this share of the calls of five minutes failed through no fault of the recipients.
    failure_share = models.FloatField(_("share of failures that closes the channel"), default=0.5)
    probed_at = models.DateTimeField(_("last probe"), null=True, blank=True)
    probe_answer = models.CharField(_("answer of the last probe"), max_length=200, blank=True)

    objects = ChannelQuerySet.as_manager()

    class Meta:
        verbose_name = _("channel")
        verbose_name_plural = _("channels")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="channel_paused_has_its_code", condition=Q(paused_until__isnull=True) | ~Q(pause_code="")
            ),
            models.CheckConstraint(name="channel_speed_is_positive", condition=Q(per_second__gt=0)),
            models.CheckConstraint(
                name="channel_failure_share_is_a_share", condition=Q(failure_share__gt=0) & Q(failure_share__lte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_paused(self, at: datetime) -> bool:
        """Whether nothing may leave here at `at`."""
        return self.paused_until is not None and self.paused_until > at
