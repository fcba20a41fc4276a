"""What a language model must answer, as a strict JSON schema, and how its answer meets the offline reading."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.values import INTENTS, LANGUAGES, URGENCIES, Found, Understanding

MOST_SLOTS: Final = 4
CONFIDENCE: Final = 0.9  # the model gives no number of its own that could be compared with ours
SOURCE: Final = "language model"
# Answers to a question of the dialogue. A model that sees only the text cannot know what was asked.
STATE_BOUND: Final = frozenset({"accept", "decline", "complete", "rating"})
# Whole messages of one meaning that must act at once, whatever a model thinks.
COMMANDS: Final = frozenset({"stop", "start", "human", "cancel", "help", "language"})
SURE: Final = 0.95


def answer_schema(vocabulary: Vocabulary) -> dict[str, Any]:
    """The schema (JSON Schema 2020-12): nothing but known values, nothing left out, nothing added."""
    services = sorted({hint.service for hints in vocabulary.service_hints.values() for hint in hints})
    return {
        "type": "object",
        "additionalProperties": False,
        "required": ["intent", "services", "zones", "urgency", "language"],
        "properties": {
            "intent": {"type": "string", "enum": list(INTENTS)},
            "services": _slots(services),
            "zones": _slots(sorted(vocabulary.zones)),
            "urgency": {"type": "string", "enum": list(URGENCIES)},
            "language": {"type": "string", "enum": list(LANGUAGES)},
        },
    }


def _slots(values: list[str]) -> dict[str, Any]:
    return {
        "type": "array",
        "maxItems": MOST_SLOTS,
        "uniqueItems": True,
        "items": {"type": "string", "enum": values},
    }


def with_answer(known: Understanding, answer: Mapping[str, Any], *, state: str) -> Understanding:
    """The offline reading `known`, bettered by a checked `answer`.

    What the offline reading is surest of stays: bare numbers, commands, and answers to what the dialogue has just
    asked (`state`). Times stay offline too: only there they are dated.
    """
    if known.choice is not None or _is_settled(known, state):
        return known
    intent = str(answer["intent"])
    if intent in STATE_BOUND and not state:
        intent = known.intent.value
    return replace(
        known,
        intent=_found(intent, known.intent),
        services=tuple(_found(slug, *known.services) for slug in answer["services"]),
        zones=tuple(_found(slug, *known.zones) for slug in answer["zones"]),
        urgency=_found(str(answer["urgency"]), known.urgency),
        language=_found(str(answer["language"]), known.language),
        tags=known.tags | {SOURCE},
    )


def _is_settled(known: Understanding, state: str) -> bool:
    if state and known.intent.value in STATE_BOUND:
        return True
    return known.intent.value in COMMANDS and known.intent.confidence >= SURE


def _found(value: str, *offline: Found) -> Found:
    """The offline finding where both agree, since it knows its words; else the model's word for it."""
    return next((found for found in offline if found.value == value), Found(value, CONFIDENCE, (SOURCE,)))
