"""Everything that is kept of one person, as a copy for that person. What others wrote or rated stays out."""

from collections.abc import Sequence
from typing import Any, Final

from django.db.models import F, QuerySet

from marketplace.models import Application, Customer, InboundMessage, Job, PrivacyRequest, Quote, Rating, ServiceRequest
from notifications.models import Contact, Notification
from providers.models import Provider

PERSON: Final = ("name", "phone_number", "whatsapp_id", "email", "language", "last_inbound_at", "opted_out_at")
WROTE: Final = ("received_at", "body", "message_type", "payload")
WAS_TOLD: Final = ("created_at", "purpose", "channel", "status", "body", "sms_body")
ASKED_FOR: Final = (
    *("created_at", "description", "place_note", "call_number", "latitude", "longitude"),
    *("urgency", "scheduled_for", "status", "cancel_reason", "media"),
)
WORKED: Final = ("assigned_at", "status", "ended_at", "end_reason")
OFFERS: Final = (
    "name",
    "phone_number",
    "email",
    "language",
    "status",
    "is_verified",
    "unavailable_until",
    "created_at",
)


def copy_of(contact: Contact) -> dict[str, Any]:
    """The copy, ready for JSON: dates as texts, the oldest first."""
    requests = ServiceRequest.objects.filter(customer__contact=contact)
    copy = {
        "person": {name: getattr(contact, name) for name in PERSON},
        "you_wrote": _rows(InboundMessage.objects.filter(contact=contact), WROTE),
        "we_wrote": _rows(Notification.objects.filter(contact=contact), WAS_TOLD),
        "requests": _rows(requests, ASKED_FOR, service_slug=F("service__slug"), zone_name=F("zone__name")),
        "quotes": _rows(
            Quote.objects.filter(job__request__in=requests), ("proposed_at", "amount", "description", "status")
        ),
        "ratings": _rows(
            Rating.objects.filter(job__request__in=requests, by_customer=True), ("created_at", "stars", "comment")
        ),
        "last_zone": Customer.objects.filter(contact=contact).values_list("zone__name", flat=True).first(),
        "applications": _rows(
            Application.objects.filter(contact=contact), ("started_at", "name", "phone_number", "status", "identity")
        ),
        "wishes": _rows(PrivacyRequest.objects.filter(contact=contact), ("asked_at", "wish", "status", "done_at")),
    }
    return copy | _as_provider(contact)


def _as_provider(contact: Contact) -> dict[str, Any]:
    """A person may work with us, too; the two meet by number."""
    own = (
        Provider.objects.filter(phone_number=contact.phone_number) if contact.phone_number else Provider.objects.none()
    )
    return {
        "as_provider": _rows(own, OFFERS),
        "services": sorted(own.exclude(services=None).values_list("services__name_fr", flat=True)),
        "zones": sorted(own.exclude(zones=None).values_list("zones__name", flat=True)),
        "jobs": _rows(Job.objects.filter(provider__in=own), WORKED),
    }


def _rows(rows: QuerySet[Any], columns: Sequence[str], **more: F) -> list[dict[str, Any]]:
    return list(rows.order_by("pk").values(*columns, **more))
