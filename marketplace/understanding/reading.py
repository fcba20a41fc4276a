"""`understand`: one message in, all that it says out."""

import re
from typing import Final

from marketplace.understanding.folding import fold
from marketplace.understanding.intent import Signals, find_affirmation, find_choice, find_intent, find_rating
from marketplace.understanding.language import find_language
from marketplace.understanding.normalise import read
from marketplace.understanding.schedule import date_schedule, find_timing, without_habits
from marketplace.understanding.services import MOVING, find_services
from marketplace.understanding.urgency import find_urgency
from marketplace.understanding.values import Context, Found, Understanding
from marketplace.understanding.zones import find_places, rank_zones

PRICE: Final = re.compile(r"\b(?:combien|prix|tarifs?|cout(?:e|er)?|devis|how much|price|cost|quote|budget|charge)\b")
WANTED: Final = (
    ("pcm", re.compile(r"\b(?:pidgin|pidjin)\b")),
    ("fr", re.compile(r"\b(?:francais|french|fr|francophone|frances)\b")),
    ("en", re.compile(r"\b(?:anglais|english|en|anglophone)\b")),
)
REFUSED_LANGUAGE: Final = re.compile(
    r"\b(?:pas|no sabi|no di hear|no hear|don t (?:speak|understand)|do not (?:speak|understand)|pourquoi (?:vous )?parlez)"
    r" (?:\w+ ){0,2}?(?:l )?(?:francais|french|anglais|english)\b"
)
REGULAR: Final = frozenset({"menage", "nounou", "gardiennage", "jardinage", "blanchisserie"})  # wanted every week
NOTHING: Final = Found("unspecified", 1.0)


def understand(text: str, context: Context) -> Understanding:
    """Read one message. Pure: no database, no clock; a few milliseconds at most.

    The state of the dialogue decides what a bare "1", "oui" or "4" means. Slots (services, zones, urgency) are filled
    whatever the intent is: the dialogue uses them where they make sense. Never raises on any text.
    """
    vocabulary = context.vocabulary
    sentence = read(text, vocabulary.known)
    places = find_places(sentence, vocabulary)
    timing = find_timing(sentence.joined)
    asked = find_services(sentence, places, vocabulary)
    services = asked.services
    if services and services[0].value not in REGULAR:
        timing = without_habits(timing)
    moving = bool(services) and services[0].value == MOVING
    zones = rank_zones(sentence, places, vocabulary, moving=moving)
    urgency = find_urgency(sentence.joined, timing, vocabulary)
    signals = Signals(
        service=services[0].confidence if services else 0.0,
        zone=bool(zones),
        taught=asked.taught,
        emergency=urgency.value == "emergency",
    )
    intent = find_intent(sentence, places, timing, context.state, signals, vocabulary)
    masked = {i for place in places for i in range(place.start, place.end)}
    plain = [word for i, word in enumerate(sentence.texts) if i not in masked]
    choice = find_choice(text)
    return Understanding(
        intent=intent,
        services=services,
        zones=zones,
        urgency=urgency if sentence.words else NOTHING,
        language=find_language(plain, vocabulary, context.language),
        schedule=date_schedule(timing, context.at),
        choice=choice,
        rating=find_rating(text, _with_slash(text), context.state, choice),
        affirmation=find_affirmation(text, sentence.texts),
        wanted_language=_wanted_language(sentence.joined) if intent.value == "language" else "",
        asks_price=bool(PRICE.search(sentence.joined)),
        tags=frozenset({"negation"} if asked.negated else ()),
    )


def _with_slash(text: str) -> str:
    """Folded text in which "4/5" keeps its stroke."""
    return " ".join(fold(part) for part in re.split(r"(?<=\d)\s*/\s*(?=\d)", text)) if "/" not in text else text.lower()


def _wanted_language(text: str) -> str:
    """The language asked for; the one that is refused does not count."""
    wish = REFUSED_LANGUAGE.sub(" ", text)
    for language, pattern in WANTED:
        if pattern.search(wish):
            return language
    return "fr" if re.search(r"anglais|english", text) and wish != text else "en" if wish != text else ""
