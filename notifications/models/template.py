"""Messages that Twilio holds for us: approved templates, and buttons for the open session."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Approval(models.TextChoices):
    UNSUBMITTED = "unsubmitted", _("Not submitted")
    RECEIVED = "received", _("Received")
    PENDING = "pending", _("Pending")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    PAUSED = "paused", _("Paused")
    DISABLED = "disabled", _("Disabled")


class MessageTemplate(models.Model):
    """A Content resource at Twilio: `{{1}}` is the text, `{{2}}`… the ids of its buttons.

    `name` is a purpose (a template for outside the 24-hour window) or, with `buttons`, the set of buttons that may
    be sent in an open session without approval.
    """

    name = models.CharField(_("name"), max_length=80)
    language = models.CharField(_("language"), max_length=8)
    body = models.TextField(_("text"))
    variables = ArrayField(models.CharField(max_length=40), default=list, blank=True, verbose_name=_("variables"))
    buttons = ArrayField(models.CharField(max_length=24), default=list, blank=True, verbose_name=_("buttons"))
    content_sid = models.CharField(_("ContentSid"), max_length=34, blank=True)
    approval = models.CharField(_("approval"), max_length=12, choices=Approval, default=Approval.UNSUBMITTED)

    class Meta:
        verbose_name = _("message template")
        verbose_name_plural = _("message templates")
        constraints = [
            models.UniqueConstraint(name="message_template_is_unique", fields=["name", "language"]),
            models.CheckConstraint(
                name="message_template_approval_is_known", condition=Q(approval__in=Approval.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.language})"
