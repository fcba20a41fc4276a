"""People we write to, by number, WhatsApp id or email."""

from typing import Final

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

E164: Final = r"^\+[1-9][0-9]{6,14}$"


NAME_WORDS: Final = SearchVector("name", config="simple")


class Contact(models.Model):
    """A person with one or more addresses.

    `whatsapp_id` is Meta's business-scoped id (`CM.1234…`): Twilio sends it beside the number, or alone where the
    person hides the number; such a contact has no SMS until it gives a number.
    """

    phone_number = models.CharField(_("phone number"), max_length=16, null=True, blank=True, unique=True)
    whatsapp_id = models.CharField(_("WhatsApp id"), max_length=140, null=True, blank=True, unique=True)
    email = models.EmailField(_("email"), null=True, blank=True, unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=8, default="fr")
    time_zone = models.CharField(_("time zone"), max_length=40, default="Africa/Douala")
    last_inbound_at = models.DateTimeField(_("last wrote to us"), null=True, blank=True)
    opted_out_at = models.DateTimeField(_("opted out"), null=True, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        permissions = [("see_personal_data", _("May see numbers, names and texts of people"))]
        constraints = [
            models.CheckConstraint(
                name="contact_has_an_address",
                condition=Q(phone_number__isnull=False) | Q(whatsapp_id__isnull=False) | Q(email__isnull=False),
            ),
            models.CheckConstraint(
                name="contact_phone_number_is_e164",
                condition=Q(phone_number__isnull=True) | Q(phone_number__regex=E164),
            ),
        ]

        indexes = [
            # The console's search by words, and its filter of those who want no messages.
            GinIndex(NAME_WORDS, name="contact_by_name", fastupdate=False),
            models.Index(name="contact_opted_out", fields=["-id"], condition=Q(opted_out_at__isnull=False)),
        ]

    def __str__(self) -> str:
        from notifications import personal_data  # noqa: PLC0415  who reads it decides

        shown = personal_data.name(self.name)
        if personal_data.is_hidden():
            return shown or f"#{self.pk}"
        return shown or self.phone_number or self.whatsapp_id or self.email or f"#{self.pk}"


class UnreachableMark(models.Model):
    """One channel on which a contact cannot be reached until a time; an inbound message lifts it."""

    contact = models.ForeignKey(Contact, models.CASCADE, related_name="unreachable_marks")
    channel = models.CharField(_("channel"), max_length=16)
    until = models.DateTimeField(_("until"))
    code = models.CharField(_("error code"), max_length=16)

    class Meta:
        verbose_name = _("unreachable mark")
        verbose_name_plural = _("unreachable marks")
        constraints = [models.UniqueConstraint(name="unreachable_mark_is_unique", fields=["contact", "channel"])]

    def __str__(self) -> str:
        return f"{self.channel} ({self.code})"
