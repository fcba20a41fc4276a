"""Training of the learned parts: example messages are composed from the seed phrases, models are fitted to them.

Pure Python on purpose: no numeric library is needed to rebuild the model file. Everything is seeded, so two runs agree.
"""

import gzip
import json
import math
import random
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marketplace.understanding.classifier import SCALE, LinearModel, text_features
from marketplace.understanding.evaluation import state_of
from marketplace.understanding.intent import intent_extra, intent_words
from marketplace.understanding.lexicon import Vocabulary, compile_vocabulary
from marketplace.understanding.normalise import read, words_of
from marketplace.understanding.schedule import find_timing
from marketplace.understanding.services import NONE, find_hits
from marketplace.understanding.shipped import (
    intent_messages,
    service_phrases,
    shipped_entries,
    shipped_zones,
    training_messages,
)
from marketplace.understanding.training_frames import (
    CLOSERS,
    HANDLED,
    MOVED_GOODS,
    MOVES,
    NAME_FRAMES,
    OBJECT_FRAMES,
    OPENERS,
    PLACES,
    TIMES,
)
from marketplace.understanding.values import INTENTS, LANGUAGES
from marketplace.understanding.zones import find_places

MARK: Final = "zzz"  # stands for a zone
SEED: Final = 20_24
EPOCHS: Final = 10
RATE: Final = 0.6
DECAY: Final = 2e-5
SKIP: Final = 0.004  # gradients below this are not worth a step
RARE: Final = 0.012  # weights below this share of the largest are dropped from the file


@dataclass(frozen=True, slots=True)
class Example:
    """A training message: its text with "zzz" for a zone, and what is known of it."""

    text: str
    label: str
    language: str = ""
    state: str = ""


def compose(phrases: Iterable[Mapping[str, str]], rounds: int = 2) -> list[Example]:
    """Messages with a service: every phrase alone, and in frames with greetings, zones and times around it."""
    dice = random.Random(SEED)  # noqa: S311  # examples, not secrets
    rows = list(phrases)
    examples: list[Example] = []
    for row in rows:
        language = row["language"] or dice.choice(("fr", "fr", "en"))
        examples.append(Example(row["text"], row["service"], row["language"]))
        for _ in range(rounds - 1 if row["kind"] == "object" else rounds + (row["kind"] == "service_name")):
            core = _core(row, language, dice)
            examples.append(Example(_dress(core, language, dice), row["service"], row["language"]))
    return examples + _moves(dice) + _handled(dice)


def _core(row: Mapping[str, str], language: str, dice: random.Random) -> str:
    """The middle of a message around one phrase."""
    text = row["text"]
    if row["kind"] == "service_name":
        return dice.choice(NAME_FRAMES[language]).format(text)
    if row["kind"] == "object":
        return dice.choice(OBJECT_FRAMES[language]).format(text)
    words = text.split()
    if len(words) > 4 and dice.random() < 0.3:  # noqa: PLR2004  # people leave words out
        words.pop(dice.randrange(len(words)))
    return _mistyped(" ".join(words), dice)


def _mistyped(text: str, dice: random.Random) -> str:
    """One letter lost or swapped now and then."""
    if dice.random() > 0.25 or len(text) < 8:  # noqa: PLR2004
        return text
    i = dice.randrange(1, len(text) - 1)
    return text[:i] + text[i + 1 :] if dice.random() < 0.5 else text[:i] + text[i + 1] + text[i] + text[i + 2 :]  # noqa: PLR2004


def _dress(core: str, language: str, dice: random.Random) -> str:
    """Greetings, place and time around the middle, each by chance."""
    parts = [core]
    if dice.random() < 0.45:  # noqa: PLR2004
        parts.append(dice.choice(PLACES[language]))
    if dice.random() < 0.3:  # noqa: PLR2004
        parts.append(dice.choice(TIMES[language]))
    if dice.random() < 0.3:  # noqa: PLR2004
        dice.shuffle(parts)
    if dice.random() < 0.4:  # noqa: PLR2004
        parts.insert(0, dice.choice(OPENERS[language]))
    if dice.random() < 0.3:  # noqa: PLR2004
        parts.append(dice.choice(CLOSERS[language]))
    return dice.choice((" ", ", ")).join(parts)


def _moves(dice: random.Random) -> list[Example]:
    """Moves with the goods that are carried: no repair is asked for, whatever the goods are."""
    examples = []
    for language, frames in MOVES.items():
        for frame in frames:
            for _ in range(6):
                goods = dice.sample(MOVED_GOODS[language], 2)
                core = frame.format(*goods)
                examples.append(Example(_dress(core, language, dice), "demenagement", language))
    return examples


