"""Whether a provider's number is still right: what deliveries, Twilio's look-up and staff say of it.

A doubtful number is not refused: its provider is asked after the others, and staff see it on a list.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q

from providers.models import Doubt, NumberCheck, Provider

LOOK_UP_AGAIN_AFTER: Final = timedelta(days=30)


@transaction.atomic
def note_undeliverable(phone_number: str, code: str, *, at: datetime) -> bool:
    """A message to this number failed for good with this code; true when that is news about one of our providers."""
    provider = _locked(phone_number)
    if provider is None or NumberCheck.objects.filter(_about(provider), doubt=Doubt.UNDELIVERED).exists():
        return False
    _doubt(provider, Doubt.UNDELIVERED, code, at)
    return True


@transaction.atomic
def note_delivered(phone_number: str) -> bool:
    """A message arrived there: a doubt that came from deliveries or a look-up was wrong; false when there was none."""
    if not NumberCheck.objects.filter(phone_number=phone_number).exclude(doubt="").exists():
        return False
    provider = _locked(phone_number)
    return provider is not None and confirm(provider.pk)


@transaction.atomic
def note_lookup(provider_id: int, phone_number: str, *, is_valid: bool, at: datetime) -> bool:
    """What Twilio's look-up made of the number; true when the provider still has it.

    A number it does not know is doubtful; one it knows is only noted, since a known number may be somebody else's.
    """
    provider = _locked(phone_number)
    if provider is None or provider.pk != provider_id:
        return False
    if not is_valid:
        _doubt(provider, Doubt.LOOKUP, "", at)
    NumberCheck.objects.update_or_create(provider=provider, defaults={"phone_number": phone_number, "looked_up_at": at})
    return True


@transaction.atomic
def confirm(provider_id: int) -> bool:
    """The number is right, says somebody who knows; false when nobody doubted it."""
    NumberCheck.objects.filter(provider=provider_id).update(doubt="", code="", noted_at=None)
    return Provider.objects.filter(pk=provider_id, phone_doubtful=True).update(phone_doubtful=False) > 0


def to_look_up(at: datetime, many: int) -> Sequence[tuple[int, str]]:
    """At most so many doubtful providers (id and number) whose number was not looked up within 30 days."""
    known = Q(number_check__phone_number=F("phone_number"), number_check__looked_up_at__gt=at - LOOK_UP_AGAIN_AFTER)
    doubtful = Provider.objects.filter(phone_doubtful=True).exclude(status="suspended").exclude(known)
    return list(doubtful.order_by("pk").values_list("pk", "phone_number")[:many])


def _locked(phone_number: str) -> Provider | None:
    return Provider.objects.select_for_update(no_key=True).filter(phone_number=phone_number).first()


def _about(provider: Provider) -> Q:
    return Q(provider=provider, phone_number=provider.phone_number)


def _doubt(provider: Provider, doubt: Doubt, code: str, at: datetime) -> None:
    facts = {"phone_number": provider.phone_number, "doubt": doubt, "code": code, "noted_at": at}
    NumberCheck.objects.update_or_create(provider=provider, defaults=facts)
    Provider.objects.filter(pk=provider.pk).update(phone_doubtful=True)
