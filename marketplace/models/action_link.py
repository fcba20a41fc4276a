"""Links that let a person act without WhatsApp: `/go/<token>/`."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class ActionLink(models.Model):
    """Only the token's SHA-256 is stored, so that a leaked table opens nothing."""

    token_sha256 = models.CharField(max_length=64, unique=True, editable=False)
    purpose = models.CharField(_("purpose"), max_length=40)  # "offer", "request", "job"
    object_id = models.BigIntegerField(_("object"))
    language = models.CharField(_("language"), max_length=8, default="fr")
    expires_at = models.DateTimeField(_("open until"))
    superseded_at = models.DateTimeField(_("superseded"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("action link")
        verbose_name_plural = _("action links")
        # A new link closes the older ones of its object.
        indexes = [
            models.Index(
                name="action_link_of_object", fields=["purpose", "object_id"], condition=Q(superseded_at__isnull=True)
            )
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.object_id}"
