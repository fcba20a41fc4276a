"""Messages that Twilio holds for us: approved templates, and buttons for the open session."""

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from .channel import TO_PEOPLE, ChannelName


class Approval(models.TextChoices):
    UNSUBMITTED = "unsubmitted", _("Not submitted")
    RECEIVED = "received", _("Received")
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Disabled")


class MessageTemplate(models.Model):
    """The words of one purpose, language and channel; on WhatsApp a Content resource at Twilio.

    `{{1}}`, `{{2}}`… in the text stand for `variables`, in that order: `text` is the whole message, the others are
    what the purpose knows (`routing.Route.variables`). `name` is a purpose, or `notice` (any short text), or a set of
    buttons (`buttons:…`), which may be sent in an open session without approval and whose variables are its lines.
    """

    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=8)
    channel = models.CharField(
        _("channel"),
        max_length=16,
        choices=[(each.value, each.label) for each in TO_PEOPLE],
        default=ChannelName.WHATSAPP,
    )
    body = models.TextField(_("text"))
    variables = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("variables"))
    buttons = ArrayField(models.CharField(max_length=24), default=list, blank=True, verbose_name=_("buttons"))
    content_sid = models.CharField(_("ContentSid"), max_length=34, blank=True)
    rejection = models.CharField(_("why it was rejected"), max_length=300, blank=True)
    approval = models.CharField(_("approval"), max_length=12, choices=Approval, default=Approval.UNSUBMITTED)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(name="message_template_is_unique", fields=["name", "language", "channel"]),
            models.CheckConstraint(
                name="message_template_approval_is_known", condition=Q(approval__in=Approval.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"

    def clean(self) -> None:
        """A template that could not be filled or that WhatsApp would refuse fails here, not in the night."""
        from notifications.template_rules import faults  # noqa: PLC0415  the rules know the purposes

        found = faults(self)
        if found:
            raise ValidationError({"body": found})
