"""Understanding what people write: `understand(text, context)`, pure, offline, explained by its evidence."""

from marketplace.understanding.lexicon import Entry, Vocabulary, ZoneName, compile_vocabulary
from marketplace.understanding.reading import understand
from marketplace.understanding.values import (
    INTENTS,
    LANGUAGES,
    STATES,
    URGENCIES,
    Context,
    Found,
    Schedule,
    Understanding,
)

__all__ = [
    "INTENTS",
    "LANGUAGES",
    "STATES",
    "URGENCIES",
    "Context",
    "Entry",
    "Found",
    "Schedule",
    "Understanding",
    "Vocabulary",
    "ZoneName",
    "compile_vocabulary",
    "understand",
]
