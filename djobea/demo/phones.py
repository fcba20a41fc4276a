"""Whose phones lie on the simulator's page: a customer's, and those that would ring first for the story of the README.

The database knows who they are, the demo's own process does not ask it: the preparing process leaves a note.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

from notifications import contacts
from providers.matching import Level, Need, find_candidates
from providers.models import Provider, ProviderStatus, Service, Zone

CUSTOMER: Final = "+237699000001:Awa Ngono:customer"
SERVICE: Final = "plomberie"
ZONE: Final = "bonamoussadi"
HOW_MANY: Final = 5  # as many as an urgent request asks at once


def choose(at: datetime) -> list[tuple[str, str]]:
    """Number and name of those who would be asked now for a burst pipe in Bonamoussadi."""
    service, zone = Service.objects.filter(slug=SERVICE).first(), Zone.objects.filter(slug=ZONE).first()
    if service and zone:
        need = Need(service.pk, zone.pk, urgency="emergency")
        found = find_candidates(need, Level.EMERGENCY, at, HOW_MANY).chosen
        if found:
            return [(candidate.phone_number, candidate.name) for candidate in found]
    active = Provider.objects.filter(status=ProviderStatus.ACTIVE).order_by("pk")
    return list(active.values_list("phone_number", "name")[:HOW_MANY])


def open_windows(people: Sequence[tuple[str, str]], at: datetime) -> None:
    """Let them have written a moment ago, as the simulator assumes of its phones: WhatsApp may answer them freely."""
    for number, name in people:
        contacts.note_inbound(sender=f"whatsapp:{number}", profile_name=name, at=at)


def write(people: Sequence[tuple[str, str]], note: Path) -> None:
    """Note the phones, as the simulator's command line takes them."""
    phones = [f"{number}:{name.replace(':', ' ')}:provider" for number, name in people]
    note.parent.mkdir(parents=True, exist_ok=True)
    note.write_text(json.dumps([CUSTOMER, *phones]), encoding="utf-8")


def read(note: Path) -> list[str]:
    """The phones that were noted."""
    phones: list[str] = json.loads(note.read_text(encoding="utf-8"))
    return phones
