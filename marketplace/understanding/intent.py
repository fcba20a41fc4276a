"""What a message wants: whole phrases first, then the state of the dialogue, then a learned model over the rest."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from marketplace.understanding.classifier import softmax, text_features
from marketplace.understanding.folding import word_set
from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.normalise import Sentence
from marketplace.understanding.schedule import Timing
from marketplace.understanding.values import INTENTS, Found
from marketplace.understanding.zones import Place

YES: Final = word_set("oui ouais ok okay yes yeah yep yup d accord accept accepte j accepte si wi sure y o")
NO: Final = word_set("non nan no nope refuse je refuse decline n")
YES_SIGNS: Final = frozenset("👍✅👌✔☑")
NO_SIGNS: Final = frozenset("👎❌🚫🙅✖⛔")
THANKS_SIGNS: Final = frozenset("🙏❤💐🤝")
WAVE_SIGNS: Final = frozenset("👋")
STARS: Final = frozenset("⭐★🌟")
NUMBER_WORDS: Final = {
    "zero": 0, "un": 1, "une": 1, "one": 1, "premier": 1, "premiere": 1, "first": 1, "deux": 2, "two": 2, "second": 2, "deuxieme": 2,
    "trois": 3, "three": 3, "troisieme": 3, "quatre": 4, "four": 4, "cinq": 5, "five": 5, "six": 6, "sept": 7, "seven": 7, "huit": 8,
    "eight": 8, "neuf": 9, "nine": 9, "dix": 10, "ten": 10,
}  # fmt: skip
PAYLOAD: Final = re.compile(r"^intent:([a-z]+)$")
RATING_TEXT: Final = re.compile(
    r"\b([0-5]) ?(?:/|sur|out of|on) ?5\b|\b([1-5]|une?|deux|trois|quatre|cinq|one|two|three|four|five) ?(?:etoiles?|stars?|sur cinq|points?)\b|\b(?:note|donne|mets|give|rate|rating|am|him)\D{0,12}\b([1-5])\b"
)
LONE_DIGIT: Final = re.compile(r"\b([1-5])\b")
TAGS_OR_CODE: Final = re.compile(
    r"<\s*/?\s*\w+[^>]*>|\b(?:drop|select|union|insert)\b.*\b(?:table|from|into|select)\b|\{\{.*\}\}|\.\./\.\.",
    re.IGNORECASE,
)
SERVICE_PULL: Final = 2.2  # what a certain service adds to "request"; found by trying on the development messages
TAUGHT_PULL: Final = 12.0
ZONE_PULL: Final = 0.9
URGENT_PULL: Final = 0.8


@dataclass(frozen=True, slots=True)
class Signals:
    """What the other parts have found; it decides between a request and small talk."""

    service: float  # confidence of the first service, 0 when there is none
    zone: bool
    taught: bool  # the service was found by a word that an operator taught
    emergency: bool


def find_choice(text: str) -> int | None:
    """The number that a whole message is: a digit, a keycap, a word."""
    plain = "".join(char for char in text if char not in "\ufe0f\u20e3").strip(" .)(#°").lower()
    if plain == "🔟":
        return 10
    if plain.isdecimal() and len(plain) <= 2:  # noqa: PLR2004  # longer numbers are no choices
        return int(plain)
    return NUMBER_WORDS.get(plain)


def find_rating(text: str, folded: str, state: str, choice: int | None) -> int | None:
    """Stars given, 1 to 5; a bare digit counts only when a rating was asked for."""
    stars = sum(char in STARS for char in text)
    if stars:
        return min(stars, 5)
    if match := RATING_TEXT.search(folded):
        return _star_count(next(group for group in match.groups() if group))
    if state == "rating":
        if choice is not None and 1 <= choice <= 5:  # noqa: PLR2004
            return choice
        if match := LONE_DIGIT.search(folded):
            return int(match[1])
    return None


def _star_count(text: str) -> int | None:
    number = int(text) if text.isdecimal() else NUMBER_WORDS.get(text, 0)
    return number if 1 <= number <= 5 else None  # noqa: PLR2004


def find_affirmation(text: str, words: Sequence[str]) -> bool | None:
    """Yes, no, or neither."""
    if any(char in YES_SIGNS for char in text):
        return True
    if any(char in NO_SIGNS for char in text):
        return False
    if words and words[0] in {"oui", "ouais", "yes", "yeah", "ok", "okay", "yep", "wi"}:
        return True
    if words and words[0] in {"non", "no", "nan", "nope"}:
        return False
    return None


def find_intent(
    sentence: Sentence, places: Sequence[Place], timing: Timing, state: str, signals: Signals, vocabulary: Vocabulary
) -> Found:
    """The likeliest intent, by whole phrase, by sign, or by the model."""
    text, words = sentence.raw, sentence.texts
    if payload := PAYLOAD.match(text.strip()):
        return Found(payload[1] if payload[1] in INTENTS else "other", 1.0, (payload[1],))
    if TAGS_OR_CODE.search(text):
        return Found("other", 0.95, ("code",))
    if sure := _whole(text, words, state, vocabulary):
        return sure
    return _learned(sentence, places, timing, state, signals, vocabulary)


def _whole(text: str, words: Sequence[str], state: str, vocabulary: Vocabulary) -> Found | None:
    """Messages that are one sign, one number or one known phrase."""
    choice = find_choice(text)
    if state == "rating" and (choice is not None or any(char in STARS for char in text)):
        return Found("rating", 0.98, tuple(text.split()))
    if state == "offer" and choice in {1, 2}:
        return Found("accept" if choice == 1 else "decline", 0.98, tuple(text.split()))
    if not words or choice is not None:
        return _sign(text, state)
    if taught := vocabulary.intents.get(" ".join(words)):
        return Found(taught, 0.97, (" ".join(words),))
    return None


def _sign(text: str, state: str) -> Found:
    """A message without words: emojis, blanks, a number that nobody asked for."""
    for signs, intent in (
        (YES_SIGNS, "accept"), (NO_SIGNS, "decline"), (STARS, "rating"), (THANKS_SIGNS, "thanks"), (WAVE_SIGNS, "greeting"),
    ):  # fmt: skip
        if any(char in signs for char in text):
            if state == "job" and intent == "accept":
                return Found("complete", 0.7, (text.strip(),))
            return Found(intent, 0.9, (text.strip(),))
    if find_choice(text) is not None:
        return Found("accept" if find_choice(text) == 1 else "other", 0.4, (text.strip(),))
    return Found("other", 0.8)


def intent_words(sentence: Sentence, places: Sequence[Place]) -> list[str]:
    """The words with each place replaced by one mark, so that the model learns "at a place", not which one."""
    marks = {place.start: place.end for place in places}
    words: list[str] = []
    skip_until = 0
    for i, word in enumerate(sentence.texts):
        if i in marks:
            words.append("zzz")
            skip_until = marks[i]
        elif i >= skip_until:
            words.append("0" if word.isdigit() else word)
    return words


def intent_extra(text: str, words: Sequence[str], timing: Timing, state: str) -> list[str]:
    """What the model is told beside the words."""
    count = len(words)
    size = str(count) if count < 4 else "few" if count < 8 else "many" if count < 15 else "lots"  # noqa: PLR2004
    extra = [f"={size}", f"=ctx {state}"]
    if timing.later or timing.today:
        extra.append("=timed")
    if "?" in text:
        extra.append("=asks")
    return extra


def _learned(
    sentence: Sentence, places: Sequence[Place], timing: Timing, state: str, signals: Signals, vocabulary: Vocabulary
) -> Found:
    """The model's view, pulled towards a request by what else was found."""
    model = vocabulary.models["intent"]
    words = intent_words(sentence, places)
    scores = model.scores(text_features(words, intent_extra(sentence.raw, words, timing, state)))
    request = model.labels.index("request")
    scores[request] += SERVICE_PULL * max(0.0, signals.service - 0.4) + ZONE_PULL * (signals.zone and not state)
    scores[model.labels.index("other")] -= TAUGHT_PULL * signals.taught  # once taught, it is in scope
    scores[request] += URGENT_PULL * (signals.emergency and not state)
    chances = softmax(scores)
    best = max(range(len(chances)), key=chances.__getitem__)
    return Found(model.labels[best], round(chances[best], 2), model.evidence(words, best))
