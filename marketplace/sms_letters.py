"""Letters that an SMS carries at single price: French loses little without the rest, and the bill halves."""

import re
import unicodedata
from typing import Final

# What an SMS carries at single price (GSM 03.38, the basic set), and what stands for what it does not.
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
INSTEAD: Final = str.maketrans(
    {"œ": "oe", "Œ": "OE", "«": '"', "»": '"', "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"}
    | {"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u00a0": " ", "\u202f": " "}
)
GUILLEMETS: Final = re.compile("(?<=«)\\s+|\\s+(?=»)")


def plain(text: str) -> str:
    """The same text in letters that an SMS carries at single price; what has no such letter stays as it is."""
    return "".join(map(_plain_letter, GUILLEMETS.sub("", text).translate(INSTEAD)))


def _plain_letter(letter: str) -> str:
    if letter in GSM:
        return letter
    bare = unicodedata.normalize("NFKD", letter)[0]
    return bare if bare in GSM else letter
