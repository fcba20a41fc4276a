"""The vocabulary in force: read from its table, kept in memory, renewed within seconds of a change."""

import threading
import time
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Max, Q, Sum

from marketplace.models.vocabulary import VocabularyEntry
from marketplace.understanding import Entry, Vocabulary, ZoneName, compile_vocabulary
from marketplace.understanding.folding import fold
from marketplace.understanding.shipped import shipped_models, shipped_vocabulary
from providers.models import Service, Zone

FRESH_SECONDS: Final = 5.0  # how long a change may take to be noticed by a running process
TAUGHT_WEIGHT: Final = 3.0


@dataclass(slots=True)
class _Kept:
    """The vocabulary of this process and when it was last compared with the table (monotonic seconds)."""

    vocabulary: Vocabulary | None = None
    checked: float = 0.0


_kept = _Kept()
_lock = threading.Lock()


def current_vocabulary(*, fresh_for: float = FRESH_SECONDS) -> Vocabulary:
    """The vocabulary as operators left it; as shipped while the table is empty.

    `fresh_for` is the age in seconds up to which the one in memory is given without asking the database. A look costs
    one small query; a change costs about 0.3 s, paid by one thread while the others go on with the old words.
    """
    now = time.monotonic()
    kept = _kept.vocabulary
    if kept is not None and now - _kept.checked < fresh_for:
        return kept
    if kept is not None and not _lock.acquire(blocking=False):
        return kept
    if kept is None:
        _lock.acquire()
    try:
        version = _version()
        if _kept.vocabulary is None or _kept.vocabulary.version != version:
            _kept.vocabulary = _read(version)
        _kept.checked = time.monotonic()
        return _kept.vocabulary
    finally:
        _lock.release()


def forget() -> None:
    """Drop the vocabulary in memory: the next message reads the table again."""
    _kept.vocabulary = None


def teach(
    *,
    kind: str,
    text: str,
    language: str = "",
    service: Service | None = None,
    zone: Zone | None = None,
    value: str = "",
) -> VocabularyEntry:
    """Add a phrase that an operator found missing, or put it in force again; takes effect within FRESH_SECONDS.

    Raises `ValueError` when the text has no letters or digits.
    """
    folded = fold(text)
    if not folded:
        raise ValueError(f"{text!r} has no words to be recognised by.")
    entry, _ = VocabularyEntry.objects.update_or_create(
        kind=kind,
        folded=folded,
        service=service,
        zone=zone,
        value=value,
        defaults={
            "text": text.strip(),
            "language": language,
            "weight": TAUGHT_WEIGHT,
            "active": True,
            "origin": VocabularyEntry.Origin.OPERATOR,
        },
    )
    return entry


def _version() -> str:
    """A text that changes whenever the table does, by whatever hand; empty while nothing is seeded."""
    facts = VocabularyEntry.objects.aggregate(
        rows=Count("pk"),
        active=Count("pk", filter=Q(active=True)),
        newest=Max("updated_at"),
        weight=Sum("weight"),
        last=Max("pk"),
    )
    if not facts["rows"]:
        return ""
    zones = Zone.objects.aggregate(rows=Count("pk"), last=Max("pk"))
    return "|".join(str(fact) for fact in (*facts.values(), *zones.values()))


def _read(version: str) -> Vocabulary:
    """Compile the rows in use."""
    if not version:
        return shipped_vocabulary()
    rows = VocabularyEntry.objects.in_use().values_list(
        "kind", "text", "service__slug", "zone__slug", "value", "language", "weight", "origin"
    )
    entries = [
        Entry(kind, text, service or zone or value, language, weight, origin)
        for kind, text, service, zone, value, language, weight, origin in rows.order_by("pk")
    ]
    zones = [ZoneName(*zone) for zone in Zone.objects.order_by("pk").values_list("slug", "name", "city__name")]
    return compile_vocabulary(entries, zones, shipped_models(), version)
