"""What an SMS costs: its letters and its length. French loses little without ç, ê or œ, and the bill halves.

Source: GSM 03.38; Twilio, "What the heck is a segment?".
"""

import re
import unicodedata
from typing import Final

# What an SMS carries at single price (GSM 03.38, the basic set), and what stands for what it does not.
GSM: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("^{}\\[~]|€\f")  # GSM-7 too, but each takes the place of two
MOST_SEGMENTS: Final = 2
LINK_AT_END: Final = re.compile(r"(.*?)(https?://\S+)?", re.DOTALL)
INSTEAD: Final = str.maketrans(
    {"œ": "oe", "Œ": "OE", "«": '"', "»": '"', "\u201c": '"', "\u201d": '"', "\u2018": "'", "\u2019": "'"}
    | {"\u2026": "...", "\u2013": "-", "\u2014": "-", "\u00a0": " ", "\u202f": " "}
)
GUILLEMETS: Final = re.compile("(?<=«)\\s+|\\s+(?=»)")


def plain(text: str) -> str:
    """The same text in letters that an SMS carries at single price; what has no such letter stays as it is."""
    return "".join(map(_plain_letter, GUILLEMETS.sub("", text).translate(INSTEAD)))


def _plain_letter(letter: str) -> str:
    if letter in GSM or letter in EXTENDED:
        return letter
    bare = unicodedata.normalize("NFKD", letter)[0]
    return bare if bare in GSM else letter


def segments(text: str) -> int:
    """How many parts the bill counts: 160 letters of GSM-7 or 70 others, 153 and 67 each when they are joined."""
    if set(text) - GSM - EXTENDED:
        length, one, joined = len(text.encode("utf-16-be")) // 2, 70, 67
    else:
        length, one, joined = len(text) + sum(letter in EXTENDED for letter in text), 160, 153
    return 1 if length <= one else -(-length // joined)


def fit(text: str) -> str:
    """The text in plain letters, shortened to two segments; a link at its end stays whole."""
    text = plain(text.strip())
    if segments(text) <= MOST_SEGMENTS:
        return text
    words, link = LINK_AT_END.fullmatch(text).groups()  # type: ignore[union-attr]  # matches any text
    tail = f"... {link}" if link else "..."
    while words and segments(words + tail) > MOST_SEGMENTS:
        words = words[:-1]
    return words.rstrip() + tail
