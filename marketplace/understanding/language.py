"""Which language a message is written in."""

from collections.abc import Sequence
from typing import Final

from marketplace.understanding.classifier import softmax, text_features
from marketplace.understanding.folding import word_set
from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.values import Found

SURE: Final = 0.5
PIDGIN: Final = word_set(
    "dey weh wey abeg wetin una wuna oo don na fit pikin comot ting dem di wan sabi go no i my yi massa ashia how wusai chop"
)


def find_language(words: Sequence[str], vocabulary: Vocabulary, last: str) -> Found:
    """The likeliest language of these words (zones left out); the last known one when there is nothing to go by."""
    letters = [word for word in words if word.isalpha()]
    if not letters:
        return Found("und", 0.5)
    model = vocabulary.models["language"]
    chances = softmax(model.scores(text_features(letters)))
    best = max(range(len(chances)), key=chances.__getitem__)
    if chances[best] < SURE and last in model.labels:
        return Found(last, round(chances[model.labels.index(last)], 2))
    return Found(model.labels[best], round(chances[best], 2), model.evidence(letters, best))
