"""Which zones a message names, and at which of them the job is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from marketplace.understanding.folding import fold, sound, word_set
from marketplace.understanding.lexicon import SHORTEST_FUZZY, Vocabulary
from marketplace.understanding.normalise import Sentence, Word
from marketplace.understanding.values import Found

LONGEST_NAME: Final = 5  # words of the longest name, "rond point express" and the like
EXACT: Final = 0.97
HEARD: Final = 0.9
CERTAIN_LENGTH: Final = 7  # letters from which one wrong letter in six is forgiven
LONG_CUTOFF: Final = 82
SHORT_CUTOFF: Final = 88

# Words before a name that make it a place.
PLACE_WORDS: Final = word_set(
    "a au aux o in for at vers from near quartier carrefour secteur zone coin marche pharmacie station cote dans sur dey de"
    " du habite leave to go entree around inside rond point"
)
# "Bali" is an island, "village" a noun: as a bare word in running text they need one of the words above.
ALSO_A_NOUN: Final = word_set(
    "village bali sable nylon tergal damas dakar carriere eleveur eleveurs manguier manguiers kennedy victoria palmiers express"
    " babylone babylon mada acacia acacias essec aqua joss mesa brik braza tropicana dragages baf nkong oja kassala plateau"
    " petitpays zoneindustrielle centrecommercial lapostecentrale molyko stjean jouvence rail minifermes komo"
)
MATERIALS: Final = frozenset({"sable"})
# Followed or preceded by these, a name stands in its place more or less surely (only asked when several are named).
HERE: Final = (
    "chez moi", "chez nous", "ma maison", "la maison", "mon appartement", "domicile", "habite", "vis a", "venir", "venez",
    "il faut", "le chantier", "travail est", "probleme est", "panne est", "c est a", "my house", "the house", "my place", "i live",
    "the job", "work dey", "house dey", "na for", "mais", "but", "intervention", "plutot", "come to", "au village",
    "is in", "is at", "job is", "apartment", "appartement", "immeuble", "the shop", "ma boutique", "mon magasin", "mon bureau est",
)  # fmt: skip
ELSEWHERE: Final = (
    "travaille", "au boulot", "boulot", "au travail", "au bureau", "i work", "at work", "working", "loin de", "pres de",
    "a cote de", "cote de", "non loin", "proche de", "near", "close to", "derriere", "apres", "avant", "not far", "next to",
    "je suis de", "i dey for", "je suis a", "i am in", "i m in", "i am at", "i m at", "vient de", "comes from", "venant de",
    "direction", "vers", "vivais", "ancien", "sort de", "passer par", "en ce moment", "for now", "at the moment", "actuellement",
    "boutique de", "achete a", "achete", "bought", "mon frere", "my brother", "ma soeur",
)  # fmt: skip
DENIED: Final = (
    "pas a",
    "pas au",
    "pas celle d",
    "pas celle de",
    "pas celui d",
    "pas celui de",
    "not in",
    "not at",
    "not the one in",
    "no be",
    "pas",
    "not",
    "ni",
    "et non",
)
ORIGIN: Final = (
    "de", "du", "from", "depuis", "quitte", "quitter", "leave", "leaving", "comot", "out of", "a partir de", "prendre", "chercher",
    "moving from", "recuperer", "charger", "for",
)  # fmt: skip
DESTINATION: Final = (
    "appart a",
    "appartement a",
    "house for",
    "house in",
    "place in",
    "maison a",
    "flat in",
    "pour",
    "vers",
    "to",
    "go",
    "jusqu a",
    "jusqua",
    "livrer",
    "amener",
    "deposer",
    "emmener",
    "reach",
    "into",
    "a",
)


@dataclass(frozen=True, slots=True)
class Place:
    """A named place: where its words stand and what it may be."""

    start: int
    end: int
    slugs: tuple[str, ...]
    confidence: float
    weight: float


def find_places(sentence: Sentence, vocabulary: Vocabulary) -> list[Place]:
    """All places named in the message, none overlapping another, in the order of the text."""
    texts = sentence.texts
    candidates = [
        place
        for start in range(len(texts))
        for length in range(1, min(LONGEST_NAME, len(texts) - start) + 1)
        if (place := _place_at(sentence, start, start + length, vocabulary))
    ]
    chosen: list[Place] = []
    for place in sorted(candidates, key=lambda place: -place.weight):
        if all(place.end <= other.start or place.start >= other.end for other in chosen):
            chosen.append(place)
    return sorted(chosen, key=lambda place: place.start)


def rank_zones(sentence: Sentence, places: list[Place], vocabulary: Vocabulary, *, moving: bool) -> tuple[Found, ...]:
    """The zones named, the one of the job first."""
    cities = {slug for place in places for slug in place.slugs if _is_city(slug, vocabulary)}
    city_names = {vocabulary.zones[slug].city for slug in cities}
    ranked: list[tuple[float, int, Found]] = []
    for number, place in enumerate(places):
        slug = next((slug for slug in place.slugs if vocabulary.zones[slug].city in city_names), place.slugs[0])
        score = _stands_here(sentence, places, number, moving=moving)
        if slug in cities and len(places) > 1:
            score -= 5  # a quarter says more than its town
        words = sentence.texts[place.start : place.end]
        ranked.append((-score, number, Found(slug, round(place.confidence, 2), words)))
    ranked.sort(key=lambda row: row[:2])
    found = dict.fromkeys(row[2].value for row in ranked)
    return tuple(next(row[2] for row in ranked if row[2].value == slug) for slug in found)


def _is_city(slug: str, vocabulary: Vocabulary) -> bool:
    zone = vocabulary.zones[slug]
    return fold(zone.name) == fold(zone.city)


def _place_at(sentence: Sentence, start: int, end: int, vocabulary: Vocabulary) -> Place | None:
    """The place that these words name, if any."""
    words = sentence.words[start:end]
    key = "".join(word.text for word in words)
    if slugs := vocabulary.zone_keys.get(key):
        if not _may_be_a_place(sentence, start, end, key, vocabulary):
            return None
        return Place(start, end, slugs, EXACT, len(key) + 2)
    if not _may_be_misspelt(words, key, vocabulary):
        return None
    if slugs := vocabulary.zone_sounds.get(sound(key)):
        return Place(start, end, slugs, HEARD, len(key) + 1)
    return _guessed(sentence, start, end, key, vocabulary)


def _may_be_misspelt(words: Sequence[Word], key: str, vocabulary: Vocabulary) -> bool:
    """Whether these words are worth a guess: long enough, in one clause, and not all ordinary."""
    if len(key) < SHORTEST_FUZZY or words[0].clause != words[-1].clause or words[-1].text in vocabulary.known:
        return False
    return len(words) == 1 or words[0].text not in PLACE_WORDS


def _guessed(sentence: Sentence, start: int, end: int, key: str, vocabulary: Vocabulary) -> Place | None:
    """The place with nearly this spelling."""
    cutoff = LONG_CUTOFF if len(key) >= CERTAIN_LENGTH else SHORT_CUTOFF
    if start and sentence.texts[start - 1] in PLACE_WORDS:
        cutoff -= 4
    match = process.extractOne(key, vocabulary.zone_fuzzy, scorer=fuzz.ratio, score_cutoff=cutoff)
    if match is None or abs(len(match[0]) - len(key)) > 2 or sound(match[0])[:1] != sound(key)[:1]:  # noqa: PLR2004
        return None
    confidence = match[1] / 100 * HEARD
    return Place(start, end, vocabulary.zone_keys[match[0]], confidence, len(key) - (100 - match[1]) / 10)


def _may_be_a_place(sentence: Sentence, start: int, end: int, key: str, vocabulary: Vocabulary) -> bool:
    """Whether an exact name is meant as one: a name that is also an ordinary word needs a sign."""
    ordinary = key in ALSO_A_NOUN or (end - start == 1 and key in vocabulary.known)
    if not ordinary or len(sentence.words) <= end - start + 2:
        return True
    word = sentence.words[start]
    before = sentence.words[start - 1] if start else None
    if before is not None and before.clause == word.clause and before.text in PLACE_WORDS:
        return before.text not in {"de", "d"} or word.capital or key not in ALSO_A_NOUN  # "une souche de manguier"
    listed = key in MATERIALS and 0 < word.clause < sentence.words[-1].clause  # "gravier, sable, ciment"
    alone = not listed and not any(
        other.clause == word.clause for other in (*sentence.words[:start], *sentence.words[end:])
    )
    return alone or (word.capital and start > 0) or (end == len(sentence.words) and key not in vocabulary.known)


def _stands_here(sentence: Sentence, places: list[Place], number: int, *, moving: bool) -> float:
    """How surely the job is at this place, from the words around it; the first one named is a little likelier."""
    place = places[number]
    since = places[number - 1].end if number else 0
    before = " ".join(sentence.texts[max(since, place.start - 9) : place.start])
    until = places[number + 1].start if number + 1 < len(places) else len(sentence.texts)
    after = " ".join(sentence.texts[place.end : min(until, place.end + 4)])
    near = " ".join(sentence.texts[max(since, place.start - 3) : place.start])
    score = 0.4 - 0.2 * number
    if any(_has(near, phrase, at_end=True) for phrase in DENIED):
        score -= 4
    score += 1.5 * any(_has(before, phrase) for phrase in HERE)
    score -= 1.6 * any(_has(before, phrase) for phrase in ELSEWHERE)
    score -= 1.0 * any(
        _has(after, phrase)
        for phrase in ("au boulot", "au travail", "au bureau", "for now", "now", "for work", "mais", "but")
    )
    if moving:
        score += 2.0 * any(_has(near, phrase, at_end=True) for phrase in ORIGIN)
        score -= 2.0 * any(_has(near, phrase, at_end=True) for phrase in DESTINATION)
    return score


def _has(text: str, phrase: str, *, at_end: bool = False) -> bool:
    padded = f" {text} "
    return padded.endswith(f" {phrase} ") if at_end else f" {phrase} " in padded