def _handled(dice: random.Random) -> list[Example]:
    """Things that are cleaned, painted or guarded, by the trade that does it."""
    return [
        Example(_dress(frame.format(*dice.sample(goods, 2)), language, dice), service, language)
        for service, languages in HANDLED.items()
        for language, (frames, goods) in languages.items()
        for frame in frames
        for _ in range(5)
    ]


def fit(
    examples: Sequence[tuple[Sequence[str], str]],
    labels: Sequence[str],
    *,
    epochs: int = EPOCHS,
    tell: Callable[[str], None] = lambda _: None,
) -> LinearModel:
    """Multinomial logistic regression by AdaGrad on binary features of unit length."""
    dice = random.Random(SEED)  # noqa: S311
    index = {label: i for i, label in enumerate(labels)}
    weights: dict[str, list[float]] = {}
    slopes: dict[str, list[float]] = {}
    bias = [0.0] * len(labels)
    order = list(examples)
    for epoch in range(epochs):
        dice.shuffle(order)
        wrong = 0
        for features, label in order:
            wrong += _step(features, index[label], weights, slopes, bias)
        tell(f"epoch {epoch + 1}: {wrong} of {len(order)} wrong")
    return _quantise(labels, bias, weights)


def _step(
    features: Sequence[str],
    target: int,
    weights: dict[str, list[float]],
    slopes: dict[str, list[float]],
    bias: list[float],
) -> bool:
    """One example: move the weights towards its label; returns whether it was misjudged."""
    norm = 1 / math.sqrt(len(features) or 1)
    rows = [weights.setdefault(feature, [0.0] * len(bias)) for feature in features]
    scores = [sum(column) * norm + offset for column, offset in zip(zip(*rows, strict=True), bias, strict=True)]
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    errors = [(k, power / total - (k == target)) for k, power in enumerate(powers)]
    errors = [(k, error) for k, error in errors if abs(error) > SKIP]
    for feature, row in zip(features, rows, strict=True):
        slope = slopes.setdefault(feature, [1e-3] * len(bias))
        for k, error in errors:
            gradient = error * norm + DECAY * row[k]
            slope[k] += gradient * gradient
            row[k] -= RATE * gradient / math.sqrt(slope[k])
    for k, error in errors:
        bias[k] -= 0.02 * error
    return scores.index(top) != target


def _quantise(labels: Sequence[str], bias: Sequence[float], weights: Mapping[str, Sequence[float]]) -> LinearModel:
    """Round the weights to signed bytes and drop the features that say nothing."""
    largest = max(abs(weight) for row in weights.values() for weight in row)
    cap = largest * 0.6  # a few giants would cost the others their precision
    unit = cap / SCALE
    rows = {
        feature: memoryview(array("b", [round(max(-cap, min(cap, weight)) / unit) for weight in row]))
        for feature, row in weights.items()
        if max(row) - min(row) > RARE * largest
    }
    return LinearModel(tuple(labels), tuple(bias), unit, rows)


def service_examples(phrases: Iterable[Mapping[str, str]], messages: Iterable[Mapping[str, str]]) -> list[Example]:
    """Messages with their service; small talk and slot answers have none."""
    dice = random.Random(SEED)  # noqa: S311
    examples = compose(phrases)
    for row in messages:
        examples.append(Example(row["text"], NONE, row["language"]))
        if row["intent"] in {"request", "available", "status", "cancel"}:
            examples += [Example(_dress(row["text"], row["language"], dice), NONE, row["language"]) for _ in range(2)]
    for language in OPENERS:
        parts = OPENERS[language] + CLOSERS[language] + PLACES[language] + TIMES[language]
        examples += [
            Example(" ".join(dice.sample(parts, size)), NONE, language) for size in (1, 1, 2, 2, 3) for _ in range(60)
        ]
    return examples


