"""Which services a message asks for: phrases of the vocabulary and a learned model, weighed over the whole text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rapidfuzz import fuzz, process

from marketplace.understanding.classifier import LinearModel, softmax, text_features
from marketplace.understanding.folding import word_set
from marketplace.understanding.lexicon import Hint, Vocabulary
from marketplace.understanding.normalise import Sentence, stem
from marketplace.understanding.values import Found
from marketplace.understanding.zones import Place

NONE: Final = "none"  # the model's label for "no service at all"
KIND_WEIGHT: Final = {"service_name": 2.5, "symptom": 1.2, "object": 0.5}
TAUGHT_WEIGHT: Final = 5.0  # more than the model can hold against it
FUZZY_CUTOFF: Final = 84
FUZZY_LENGTH: Final = 6
DEED_AGAINST_NONE: Final = 3.0  # a trade named or a problem described is rarely small talk
CERTAIN: Final = 0.42  # below: rather ask than guess
SECOND_CERTAIN: Final = 0.8  # a second service must be nearly certain in its own part of the message
NEGATIONS: Final = (
    ("pas",), ("not",), ("no", "be"), ("no", "na"), ("no", "say"), ("ni",), ("plutot", "que"), ("instead", "of"), ("au", "lieu"),
    ("laissez",), ("laisse",), ("oubliez",), ("oublie",), ("forget",), ("lef",),
)  # fmt: skip
FLAT_DENIALS: Final = frozenset({("no", "be")})  # rule out a thing even without an article: "no be fridge"
BETWEEN: Final = word_set("le la les l un une a an the my du d de des besoin for mon ma ce cette")
JOINERS: Final = word_set("et and plus puis ensuite then also aussi with avec ainsi")
MOVING: Final = "demenagement"
# A product or task that one service does to things of another: what is moved, painted, washed or guarded is no repair.
TAKES_ALL: Final = frozenset({MOVING, "blanchisserie", "menage", "peinture", "gardiennage"})
BYSTANDERS: Final = frozenset({"nounou"})
INFINITIVE: Final = re.compile(r"^\w{3,}(?:[^i]er|ir|dre)$")  # "tuer", "choisir", but not "escalier"


@dataclass(frozen=True, slots=True)
class Hit:
    """A phrase of the vocabulary found in the message."""

    start: int
    end: int
    hints: tuple[Hint, ...]
    share: float = 1.0  # below 1: found by a near spelling

    def weight(self, service: str) -> float:
        """How much it speaks for this service."""
        for hint in self.hints:
            if hint.service == service:
                base = TAUGHT_WEIGHT * hint.weight if hint.taught else KIND_WEIGHT[hint.kind] * hint.weight
                return base * self.share / len(self.hints)
        return 0.0

    def tells_a_deed(self, service: str) -> bool:
        """Whether it names this service or describes work in more than one word: more than a thing in passing."""
        kinds = {hint.kind for hint in self.hints if hint.service == service}
        return "service_name" in kinds or ("symptom" in kinds and self.end - self.start > 1)

    @property
    def names(self) -> frozenset[str]:
        """Services whose very name this is."""
        return frozenset(hint.service for hint in self.hints if hint.kind == "service_name" or hint.taught)


@dataclass(frozen=True, slots=True)
class Asked:
    """The services asked for, in the order of the text, and how they were found."""

    services: tuple[Found, ...]
    negated: bool  # one was ruled out: "pas le frigo, la clim"
    taught: bool  # by a word that an operator taught


def find_services(sentence: Sentence, places: Sequence[Place], vocabulary: Vocabulary) -> Asked:
    """The services that the message asks for."""
    masked = {i for place in places for i in range(place.start, place.end)}
    hits = find_hits(sentence, masked, vocabulary)
    denied = _denied(sentence, hits)
    kept = [hit for hit in hits if hit not in denied]
    hidden = masked | {i for hit in denied for i in range(hit.start, hit.end)}
    indexes = [i for i in range(len(sentence.words)) if i not in hidden]
    first = judge(sentence, indexes, kept, vocabulary)
    if first is None:
        return Asked((), bool(denied), taught=False)
    services = _several(sentence, indexes, kept, vocabulary, first) or (first,)
    taught = any(hint.taught and hint.service == first.value for hit in kept for hint in hit.hints)
    return Asked(services, bool(denied), taught)


def find_hits(sentence: Sentence, masked: set[int], vocabulary: Vocabulary) -> list[Hit]:
    """Phrases of the vocabulary in the message, the longest first, none overlapping another."""
    stems = [stem(word) for word in sentence.texts]
    hits: list[Hit] = []
    start = 0
    while start < len(stems):
        for end in range(min(start + vocabulary.longest_hint, len(stems)), start, -1):
            if masked.isdisjoint(range(start, end)) and (
                hints := vocabulary.service_hints.get(tuple(stems[start:end]))
            ):
                hits.append(Hit(start, end, hints))
                start = end - 1
                break
        else:
            if start not in masked and (near := _near(sentence.texts[start], vocabulary)):
                hits.append(Hit(start, start + 1, near, share=0.6))
        start += 1
    return hits


def _near(word: str, vocabulary: Vocabulary) -> tuple[Hint, ...]:
    """Hints of the word that was probably meant."""
    if len(word) < FUZZY_LENGTH or word in vocabulary.known:
        return ()
    single = vocabulary.single_words
    match = process.extractOne(stem(word), single, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF)
    return vocabulary.service_hints[(match[0],)] if match else ()


def judge(sentence: Sentence, indexes: Sequence[int], hits: Iterable[Hit], vocabulary: Vocabulary) -> Found | None:
    """The service that the words at these positions speak for, if any."""
    words = [sentence.words[i].text for i in indexes]
    if not words:
        return None
    model = vocabulary.models["service"]
    found = list(hits)
    names = service_names(model, found)
    chances = softmax(service_scores(model, names, words, found))
    best = max(range(len(chances)), key=chances.__getitem__)
    service = names[best]
    if service == NONE or chances[best] < CERTAIN:
        return None
    said = tuple(" ".join(sentence.texts[hit.start : hit.end]) for hit in found if hit.weight(service) > 0)
    learned = model.evidence(words, best) if best < len(model.labels) else ()
    return Found(service, round(chances[best], 2), said or learned)


def service_names(model: LinearModel, hits: Iterable[Hit]) -> tuple[str, ...]:
    """Services that may be meant: those of the model, then those that only the vocabulary knows."""
    new = {hint.service: None for hit in hits for hint in hit.hints if hint.service not in model.labels}
    return (*model.labels, *new)


def service_scores(model: LinearModel, names: Sequence[str], words: Sequence[str], hits: Sequence[Hit]) -> list[float]:
    """Logits of the model with the weight of the vocabulary added; a service new to the model starts at zero."""
    scores = model.scores(text_features(words)) + [0.0] * (len(names) - len(model.labels))
    for hit in hits:
        for hint in hit.hints:
            scores[names.index(hint.service)] += hit.weight(hint.service)
    if NONE in names and any(hit.share == 1 and hit.tells_a_deed(hint.service) for hit in hits for hint in hit.hints):
        scores[names.index(NONE)] -= DEED_AGAINST_NONE
    return scores


def _denied(sentence: Sentence, hits: Sequence[Hit]) -> list[Hit]:
    """Hits that the customer rules out, provided that something else is asked for."""
    denied = []
    for hit in hits:
        start = hit.start
        while start and sentence.words[start - 1].text in BETWEEN:
            start -= 1
        between = [word.text for word in sentence.words[start : hit.start]]
        before = tuple(word.text for word in sentence.words[max(0, start - 2) : start])
        if not hit.names and before not in FLAT_DENIALS and (not between or {"de", "d"} & set(between)):
            continue  # "pas d'eau" is a problem, not a refusal
        if any(before[-len(words) :] == words for words in NEGATIONS):
            denied.append(hit)
    rest = {hint.service for hit in hits if hit not in denied for hint in hit.hints}
    return [hit for hit in denied if rest - {hint.service for hint in hit.hints}] if rest else []


def _several(
    sentence: Sentence, indexes: Sequence[int], hits: Sequence[Hit], vocabulary: Vocabulary, first: Found
) -> tuple[Found, ...]:
    """Two or more services, when each is nearly certain in its own part of the message; empty when there is but one."""
    parts = _parts(sentence, indexes)
    if len(parts) < 2:  # noqa: PLR2004
        return ()
    found: dict[str, Found] = {}
    for part in parts:
        words = [sentence.words[i].text for i in part]
        inside = [hit for hit in hits if hit.start in part]
        if (
            part is parts[0]
            and len(words) == 1
            and INFINITIVE.search(words[0])
            and not any(hit.names for hit in inside)
        ):
            continue  # "nettoyer et approfondir le puits": one thing, two verbs; but "plumber and tiler"
        service = judge(sentence, part, inside, vocabulary)
        if service is None or service.confidence < SECOND_CERTAIN or service.value in found:
            continue
        if service.value == first.value or _own_right(service.value, first.value, words, inside):
            found[service.value] = service
    if len(found) < 2 or (first.value not in found and first.value not in TAKES_ALL):  # noqa: PLR2004
        return ()
    return tuple(found.values())


def _own_right(service: str, first: str, words: Sequence[str], inside: Iterable[Hit]) -> bool:
    """Whether a part stands for itself: it names or describes its service, or has a verb of its own.

    A mere thing is enough only where no other trade has taken it ("repeindre la porte et les grilles"). Children who
    stand by are no reason to send a nanny, and whatever is carried along in a move needs a verb of its own.
    """
    own = [hit for hit in inside if hit.weight(service) > 0]
    if not own:
        return False
    if service in BYSTANDERS:
        return any(service in hit.names for hit in own)
    if any(INFINITIVE.search(word) for word in words):
        return True
    if first == MOVING:
        return False
    return any(hit.tells_a_deed(service) or (first not in TAKES_ALL and len(hit.hints) == 1) for hit in own)


def _parts(sentence: Sentence, indexes: Sequence[int]) -> list[list[int]]:
    """The message cut at its joining words and commas."""
    parts: list[list[int]] = [[]]
    clause = None
    for i in indexes:
        word = sentence.words[i]
        if word.text in JOINERS or (clause is not None and word.clause != clause):
            parts.append([])
        clause = word.clause
        if word.text not in JOINERS:
            parts[-1].append(i)
    return [part for part in parts if part]
