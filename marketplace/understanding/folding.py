"""Fold what people write: no accents, no case, no punctuation, one spelling for one sound."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")
STRETCHED: Final = re.compile(r"(.)\1{2,}")  # "heeelp", "ouiiii"
DOUBLED: Final = re.compile(r"(.)\1+")
LIGATURES: Final = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "ŋ": "n", "ɓ": "b", "ɔ": "o", "ɛ": "e"})

# Letters that Cameroonian place names swap: "Akoua" and "Akwa", "Logbessu" and "Logbessou", "Biyem" and "Biem".
SOUNDS: Final = (
    ("deux", "2"),
    ("dj", "j"),
    ("tch", "ch"),
    ("ph", "f"),
    ("qu", "k"),
    ("ck", "k"),
    ("c", "k"),
    ("oua", "wa"),
    ("oue", "we"),
    ("ou", "u"),
    ("w", "u"),
    ("oo", "u"),
    ("ey", "e"),
    ("ai", "e"),
    ("y", "i"),
    ("z", "s"),
    ("h", ""),
)


def fold(text: str) -> str:
    """Lower-case words without accents or punctuation, separated by one blank each."""
    plain = unicodedata.normalize("NFKD", text.lower().translate(LIGATURES))
    letters = "".join(char for char in plain if not unicodedata.combining(char))
    return NOT_A_WORD.sub(" ", STRETCHED.sub(r"\1\1", letters)).strip()


@lru_cache(maxsize=20_000)
def sound(word: str) -> str:
    """One key for the spellings of one sound; `word` is folded, blanks do not count."""
    key = word.replace(" ", "")
    for written, heard in SOUNDS:
        key = key.replace(written, heard)
    key = DOUBLED.sub(r"\1", key)
    return key.rstrip("es") if len(key.rstrip("es")) > 3 else key  # noqa: PLR2004  # a short name keeps its end


def word_set(text: str) -> frozenset[str]:
    """The words of a table that is written as plain text."""
    return frozenset(text.split())
