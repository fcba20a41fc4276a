"""A linear classifier over words and character n-grams: small, fast, and able to say which words decided."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from marketplace.understanding.normalise import stem

SCALE: Final = 127
SHORTEST_GRAM: Final = 3
LONGEST_GRAM: Final = 5
PLAIN_WORD: Final = 3  # words up to this length have no grams of their own


@dataclass(frozen=True, slots=True)
class LinearModel:
    """Weights per feature and label, quantised to a signed byte; `unit` turns them back."""

    labels: tuple[str, ...]
    bias: tuple[float, ...]
    unit: float
    weights: Mapping[str, memoryview]

    def scores(self, features: Sequence[str]) -> list[float]:
        """One score a label (a logit); features that were never seen in training do not count."""
        totals = [0] * len(self.labels)
        rows = [row for feature in features if (row := self.weights.get(feature)) is not None]
        for row in rows:
            totals = [total + weight for total, weight in zip(totals, row, strict=True)]
        norm = self.unit / math.sqrt(len(features) or 1)
        return [total * norm + bias for total, bias in zip(totals, self.bias, strict=True)]

    def weigh(self, feature: str, label: int) -> float:
        """How much one feature speaks for a label against the mean of all labels."""
        row = self.weights.get(feature)
        if row is None:
            return 0.0
        return self.unit * (row[label] - sum(row) / len(row))

    def evidence(self, words: Sequence[str], label: int, limit: int = 3) -> tuple[str, ...]:
        """The words that speak most for a label, strongest first."""
        weights = {word: sum(self.weigh(f, label) for f in word_features(word)) for word in dict.fromkeys(words)}
        best = sorted((word for word in weights if weights[word] > 0), key=lambda word: -weights[word])
        return tuple(best[:limit])

    def dump(self) -> dict[str, Any]:
        """JSON form: features by line, weights in base64."""
        names = sorted(self.weights)
        return {
            "labels": self.labels,
            "bias": [round(bias, 4) for bias in self.bias],
            "unit": self.unit,
            "features": "\n".join(names),
            "weights": base64.b64encode(b"".join(self.weights[name].tobytes() for name in names)).decode(),
        }


def load_model(data: Mapping[str, Any]) -> LinearModel:
    """Read what `LinearModel.dump` wrote."""
    labels = tuple(data["labels"])
    cells = memoryview(base64.b64decode(data["weights"])).cast("b")
    names = data["features"].split("\n")
    rows = {name: cells[i * len(labels) : (i + 1) * len(labels)] for i, name in enumerate(names)}
    return LinearModel(labels, tuple(data["bias"]), data["unit"], rows)


def softmax(scores: Sequence[float]) -> list[float]:
    """Scores to probabilities."""
    top = max(scores)
    powers = [math.exp(score - top) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def word_features(word: str) -> list[str]:
    """A word and its character n-grams."""
    features = [f"w {stem(word)}"]
    if len(word) > PLAIN_WORD:
        padded = f"^{word}$"
        for size in range(SHORTEST_GRAM, LONGEST_GRAM + 1):
            features += [padded[i : i + size] for i in range(len(padded) - size + 1)]
    return features


def text_features(words: Sequence[str], extra: Iterable[str] = ()) -> list[str]:
    """Features of a message: words, pairs of words, character n-grams, and what the caller knows beside."""
    features: dict[str, None] = dict.fromkeys(extra)
    for word in words:
        features.update(dict.fromkeys(word_features(word)))
    stems = [stem(word) for word in words]
    features.update(dict.fromkeys(f"b {a} {b}" for a, b in pairwise(stems)))
    return list(features)
