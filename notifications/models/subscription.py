"""Other programs that want to hear what happens: where, of what, and how they know that it is us."""

import base64
import secrets
from datetime import datetime
from typing import Final

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  what a secret of Standard Webhooks begins with
SECRET_BYTES: Final = 32


class EventName(models.TextChoices):
    REQUEST_CHANGED = "request.changed", _("A request went on (opened, matched, cancelled ...)")
    MESSAGE_DEAD = "message.dead", _("A message became a dead letter")
    ALERT_OPENED = "alert.opened", _("There is a new alert")
    ALERT_ACKNOWLEDGED = "alert.acknowledged", _("Somebody takes care of an alert")
    ALERT_RESOLVED = "alert.resolved", _("The cause of an alert is gone")


def every_event() -> list[str]:
    """All that may be heard of."""
    return list(EventName.values)


def new_secret() -> str:
    """A key for signatures, as Standard Webhooks writes it: 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


class WebhookSubscription(models.Model):
    """One address that is called for each event that it asked for. Its calls are rows of the queue like any message."""

    name = models.CharField(_("name"), max_length=120)
    url = models.CharField(
        _("address"),
        max_length=500,
        validators=[URLValidator(schemes=["https", "http"])],
        help_text=_("https:// and a public host."),
    )
    events = ArrayField(
        models.CharField(max_length=40, choices=EventName), default=every_event, verbose_name=_("events")
    )
    is_active = models.BooleanField(_("active"), default=True)
    why_inactive = models.CharField(_("why it is inactive"), max_length=200, blank=True, editable=False)
    secret = models.CharField(_("secret"), max_length=80, default=new_secret, editable=False)
    # Signs beside the new one until then, so that the other side may change it without losing a call.
    old_secret = models.CharField(max_length=80, blank=True, editable=False)
    old_secret_until = models.DateTimeField(null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                name="webhook_events_are_known", condition=Q(events__contained_by=list(EventName.values))
            ),
            models.CheckConstraint(name="webhook_hears_something", condition=~Q(events=[])),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """An address that could never be called fails here."""
        from notifications.public_https import why_not  # noqa: PLC0415  the rule of the calls themselves

        if reason := why_not(self.url):
            raise ValidationError({"url": reason})

    def signing_keys(self, at: datetime) -> tuple[str, ...]:
        """The secrets that sign at `at`, the newest first."""
        old = (self.old_secret,) if self.old_secret and self.old_secret_until and self.old_secret_until > at else ()
        return (self.secret, *old)
