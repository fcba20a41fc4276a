"""The person who looks for a provider."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.models import Contact
from providers.models import Zone


class Customer(models.Model):
    """A contact that has asked for a service; its last zone is offered next time, not asked."""

    contact = models.OneToOneField(Contact, models.PROTECT, related_name="customer", verbose_name=_("contact"))
    zone = models.ForeignKey(
        Zone, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("last zone")
    )
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("customer")
        verbose_name_plural = _("customers")

    def __str__(self) -> str:
        return str(self.contact)
