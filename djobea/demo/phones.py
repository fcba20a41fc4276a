"""Whose phones lie on the simulator's page: a customer's, and those that would ring first for the story of the README.

The database knows who they are, the demo's own process does not ask it: the preparing process leaves a note.
"""

import json
from pathlib import Path
from typing import Final

from providers.models import Provider, ProviderStatus

CUSTOMER: Final = "+237699000001:Awa Ngono:customer"
SERVICE: Final = "plomberie"
ZONE: Final = "bonamoussadi"
HOW_MANY: Final = 5


def write(note: Path) -> None:
    """Note the phones, as the simulator's command line takes them."""
    active = Provider.objects.filter(status=ProviderStatus.ACTIVE).order_by("pk")
    near = active.filter(services__slug=SERVICE, zones__slug=ZONE)
    chosen = list(near[:HOW_MANY]) or list(active[:HOW_MANY])
    phones = [f"{provider.phone_number}:{provider.name.replace(':', ' ')}:provider" for provider in chosen]
    note.write_text(json.dumps([CUSTOMER, *phones]), encoding="utf-8")


def read(note: Path) -> list[str]:
    """The phones that were noted."""
    phones: list[str] = json.loads(note.read_text(encoding="utf-8"))
    return phones