def intent_examples(phrases: Iterable[Mapping[str, str]], messages: Iterable[Mapping[str, str]]) -> list[Example]:
    """Messages with their intent; answers to an offer, a job or a rating carry that state."""
    dice = random.Random(SEED)  # noqa: S311
    examples = [Example(e.text, "request", e.language) for e in compose(phrases, rounds=1)]
    bound = {"accept": "offer", "decline": "offer", "complete": "job", "rating": "rating"}
    for row in messages:
        intent, language, text = row["intent"], row["language"], row["text"]
        state = bound.get(intent, "")
        repeats = 3
        for _ in range(repeats):
            dressed = text if dice.random() < 0.6 else _chatty(text, language, dice)  # noqa: PLR2004
            kept = state if dice.random() < 0.8 else ""  # noqa: PLR2004
            if (
                not state
                and intent in {"help", "human", "stop", "language", "status", "thanks"}
                and dice.random() < 0.2  # noqa: PLR2004
            ):
                kept = dice.choice(("offer", "job", "rating"))
            if not (bound.get(intent) and not kept and intent == "rating" and len(text.split()) < 2):  # noqa: PLR2004
                examples.append(Example(dressed, intent, language, kept))
    for language in OPENERS:
        for _ in range(150):
            slot = dice.choice(PLACES[language] + TIMES[language])
            greeting = dice.choice(OPENERS[language][:5]) + " " if dice.random() < 0.15 else ""  # noqa: PLR2004
            examples.append(Example(greeting + slot, "request", language))
    return examples


def _chatty(text: str, language: str, dice: random.Random) -> str:
    """A message with a greeting before or a courtesy behind it."""
    greetings = {
        "fr": ("bonjour", "bonsoir", "svp", "salut"),
        "en": ("hello", "hi", "please", "sorry"),
        "pcm": ("abeg", "massa", "hello", "my brother"),
    }
    ends = {
        "fr": ("svp", "merci", "chef", "stp"),
        "en": ("please", "thanks", "sir"),
        "pcm": ("abeg", "oo", "massa", "please"),
    }
    if dice.random() < 0.5:  # noqa: PLR2004
        return f"{dice.choice(greetings[language])} {text}"
    return f"{text} {dice.choice(ends[language])}"


def train(path: Path, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Fit all models to the shipped phrases and messages and write them to `path` (gzip, byte for byte repeatable)."""
    phrases, messages = service_phrases(), intent_messages()
    vocabulary = compile_vocabulary(shipped_entries(), shipped_zones(), {})
    known = vocabulary.known
    whole_services, whole_intents = whole_examples(training_messages(), vocabulary)
    services = [
        example
        for example in service_examples(phrases, messages) + whole_services
        if example.label != NONE or not _names_a_trade(example.text, vocabulary)
    ]
    intents = intent_examples(phrases, messages) + whole_intents

    def plain(example: Example) -> list[str]:
        return [word for word in words_of(example.text, known) if word != MARK]

    def spoken(example: Example) -> list[str]:
        return [word for word in plain(example) if word.isalpha()]

    by_service = [(text_features(words), e.label) for e in services if (words := plain(e))]
    by_intent = [(_intent_features(e, known), e.label) for e in intents if words_of(e.text)]
    by_language = [(text_features(words), e.language) for e in intents if e.language and (words := spoken(e))]
    models = {
        "service": fit(by_service, sorted({e.label for e in services}), tell=tell),
        "intent": fit(by_intent, INTENTS, tell=tell),
        "language": fit(by_language, LANGUAGES, epochs=4, tell=tell),
    }
    text = json.dumps({name: model.dump() for name, model in models.items()})
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _names_a_trade(text: str, vocabulary: Vocabulary) -> bool:
    """Whether a trade is named. "Le plombier arrive quand ?" asks for nobody, but it must not teach that the word says nothing."""
    hits = find_hits(read(text, vocabulary.known), set(), vocabulary)
    return any(hit.names and hit.share == 1 for hit in hits)


def whole_examples(rows: Iterable[Mapping[str, Any]], vocabulary: Vocabulary) -> tuple[list[Example], list[Example]]:
    """Examples for services and for intents from labelled messages; one with several services teaches none."""
    services, intents = [], []
    for row in rows:
        sentence = read(row["text"], vocabulary.known)
        text = " ".join(intent_words(sentence, find_places(sentence, vocabulary)))
        language = row["lang"] if row["lang"] in LANGUAGES else ""
        state = state_of(row["note"])
        marks = "?" if "?" in row["text"] else ""
        intents += [Example(text + marks, row["intent"], language, state)] * 2
        if len(row["services_all"]) == 1:
            services += [Example(text, row["service"], language)] * 2
        elif row["intent"] != "request":
            services.append(Example(text, NONE, language))
    return services, intents


def _intent_features(example: Example, known: frozenset[str]) -> list[str]:
    """The same features that a message has when it is read: see `intent.find_intent`."""
    sentence = read(example.text, known)
    words = ["0" if word.isdigit() else word for word in sentence.texts]
    return text_features(words, intent_extra(example.text, words, find_timing(sentence.joined), example.state))
