"""From a raw message to words: clauses, SMS spelling, glued articles, emojis."""

import re
import unicodedata
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from marketplace.understanding.folding import fold

MAX_LENGTH: Final = 2000  # characters that are read; longer texts say what they want before that
CLAUSES: Final = re.compile(r"[.,;:!?()\n\r…|]+(?=\s|$)|[;!?()\n\r…|]+|\s-\s")
# How to reach somebody says nothing of what is wanted: mail addresses, links, numbers of six digits and more.
REACHES: Final = re.compile(
    r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.-]+|\bhttps?://\S+|(?<!\d)(?!\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b)\+?\d(?:[\s.()/-]{0,2}\d){5,}",
    re.IGNORECASE,
)
PIECES: Final = re.compile(r"[^\W_]+", re.UNICODE)
ARTICLES: Final = frozenset("ldjnmst")
ELIDED_BEFORE: Final = frozenset("aeiouyh")  # "l'eau", never "t'rain"
MIN_GLUED: Final = 4  # "leau" may be "l eau"; shorter words are left alone

# One written form -> the words meant. Only what stands for exactly one thing.
SHORTHAND: Final = {
    "ke": "que", "ki": "qui", "koi": "quoi", "kan": "quand", "kel": "quel", "kelkun": "quelqu un", "kelk1": "quelqu un",
    "qlq": "quelque", "qlqn": "quelqu un", "qqn": "quelqu un", "quelquun": "quelqu un", "kelqun": "quelqu un",
    "jai": "j ai", "g": "j ai", "jsui": "je suis", "jsuis": "je suis", "chui": "je suis", "jve": "je veux", "jveu": "je veux",
    "jveux": "je veux", "jvoudrai": "je voudrais", "jvoudrais": "je voudrais", "veu": "veux", "ve": "veux", "cest": "c est",
    "sest": "s est", "ya": "y a", "yapa": "y a pas", "yaplu": "y a plus", "pr": "pour", "ds": "dans", "ac": "ac", "avk": "avec",
    "vs": "vous", "ns": "nous", "tt": "tout", "ts": "tous", "tjr": "toujours", "tjrs": "toujours", "tjs": "toujours",
    "bcp": "beaucoup", "pb": "probleme", "prblm": "probleme", "probl": "probleme", "pblm": "probleme", "rdv": "rendez vous",
    "auj": "aujourd hui", "ajd": "aujourd hui", "aujourdhui": "aujourd hui", "ojourdui": "aujourd hui",
    "aujourdui": "aujourd hui", "ojd": "aujourd hui", "2m1": "demain", "2main": "demain", "dem1": "demain", "demin": "demain",
    "dmain": "demain", "2mains": "demain", "fo": "faut", "fau": "faut", "b1": "bien", "mintenan": "maintenant",
    "maintenan": "maintenant", "mnt": "maintenant", "mtn": "maintenant", "tkt": "tkt", "stp": "svp", "svpl": "svp",
    "sil": "s il", "lelectricien": "electricien", "d1": "d un", "1e": "une", "kom": "comme", "com": "comme", "pa": "pas",
    "ma": "ma", "mn": "mon", "dpuis": "depuis", "depui": "depuis", "dp": "depuis", "urgen": "urgent", "urgant": "urgent",
    "semene": "semaine", "sem": "semaine", "aprem": "apres midi", "aprè": "apres", "apre": "apres", "o": "o", "alor": "alors",
    "mci": "merci", "mrc": "merci", "mrci": "merci", "bjr": "bonjour", "bsr": "bonsoir", "bnjr": "bonjour", "bjour": "bonjour",
    "slt": "salut", "dac": "d accord", "dacc": "d accord", "oklm": "ok", "okk": "ok", "wi": "oui", "ui": "oui", "ouai": "ouais",
    "nn": "non", "nan": "non", "u": "you", "ur": "your", "pls": "please", "plz": "please", "plse": "please", "pliz": "please",
    "abeg": "abeg", "2day": "today", "tday": "today", "2moro": "tomorrow", "tmrw": "tomorrow", "tmr": "tomorrow",
    "tomoro": "tomorrow", "tomorow": "tomorrow", "tumoro": "tomorrow", "2nite": "tonight", "2night": "tonight", "tonite": "tonight",
    "thx": "thanks", "tnx": "thanks", "ty": "thank you", "im": "i m", "ive": "i ve", "dont": "don t", "doesnt": "doesn t",
    "isnt": "isn t", "wont": "won t", "cant": "can t", "didnt": "didn t", "wusai": "wusai", "wey": "weh", "somone": "someone",
    "wan": "wan", "dem": "dem", "elec": "electricite", "elek": "electricite", "electrik": "electricite", "elektricien": "electricien",
    "elektrik": "electricite", "frij": "frigo", "mashin": "machine", "lampoule": "ampoule", "klim": "clim", "climat": "clim",
    "kle": "cle", "reparé": "repare", "ordi": "ordinateur", "tel": "telephone", "appart": "appartement", "congel": "congelateur",
    "congelo": "congelateur", "wknd": "week end", "weekend": "week end", "wk": "week", "we": "we",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Word:
    """A folded word, the clause that it stands in, and whether it was written with a capital letter."""

    text: str
    clause: int
    capital: bool


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message ready to be searched."""

    raw: str
    words: tuple[Word, ...]

    @property
    def texts(self) -> tuple[str, ...]:
        """The folded words alone."""
        return tuple(word.text for word in self.words)

    @property
    def joined(self) -> str:
        """The folded words with one blank between them."""
        return " ".join(word.text for word in self.words)


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """One form for singular and plural; crude on purpose, since both sides of a comparison go through it."""
    if len(word) > 3 and word[-1] in "sx" and not word.endswith("ss"):  # noqa: PLR2004  # "gaz", "pas" stay
        word = word[:-1]
    return word[:-1] if len(word) > 4 and word[-1] == "e" else word  # noqa: PLR2004


def squash(text: str) -> str:
    """The folded text without blanks: the key for names that people glue or split."""
    return fold(text).replace(" ", "")


def read(text: str, known: AbstractSet[str]) -> Sentence:
    """Split a message into folded words; `known` words decide whether "leau" is an article and a noun."""
    raw = text = (
        unicodedata.normalize("NFC", text[:MAX_LENGTH])
        .replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
        .replace("`", "'")
    )
    text = REACHES.sub(" ", text)
    words: list[Word] = []
    for number, clause in enumerate(CLAUSES.split(text)):
        for piece in PIECES.findall(clause):
            folded = fold(piece)
            capital = piece[:1].isupper()
            words += [Word(part, number, capital) for part in _unpack(folded, known)]
    return Sentence(raw, tuple(words))


def words_of(text: str, known: AbstractSet[str] = frozenset()) -> tuple[str, ...]:
    """Folded words of a vocabulary entry or a training message."""
    return read(text, known).texts


def _unpack(folded: str, known: AbstractSet[str]) -> list[str]:
    """The words that one written word stands for."""
    if not folded:
        return []
    if meant := SHORTHAND.get(folded):
        return meant.split()
    if folded in known or len(folded) <= MIN_GLUED:
        return folded.split()
    if folded[0] in ARTICLES and folded[1] in ELIDED_BEFORE and folded[1:] in known:
        return [folded[0], folded[1:]]
    if folded.startswith("qu") and folded[2:] in known:
        return ["qu", folded[2:]]
    return folded.split()
