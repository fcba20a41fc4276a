"""What a customer needs, and how far we are with it."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.models.contact import E164
from notifications.models.transitions import TransitionQuerySet
from providers.models import Service, Zone

from .conversation import Conversation
from .customer import Customer


class RequestStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SEARCHING = "searching", _("Searching")
    WAITING = "waiting", _("Nobody found yet")
    MATCHED = "matched", _("Matched")
    DONE = "done", _("Done")
    CANCELLED = "cancelled", _("Cancelled")
    EXPIRED = "expired", _("Expired")


OPEN_STATUSES = (RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED)


class Urgency(models.TextChoices):
    EMERGENCY = "emergency", _("Emergency")
    TODAY = "today", _("Today")
    SCHEDULED = "scheduled", _("On a day")
    UNSPECIFIED = "unspecified", _("Not said")


class RequestQuerySet(TransitionQuerySet["ServiceRequest"]):
    sources: ClassVar = {
        RequestStatus.SEARCHING: frozenset({RequestStatus.DRAFT, RequestStatus.WAITING, RequestStatus.MATCHED}),
        RequestStatus.WAITING: frozenset({RequestStatus.SEARCHING}),
        RequestStatus.MATCHED: frozenset({RequestStatus.SEARCHING}),
        RequestStatus.DONE: frozenset({RequestStatus.MATCHED}),
        RequestStatus.CANCELLED: frozenset(
            {RequestStatus.DRAFT, RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED}
        ),
        RequestStatus.EXPIRED: frozenset({RequestStatus.DRAFT, RequestStatus.SEARCHING, RequestStatus.WAITING}),
    }


class ServiceRequest(models.Model):
    """draft -> searching <-> waiting, searching -> matched -> done; or cancelled, or expired."""

    customer = models.ForeignKey(Customer, models.PROTECT, related_name="requests", verbose_name=_("customer"))
    conversation = models.ForeignKey(
        Conversation, models.SET_NULL, null=True, blank=True, related_name="requests", verbose_name=_("conversation")
    )
    service = models.ForeignKey(Service, models.PROTECT, related_name="requests", verbose_name=_("service"))
    zone = models.ForeignKey(Zone, models.PROTECT, related_name="requests", verbose_name=_("zone"))
    urgency = models.CharField(_("urgency"), max_length=12, choices=Urgency, default=Urgency.UNSPECIFIED)
    description = models.TextField(_("in the customer's words"), blank=True)
    place_note = models.CharField(_("landmark"), max_length=300, blank=True)
    # Where WhatsApp hides the person's own number; unproven, so it never joins contacts.
    call_number = models.CharField(_("number to call"), max_length=16, blank=True, default="", db_default="")
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    scheduled_for = models.DateTimeField(_("visit wanted at"), null=True, blank=True)
    media = models.JSONField(_("photos and voice notes"), default=list, blank=True)
    # Of the message that opened it: what we send later without one (the next wave) is followed under it.
    trace = models.CharField(_("id in the logs"), max_length=64, blank=True, default="", db_default="")
    status = models.CharField(_("status"), max_length=12, choices=RequestStatus, default=RequestStatus.DRAFT)
    cancel_reason = models.CharField(_("why it was cancelled"), max_length=300, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=Now(), editable=False)
    searching_since = models.DateTimeField(_("searching since"), null=True, blank=True)
    expires_at = models.DateTimeField(_("search ends"), null=True, blank=True)

    objects = RequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(name="request_status_is_known", condition=Q(status__in=RequestStatus.values)),
            models.CheckConstraint(name="request_urgency_is_known", condition=Q(urgency__in=Urgency.values)),
            models.CheckConstraint(
                name="request_call_number_is_e164", condition=Q(call_number="") | Q(call_number__regex=E164)
            ),
            models.CheckConstraint(
                name="request_searching_has_its_start",
                condition=~Q(status__in=OPEN_STATUSES) | Q(searching_since__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="request_by_status", fields=["status", "-id"]),
            models.Index(
                name="request_search_ends",
                fields=["expires_at"],
                condition=Q(status__in=[RequestStatus.SEARCHING, RequestStatus.WAITING]),
            ),
        ]

    def __str__(self) -> str:
        return f"#{self.pk}"

    @property
    def number_to_call(self) -> str:
        """Where the provider reaches the customer; empty: nowhere, the number is hidden and none was given."""
        return self.customer.contact.phone_number or self.call_number
