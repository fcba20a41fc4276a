"""What our notices say in every language: written to made-up people, in a transaction that is rolled back.

The functions are found by themselves and called by the types of their parameters, as the talk's previews are, so that
a notice that is new is shown without anybody listing it.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any, Final, get_type_hints

from django.db import transaction

from marketplace import notices, visit_notices
from marketplace.dialogue.previews import Preview
from marketplace.dialogue.turn import Choice, Reply
from marketplace.dialogue.words import LANGUAGES
from marketplace.models import (
    Customer,
    InboundMessage,
    Job,
    MatchRun,
    Offer,
    OfferStatus,
    RequestStatus,
    ServiceRequest,
    Urgency,
    Wave,
)
from notifications.models import Contact, Notification
from providers.models import Provider, Service, Zone

MODULES: Final[tuple[ModuleType, ...]] = (notices, visit_notices)
ABOUT: Final = frozenset({Offer, Job, ServiceRequest, InboundMessage})
# Numbers of no country, so that they are nobody's.
CUSTOMER, PROVIDER = "+999699000001", "+999677000001"


def functions() -> Iterator[tuple[str, Callable[..., Any], dict[str, type]]]:
    """Each notice about an offer, a job, a request or a message: its name, the function, its parameters' types."""
    for module in MODULES:
        for name, function in inspect.getmembers(module, inspect.isfunction):
            types = get_type_hints(function)
            if function.__module__ != module.__name__ or name.startswith("_") or types.pop("at", None) is None:
                continue
            types.pop("return")
            if ABOUT & set(types.values()) and set(types.values()) <= {*ABOUT, datetime}:
                yield name, function, types


def previews(at: datetime) -> list[Preview]:
    """All notices; none where no service and no zone is known yet. Writes nothing that stays."""
    if not (Service.objects.exists() and Zone.objects.exists()):
        return []
    said: dict[str, list[list[Reply]]] = {name: [] for name, *_rest in functions()}
    for language in LANGUAGES:
        with transaction.atomic():
            _write(_people(language, at), said, at)
            transaction.set_rollback(True)
    # One notice may be two messages, one to each side.
    return [Preview(name, sides) for name, spoken in said.items() for sides in zip(*spoken, strict=True)]


def _write(about: Mapping[type, Any], said: dict[str, list[list[Reply]]], at: datetime) -> None:
    for name, function, types in functions():
        newest = Notification.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        function(**{key: about[kind] for key, kind in types.items()}, at=at)
        written = Notification.objects.filter(pk__gt=newest, reference__contains=":").order_by("pk")
        ours = [row for row in written if _is_to(row, about)]
        said[name].append([Reply(row.body, tuple(_choice(entry) for entry in row.choices)) for row in ours])


def _is_to(row: Notification, about: Mapping[type, Any]) -> bool:
    """Written here: other transactions' rows are not seen, but those that were committed meanwhile are."""
    return row.phone_number in {CUSTOMER, PROVIDER} or row.contact_id == about[InboundMessage].contact_id


def _choice(entry: Mapping[str, str]) -> Choice:
    return {"id": entry["id"], "title": entry["title"]}


def _people(language: str, at: datetime) -> dict[type, Any]:
    """A customer with a leak, a provider with the job, and a message; all of them made up."""
    contact = Contact.objects.create(phone_number=CUSTOMER, name="Awa Ngono", language=language, last_inbound_at=at)
    request = ServiceRequest.objects.create(
        customer=Customer.objects.create(contact=contact),
        service=Service.objects.order_by("pk")[0],
        zone=Zone.objects.select_related("city").order_by("pk")[0],
        urgency=Urgency.EMERGENCY,
        description="…",
        status=RequestStatus.MATCHED,
        searching_since=at,
        scheduled_for=at + timedelta(days=1),
    )
    provider = Provider.objects.create(name="Jean Mbarga", phone_number=PROVIDER, language=language)
    run = MatchRun.objects.create(request=request, level="exact", ran_at=at)
    until = at + timedelta(minutes=3)
    wave = Wave.objects.create(request=request, match_run=run, number=1, started_at=at, ends_at=until)
    offer = Offer.objects.create(
        request=request,
        wave=wave,
        provider=provider,
        status=OfferStatus.ACCEPTED,
        level="exact",
        created_at=at,
        expires_at=until,
    )
    job = Job.objects.create(
        request=request, offer=offer, provider=provider, assigned_at=at, confirm_by=at + timedelta(minutes=6)
    )
    message = InboundMessage.objects.create(
        message_sid="preview",
        contact=contact,
        from_address=f"whatsapp:{CUSTOMER}",
        to_address="",
        received_at=at,
        due_at=at,
    )
    return {Offer: offer, Job: job, ServiceRequest: request, InboundMessage: message, datetime: request.scheduled_for}
