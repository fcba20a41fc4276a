"""A town with its zones and services, and phones that talk to the dialogue as the inbox would hand it their messages."""

import itertools
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from django.db import transaction

from marketplace import service_requests
from marketplace.dialogue import machine
from marketplace.models import Conversation, InboundMessage, InboundStatus, ServiceRequest
from marketplace.understanding.shipped import PROVIDERS_DATA, read_rows
from notifications import clock
from notifications.models import Clock, Contact, Notification
from providers import coverage
from providers.models import City, Provider, ProviderStatus, Service, Zone

# A Tuesday, 10:00 in Douala.
MORNING: Final = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
CUSTOMER: Final = "+237699000001"
PLUMBER: Final = "+237677000001"
OTHER_PLUMBER: Final = "+237677000002"

_sids = itertools.count(1)


class Phone:
    """One person's phone: writes, taps, and shows what came back."""

    def __init__(self, address: str = CUSTOMER, at: datetime = MORNING, **facts: Any) -> None:
        number = {"phone_number": address} if address.startswith("+") else {"whatsapp_id": address}
        self.contact, _made = Contact.objects.get_or_create(**number, defaults={"last_inbound_at": at} | facts)
        self.at = at
        self.seen = 0

    def writes(self, text: str = "", **payload: Any) -> str:
        """Send a message and return all that came back, as one text."""
        self.at += timedelta(seconds=4)
        fields: Mapping[str, Any] = {"Body": text, "NumMedia": "0"} | payload
        message = InboundMessage.objects.create(
            message_sid=f"SM{next(_sids):032d}",
            contact=self.contact,
            from_address=f"whatsapp:{self.contact.phone_number or self.contact.whatsapp_id}",
            to_address="whatsapp:+14155238886",
            body=text,
            payload=fields,
            received_at=self.at,
            due_at=self.at,
            status=InboundStatus.PROCESSING,
            leased_until=self.at + timedelta(minutes=1),
        )
        known = {row.pk for row in self.received()}
        with transaction.atomic():
            contact = Contact.objects.select_for_update(no_key=True).get(pk=self.contact.pk)
            message.contact = contact
            machine.advance(message, at=self.at)
        InboundMessage.objects.filter(pk=message.pk).move(InboundStatus.PROCESSED, leased_until=None)
        self.contact.refresh_from_db()
        self.news = [row for row in self.received() if row.pk not in known]
        return "\n".join(row.body for row in self.news)

    def taps(self, choice_id: str) -> str:
        """Tap the button with this id, as it was last shown or from an older message."""
        return self.writes("...", ButtonPayload=choice_id, ButtonText="...")

    def shares(self, latitude: float, longitude: float) -> str:
        return self.writes("", Latitude=str(latitude), Longitude=str(longitude), MessageType="location")

    def sends_photo(self, text: str = "") -> str:
        media = "https://api.twilio.com/2010-04-01/Accounts/AC0/Messages/MM0/Media/ME0"
        return self.writes(text, NumMedia="1", MediaUrl0=media, MediaContentType0="image/jpeg")

    def received(self) -> list[Notification]:
        return list(Notification.objects.filter(contact=self.contact).order_by("pk"))

    @property
    def choices(self) -> list[str]:
        """Ids of the choices of the last message."""
        return [choice["id"] for choice in self.received()[-1].choices]

    @property
    def conversation(self) -> Conversation:
        return Conversation.objects.get(contact=self.contact, is_open=True)

    @property
    def request(self) -> ServiceRequest | None:
        return service_requests.current_for(self.contact)


def a_provider(phone_number: str, services: Iterable[str] = ("plomberie",), **facts: Any) -> Provider:
    defaults: dict[str, Any] = {"name": "Jean Mbarga", "status": ProviderStatus.ACTIVE, "is_verified": True}
    provider = Provider.objects.create(phone_number=phone_number, **(defaults | facts))
    provider.services.set(Service.objects.filter(slug__in=services))
    provider.zones.set(Zone.objects.filter(slug__in=["bonamoussadi", "akwa", "makepe"]))
    coverage.refresh(provider)
    return provider


@pytest.fixture(autouse=True)
def _town(db: None) -> None:
    zones, services = read_rows(PROVIDERS_DATA / "zones.csv"), read_rows(PROVIDERS_DATA / "services.csv")
    cities = {name: City.objects.create(slug=name.lower(), name=name) for name in {row["city"] for row in zones}}
    city_slugs = {city.slug for city in cities.values()}
    Zone.objects.bulk_create(
        Zone(
            slug=row["slug"],
            name=row["name"],
            city=cities[row["city"]],
            latitude=float(row["lat"]),
            longitude=float(row["lon"]),
            is_whole_city=row["slug"] in city_slugs,
        )
        for row in zones
    )
    Service.objects.bulk_create(
        Service(slug=row["slug"], name_fr=row["name_fr"], name_en=row["name_en"]) for row in services
    )
    # Pages ask the database what time it is; links made in the morning must not be out of date on the day of the test.
    Clock.objects.update_or_create(pk=1, defaults={"offset_seconds": (MORNING - clock.now()).total_seconds()})


@pytest.fixture
def customer() -> Phone:
    return Phone()


@pytest.fixture
def plumber() -> Provider:
    return a_provider(PLUMBER)


@pytest.fixture
def plumber_phone(plumber: Provider) -> Phone:
    return Phone(plumber.phone_number)


@pytest.fixture
def known_customer(customer: Phone) -> Phone:
    """Somebody who has talked to us before: no word about privacy any more."""
    customer.writes("bonjour")
    return customer
