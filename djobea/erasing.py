"""Erasing one person, as the command does it: found by what is known of them, and taken out of the house's own records."""

from datetime import datetime
from typing import Any, Final

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import CharField, Model, Q, TextField, Value
from django.db.models.functions import Replace
from django.dispatch import receiver

from djobea.models import ErasedPerson, RememberedAnswer
from marketplace.erasure import provider_of
from marketplace.models import Application, Conversation, Customer
from notifications import contacts, erasure
from notifications.erasure import Erasure
from notifications.models import Contact
from notifications.signals import person_erased
from providers.models import Provider
from providers.phone_numbers import UnreadableNumber, normalise

OF_A_CONTACT: Final[tuple[type[Model], ...]] = (Customer, Conversation, Application)


def erase(address: str, *, by: str, at: datetime, is_rehearsal: bool = False) -> Erasure | None:
    """Erase whoever has this number (as people write it), WhatsApp id or email; None: nobody has.

    A provider to whom nothing was ever sent is found too.
    """
    with transaction.atomic():
        contact = find(address)
        if contact is None:
            return None
        result = erasure.erase(contact, by=by, at=at, is_rehearsal=is_rehearsal)
        if result.obstacles or is_rehearsal:
            transaction.set_rollback(True)  # the contact may have been made only now
    return result


def find(address: str) -> Contact | None:
    """The contact with this address, or that of the provider with this address; made if the provider has none."""
    address = address.strip()
    if "@" in address:
        known, of_provider = Q(email__iexact=address), Q(email__iexact=address)
    else:
        number = _number(address)
        known, of_provider = Q(phone_number=number) | Q(whatsapp_id=address), Q(phone_number=number)
    if contact := Contact.objects.filter(known).first():
        return contact
    provider = Provider.objects.filter(of_provider).first()
    return contacts.for_number(provider.phone_number) if provider else None


def _number(address: str) -> str:
    try:
        return normalise(address).e164
    except UnreadableNumber:
        return address


@receiver(person_erased, dispatch_uid="djobea.erase_in_records")
def erase_in_records(contact: Contact, pseudonym: str, by: str, at: datetime, **_facts: Any) -> dict[str, int]:
    """The log of the console shows rows by what they were called; and a trace is left without anything of the person.

    Called before the provider's row loses its number: the receivers of this app are registered first.
    """
    provider = provider_of(contact)
    rows: dict[type[Model], list[int]] = {Contact: [contact.pk], Provider: [provider.pk] if provider else []}
    rows |= {model: _keys(model, contact) for model in OF_A_CONTACT}
    changed = 0
    for model, keys in rows.items():
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(model), object_id__in=[str(key) for key in keys]
        )
        changed += entries.update(object_repr=pseudonym)
        _erase_history(model, keys)
    for address in filter(None, (contact.phone_number, contact.whatsapp_id, contact.email)):
        said = LogEntry.objects.filter(change_message__contains=address)
        said.update(change_message=Replace("change_message", Value(address), Value(pseudonym)))
        RememberedAnswer.objects.filter(body__contains=address).delete()
    ErasedPerson.objects.create(pseudonym=pseudonym, erased_at=at, by=by[:150])
    return {"log": changed}


def _keys(model: type[Model], contact: Contact) -> list[int]:
    return list(model._base_manager.filter(contact=contact).values_list("pk", flat=True))  # noqa: SLF001  public in Django


def _erase_history(model: Any, keys: list[int]) -> None:
    """Earlier states of these rows, where the model keeps them: when and by whom stays, every free text goes."""
    manager = getattr(model._meta, "simple_history_manager_attribute", None)  # noqa: SLF001  public in Django
    if manager is None:
        return
    history = getattr(model, manager).model
    free = [
        column
        for column in history._meta.fields  # noqa: SLF001
        if isinstance(column, (CharField, TextField)) and not column.choices and column.name != "history_type"
    ]
    own = f"{model._meta.pk.name}__in"  # noqa: SLF001
    history.objects.filter(**{own: keys}).update(**{column.name: None if column.null else "" for column in free})
