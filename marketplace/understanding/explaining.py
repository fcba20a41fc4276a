"""Why a message was understood as it was: each written word with the fields that it led to."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from marketplace.understanding.folding import fold
from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.normalise import PIECES, read
from marketplace.understanding.values import Found, Understanding


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the message as it was written: a word, or what stands between two words (`is_word` false)."""

    text: str
    is_word: bool = False
    fields: tuple[str, ...] = ()  # "service", "zone", "urgency", "time", "intent": what it led to, the weightiest first
    is_known: bool = True  # an ordinary word or one of the vocabulary; a word that is not may be worth teaching


def explain(text: str, known: Understanding, vocabulary: Vocabulary) -> tuple[Piece, ...]:
    """Cut the text into pieces and mark those that are evidence. Joined again, the pieces are the text."""
    evidence = _evidence(known)
    spans = [match.span() for match in PIECES.finditer(text)]
    pieces: list[Piece] = []
    for before, span in pairwise([(0, 0), *spans]):
        pieces.append(Piece(text[before[1] : span[0]]))
        pieces.append(_word(text[slice(*span)], evidence, vocabulary))
    pieces.append(Piece(text[spans[-1][1] if spans else 0 :]))
    return tuple(piece for piece in pieces if piece.text)


def _word(written: str, evidence: dict[str, frozenset[str]], vocabulary: Vocabulary) -> Piece:
    words = frozenset(read(written, vocabulary.known).texts)
    fields = tuple(field for field, led in evidence.items() if words & led)
    is_ordinary = words <= vocabulary.known or fold(written) in vocabulary.known or written.isdigit()
    return Piece(written, is_word=True, fields=fields, is_known=is_ordinary or not {"zone", "time"}.isdisjoint(fields))


def _evidence(known: Understanding) -> dict[str, frozenset[str]]:
    """The folded words that led to each field, the fields in the order of their weight."""
    schedule = known.schedule.words if known.schedule else ""
    return {
        "service": _words(known.services),
        "zone": _words(known.zones),
        "urgency": _words([known.urgency]) if known.urgency.value == "emergency" else frozenset(),
        "time": frozenset(schedule.split()),
        "intent": _words([known.intent]),
    }


def _words(found: Iterable[Found]) -> frozenset[str]:
    return frozenset(word for each in found for phrase in each.evidence for word in fold(phrase).split())
