"""Who is told of an alert, after how long, on which channel; and when nobody is to be disturbed."""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .alert import EscalationAlert, Severity
from .channel import TO_PEOPLE, ChannelName
from .contact import E164
from .notification import Notification
from .transitions import TransitionQuerySet

DAYS = 7


def every_day() -> list[int]:
    """Monday (0) to Sunday (6)."""
    return list(range(DAYS))


class OnCallPerson(models.Model):
    """Somebody of the staff who may be woken, with the hours in which that is right."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="on_call",
        verbose_name=_("account in this console"),
    )
    name = models.CharField(_("name"), max_length=120)
    phone_number = models.CharField(_("phone number"), max_length=16, null=True, blank=True, unique=True)
    email = models.EmailField(_("email"), blank=True)
    time_zone = models.CharField(_("time zone"), max_length=40, default="Africa/Douala")
    days = ArrayField(
        models.PositiveSmallIntegerField(), default=every_day, verbose_name=_("days on call (0 Monday ... 6 Sunday)")
    )
    from_hour = models.PositiveSmallIntegerField(_("from (hour)"), default=0)
    to_hour = models.PositiveSmallIntegerField(_("to (hour)"), default=24)
    is_active = models.BooleanField(_("takes part"), default=True)

    class Meta:
        verbose_name = _("on-call person")
        verbose_name_plural = _("on-call people")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="on_call_person_can_be_reached", condition=Q(phone_number__isnull=False) | ~Q(email="")
            ),
            models.CheckConstraint(
                name="on_call_phone_number_is_e164",
                condition=Q(phone_number__isnull=True) | Q(phone_number__regex=E164),
            ),
            models.CheckConstraint(
                name="on_call_hours_are_of_a_day",
                condition=Q(from_hour__lt=24) & Q(to_hour__lte=24) & Q(to_hour__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_on_call(self, at: datetime) -> bool:
        """Whether `at` lies in this person's hours, by the person's own clock; 22 to 6 goes over midnight."""
        local = at.astimezone(ZoneInfo(self.time_zone))
        if self.from_hour < self.to_hour:
            return self.is_active and local.weekday() in self.days and self.from_hour <= local.hour < self.to_hour
        if local.hour >= self.from_hour:
            return self.is_active and local.weekday() in self.days
        begun = (local.weekday() - 1) % DAYS  # the shift that began yesterday
        return self.is_active and local.hour < self.to_hour and begun in self.days


class EscalationStep(models.Model):
    """After so many minutes without anybody taking care: this person, on this channel."""

    severity = models.CharField(_("for alerts of"), max_length=8, choices=Severity, default=Severity.CRITICAL)
    after_minutes = models.PositiveSmallIntegerField(_("after (minutes)"), default=0)
    channel = models.CharField(
        _("channel"), max_length=16, choices=[(each.value, each.label) for each in TO_PEOPLE], default=ChannelName.EMAIL
    )
    person = models.ForeignKey(
        OnCallPerson,
        models.CASCADE,
        null=True,
        blank=True,
        verbose_name=_("person"),
        help_text=_("Empty: everybody who is on call at that moment."),
    )
    is_active = models.BooleanField(_("active"), default=True)

    class Meta:
        verbose_name = _("escalation step")
        verbose_name_plural = _("escalation steps")
        ordering = ["severity", "after_minutes", "pk"]
        constraints = [
            models.CheckConstraint(name="escalation_step_severity_is_known", condition=Q(severity__in=Severity.values)),
            models.CheckConstraint(
                name="escalation_step_channel_is_known", condition=Q(channel__in=[each.value for each in TO_PEOPLE])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_severity_display()} +{self.after_minutes} min: {self.get_channel_display()}"


class ChainStatus(models.TextChoices):
    PLANNED = "planned", _("Planned")
    TOLD = "told", _("Told")
    CALLED_OFF = "called_off", _("Called off")  # somebody took care before
    NOBODY = "nobody", _("Nobody to tell")


class ChainQuerySet(TransitionQuerySet["ChainLink"]):
    sources = {
        ChainStatus.TOLD: frozenset({ChainStatus.PLANNED}),
        ChainStatus.CALLED_OFF: frozenset({ChainStatus.PLANNED}),
        ChainStatus.NOBODY: frozenset({ChainStatus.PLANNED}),
    }


class ChainLink(models.Model):
    """One step of one alert's chain, copied when the alert opened, so that later edits do not bend it."""

    alert = models.ForeignKey(EscalationAlert, models.CASCADE, related_name="chain", verbose_name=_("alert"))
    due_at = models.DateTimeField(_("due"))
    channel = models.CharField(_("channel"), max_length=16, choices=[(each.value, each.label) for each in TO_PEOPLE])
    person = models.ForeignKey(OnCallPerson, models.SET_NULL, null=True, blank=True, verbose_name=_("person"))
    is_for_everybody = models.BooleanField(_("everybody on call"), default=False)
    status = models.CharField(_("status"), max_length=10, choices=ChainStatus, default=ChainStatus.PLANNED)
    done_at = models.DateTimeField(_("done"), null=True, blank=True)
    messages: models.ManyToManyField[Notification, models.Model] = models.ManyToManyField(
        Notification, related_name="+", blank=True, verbose_name=_("messages")
    )

    objects = ChainQuerySet.as_manager()

    class Meta:
        verbose_name = _("step of a chain")
        verbose_name_plural = _("steps of chains")
        ordering = ["due_at", "pk"]
        constraints = [
            models.CheckConstraint(name="chain_link_status_is_known", condition=Q(status__in=ChainStatus.values)),
            models.CheckConstraint(
                name="chain_link_done_has_its_time",
                condition=Q(status=ChainStatus.PLANNED, done_at__isnull=True)
                | ~Q(status=ChainStatus.PLANNED) & Q(done_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="chain_link_due", fields=["due_at"], condition=Q(status=ChainStatus.PLANNED)),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.due_at:%d/%m %H:%M}"


class AlertLink(models.Model):
    """A link by which one person acts on one alert; only the token's SHA-256 is kept. It goes with the alert."""

    token_sha256 = models.CharField(max_length=64, unique=True)
    alert = models.ForeignKey(EscalationAlert, models.CASCADE, related_name="links", verbose_name=_("alert"))
    person = models.ForeignKey(
        OnCallPerson, models.CASCADE, null=True, blank=True, related_name="+", verbose_name=_("person")
    )
    email = models.EmailField(_("email"), blank=True)  # of the standing list, where it is nobody's
    expires_at = models.DateTimeField(_("expires"))

    class Meta:
        verbose_name = _("link to an alert")
        verbose_name_plural = _("links to alerts")

    def __str__(self) -> str:
        return f"#{self.pk}"


class Maintenance(models.Model):
    """A time in which nobody is disturbed: alerts open and count, but chains rest until it is over. Ends by itself."""

    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    about = models.CharField(
        _("alerts that begin with"), max_length=160, blank=True, help_text=_("Empty: all; or channel:whatsapp …")
    )
    why = models.CharField(_("reason"), max_length=300)
    by = models.CharField(_("by"), max_length=150, blank=True, editable=False)

    class Meta:
        verbose_name = _("maintenance")
        verbose_name_plural = _("maintenance")
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(name="maintenance_has_an_end", condition=Q(ends_at__gt=models.F("starts_at"))),
            models.CheckConstraint(name="maintenance_has_a_reason", condition=~Q(why="")),
        ]

    def __str__(self) -> str:
        return self.why
