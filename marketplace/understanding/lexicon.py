"""The vocabulary as a frozen value: what operators and the seed files say, ready to be searched."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from marketplace.understanding.classifier import LinearModel
from marketplace.understanding.common_words import COMMON
from marketplace.understanding.folding import fold, sound
from marketplace.understanding.normalise import squash, stem, words_of

SERVICE_KINDS: Final = frozenset({"service_name", "symptom", "object"})
SHORTEST_SOUND: Final = 4  # shorter keys meet by accident
SHORTEST_FUZZY: Final = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """One phrase; `target` is a service slug, a zone slug or a value, as its kind says."""

    kind: str
    text: str
    target: str
    language: str = ""
    weight: float = 1.0
    origin: str = "seeded"


@dataclass(frozen=True, slots=True)
class ZoneName:
    """A zone as far as the understanding needs it."""

    slug: str
    name: str
    city: str


@dataclass(frozen=True, slots=True)
class Hint:
    """What a phrase tells about a service."""

    service: str
    kind: str
    weight: float
    taught: bool  # an operator said so: it outweighs what was learned from examples


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Everything that `understand` looks words up in. Build it with `compile_vocabulary`."""

    version: str
    zones: Mapping[str, ZoneName]
    service_hints: Mapping[tuple[str, ...], tuple[Hint, ...]]
    longest_hint: int
    single_words: tuple[str, ...]  # hints of one word, long enough to be guessed at
    zone_keys: Mapping[str, tuple[str, ...]]  # squashed name -> slugs, the best first
    zone_sounds: Mapping[str, tuple[str, ...]]
    zone_fuzzy: tuple[str, ...]  # squashed names long enough to be guessed at
    intents: Mapping[str, str]  # whole folded message -> intent
    urgencies: tuple[tuple[str, str], ...]  # (folded phrase, urgency)
    known: frozenset[str]  # ordinary words: no zone is guessed from them
    models: Mapping[str, LinearModel]


def compile_vocabulary(
    entries: Iterable[Entry], zones: Iterable[ZoneName], models: Mapping[str, LinearModel], version: str = ""
) -> Vocabulary:
    """Index the phrases once, so that each message costs only look-ups."""
    rows = list(entries)
    places = {zone.slug: zone for zone in zones}
    keys = _zone_keys(rows, places)
    known = _known_words(rows, keys)
    hints = _service_hints(rows, known)
    sounds: dict[str, list[str]] = {}
    for key, slugs in keys.items():
        if len(key) > SHORTEST_SOUND:
            sounds.setdefault(sound(key), []).extend(slug for slug in slugs if slug not in sounds.get(sound(key), []))
    return Vocabulary(
        version=version,
        zones=places,
        service_hints=hints,
        longest_hint=max((len(key) for key in hints), default=1),
        single_words=tuple(key[0] for key in hints if len(key) == 1 and len(key[0]) > SHORTEST_FUZZY),
        zone_keys={key: tuple(slugs) for key, slugs in keys.items()},
        zone_sounds={key: tuple(slugs) for key, slugs in sounds.items()},
        zone_fuzzy=tuple(key for key in keys if len(key) >= SHORTEST_FUZZY and not key.isdigit()),
        intents={" ".join(words_of(row.text)): row.target for row in rows if row.kind == "intent"},
        urgencies=tuple((fold(row.text), row.target) for row in rows if row.kind == "urgency"),
        known=known,
        models=models,
    )


def _known_words(rows: Iterable[Entry], zone_keys: Mapping[str, list[str]]) -> frozenset[str]:
    """Words that mean something else than a place; "a flat in Akwa" among the examples makes Akwa no ordinary word."""
    named = {word for row in rows if row.kind in SERVICE_KINDS for word in fold(row.text).split()}
    said = {word for row in rows if row.kind == "intent" for word in fold(row.text).split()}
    return frozenset(named | said - zone_keys.keys() | COMMON)


def _service_hints(rows: Iterable[Entry], known: frozenset[str]) -> dict[tuple[str, ...], tuple[Hint, ...]]:
    """Stemmed phrase -> the services that it hints at; a phrase of several services tells less about each."""
    hints: dict[tuple[str, ...], dict[str, Hint]] = {}
    for row in rows:
        if row.kind in SERVICE_KINDS and (key := tuple(stem(word) for word in words_of(row.text, known))):
            best = hints.setdefault(key, {}).get(row.target)
            if best is None or best.kind != "service_name":
                hints[key][row.target] = Hint(row.target, row.kind, row.weight, row.origin == "operator")
    return {key: tuple(found.values()) for key, found in hints.items()}


def _zone_keys(rows: Iterable[Entry], places: Mapping[str, ZoneName]) -> dict[str, list[str]]:
    """Squashed names and aliases of zones; names before aliases, whole names before those without their city."""
    keys: dict[str, list[str]] = {}

    def add(text: str, slug: str) -> None:
        key = squash(text)
        if key and slug not in keys.setdefault(key, []):
            keys[key].append(slug)

    for zone in places.values():
        add(zone.name, zone.slug)
    for row in rows:
        if row.kind == "zone_alias" and row.target in places:
            add(row.text, row.target)
    for zone in places.values():
        short = fold(zone.name).removesuffix(" " + fold(zone.city))
        add(short, zone.slug)
    return keys
