"""Nobody is recognised in a fixture: names, numbers, links and places are replaced, the time is moved by whole weeks."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone

from marketplace.language_model import NUMBER, mask

REFERENCE_MONDAY: Final = datetime(2026, 1, 5, tzinfo=timezone.get_fixed_timezone(60))
WEEK: Final = timedelta(weeks=1)
SHORTEST_NAME: Final = 3
CLIENT: Final = "Awa"  # a name, so that a sentence with it is read as the sentence was
DIGIT: Final = re.compile(r"\d")
COUNTED: Final = re.compile(r"#\d+")
MENTIONED_LINK: Final = re.compile(r"\S*/go/\S+")
# Of a webhook's fields, what the dialogue reads and what tells of nobody.
KEPT_FIELDS: Final = ("MessageType", "ButtonPayload", "ButtonText", "ListId", "ListTitle", "NumMedia")
COARSE: Final = 2  # decimals of a degree: about a kilometre


class Disguise:
    """Replaces what tells who took part. `aliases` maps names of people to what stands for them."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        words = {
            word: alias
            for name, alias in aliases.items()
            for word in (name, *name.split())
            if len(word) >= SHORTEST_NAME and word != alias
        }
        names = sorted(words, key=len, reverse=True)
        self._words = {name.casefold(): words[name] for name in names}
        pattern = "|".join(rf"\b{re.escape(name)}\b" for name in names)
        self._names = re.compile(pattern, re.IGNORECASE) if names else None

    def text(self, text: str) -> str:
        """The text without names, numbers, addresses and links."""
        # A number stays a number of the same form: it is part of how the sentence was understood.
        text = NUMBER.sub(lambda match: DIGIT.sub("0", match.group()), text)
        text = COUNTED.sub("#0", MENTIONED_LINK.sub("[link]", mask(text, numbers=False)))
        if self._names is None:
            return text
        return self._names.sub(lambda match: self._words[match.group().casefold()], text)

    def payload(self, payload: Mapping[str, Any]) -> dict[str, str]:
        """The fields that the dialogue reads: no address, no media; places to a kilometre."""
        kept = {name: self.text(str(payload[name])) for name in KEPT_FIELDS if payload.get(name)}
        for name in ("Latitude", "Longitude"):
            try:
                kept[name] = str(round(float(payload[name]), COARSE))
            except (KeyError, TypeError, ValueError):
                continue
        media = {name: str(value) for name, value in payload.items() if name.startswith("MediaContentType")}
        return kept | media


def moved(at: datetime) -> datetime:
    """The same weekday and hour in the week of reference."""
    weeks = (at - REFERENCE_MONDAY) // WEEK
    return timezone.localtime(at) - weeks * WEEK
