"""Write the shipped vocabulary to its table, beside what operators have added."""

from collections.abc import Iterator

from django.db import transaction

from marketplace.models.vocabulary import VocabularyEntry
from marketplace.understanding.folding import fold
from marketplace.understanding.lexicon import SERVICE_KINDS
from marketplace.understanding.shipped import shipped_entries
from providers.models import Service, Zone

LONGEST_TEXT = 120


@transaction.atomic
def seed_vocabulary() -> int:
    """Add the shipped phrases that are missing and return how many; rows that exist are left as operators left them.

    Services and zones must be seeded before: phrases of an unknown one are passed over.
    """
    before = VocabularyEntry.objects.count()
    VocabularyEntry.objects.bulk_create(_rows(), batch_size=1000, ignore_conflicts=True)
    return VocabularyEntry.objects.count() - before


def _rows() -> Iterator[VocabularyEntry]:
    """Unsaved rows of the shipped entries."""
    services = dict(Service.objects.values_list("slug", "pk"))
    zones = dict(Zone.objects.values_list("slug", "pk"))
    for entry in shipped_entries():
        folded = fold(entry.text)
        if not folded or len(entry.text) > LONGEST_TEXT:
            continue
        service = services.get(entry.target) if entry.kind in SERVICE_KINDS else None
        zone = zones.get(entry.target) if entry.kind == "zone_alias" else None
        value = entry.target if entry.kind in VocabularyEntry.VALUE_KINDS else ""
        if service or zone or value:
            yield VocabularyEntry(
                kind=entry.kind, text=entry.text, folded=folded, language=entry.language, service_id=service,
                zone_id=zone, value=value, weight=entry.weight, origin=VocabularyEntry.Origin.SEEDED,
            )  # fmt: skip
