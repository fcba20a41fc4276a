"""An offered choice can be answered by a tap, by its number or by its words."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from rapidfuzz import fuzz

from marketplace.understanding.folding import fold

from .turn import Choice

# "1", "1.", "n°1", "le 1", "option 1", the keycap "1️⃣"
NUMBER: Final = re.compile(r"^(?:(?:le|la|the|n|no|nr|numero|number|option|choix|choice|reponse) )?(\d{1,2})$")
ENOUGH_LETTERS: Final = 4  # a shorter beginning of a title proves nothing
ALIKE: Final = 86  # of 100: "elctricité" for "Électricité"


def phrases(written: str) -> frozenset[str]:
    """Folded phrases that are written with bars between them."""
    return frozenset(written.split("|"))


YES: Final = phrases(
    "oui|ouais|wi|ok|okay|oki|dac|daccord|d accord|yes|yeah|yep|ya|yes o|vas y|allez y|go|c est bon|c bon|c est ca|"
    "correct|exact|exactement|parfait|je confirme|confirme|confirmer|valide|valider|je valide|bien sur|lance|lancez|"
    "na so|correct so|that s right|sure|go ahead|oui merci|ok merci|oui svp|yes please|oui oui|ouii|yess"
)
NO: Final = frozenset(
    [
        "non",
        "nn",
        "no",
        "nope",
        "pas du tout",
        "non merci",
        "no thanks",
        "no o",
        "non non",
        "jamais",
        "faux",
        "pas bon",
        "ce n est pas ca",
        "c est pas ca",
    ]
)
SKIP: Final = NO | phrases("passer|passe|rien|aucun|aucune|skip|nothing|none|pas de repere|sans numero")
# What people say instead of a title; the key is the end of the choice's id.
SYNONYMS: Final[Mapping[str, frozenset[str]]] = {
    "yes": YES,
    "go_on": YES,
    "resume": YES,
    "no": NO,
    "skip": SKIP,
    "change": phrases("modifier|modifie|modif|changer|change|corriger|edit|non|no|nn|pas bon|faux"),
    "human": phrases("quelqu un|agent|conseiller|humain|personne|person|human"),
    "copy": phrases("copie|une copie|voir|copy|a copy|see"),
    "erase": phrases("supprimer|supprime|effacer|efface|tout supprimer|tout effacer|delete|erase|clear"),
    "none": phrases("rien|aucune|nothing|non|no|laisse"),
    "accept": YES | phrases("accepter|j accepte|accepte|accept|i accept|je prends|preneur|i take am"),
    "decline": NO | phrases("refuser|je refuse|refuse|decline|pas dispo|pas disponible"),
}
YES_SIGNS: Final = ("👍", "✅", "👌", "✔")
NO_SIGNS: Final = ("👎", "❌", "✖")


def number_in(text: str) -> int | None:
    """The number that the whole message is, if it is one."""
    found = NUMBER.match(fold(text))
    return int(found.group(1)) if found else None


def is_yes(text: str) -> bool:
    return fold(text) in YES or text.strip().startswith(YES_SIGNS)


def is_no(text: str) -> bool:
    return fold(text) in NO or text.strip().startswith(NO_SIGNS)


def choose(text: str, offered: Sequence[Choice]) -> str:
    """The id of the offered choice that `text` names by number or words; empty: none of them, or two alike."""
    number = number_in(text)
    if number is not None:
        return offered[number - 1]["id"] if 1 <= number <= len(offered) else ""
    return _by_synonym(text, offered) or _by_title(text, offered)


def _by_synonym(text: str, offered: Sequence[Choice]) -> str:
    said = fold(text)
    for choice in offered:
        ending = choice["id"].rpartition(":")[2]
        if said in SYNONYMS.get(ending, ()):
            return choice["id"]
        if (ending in {"yes", "accept"} and is_yes(text)) or (ending in {"no", "decline"} and is_no(text)):
            return choice["id"]
    return ""


def _by_title(text: str, offered: Sequence[Choice]) -> str:
    said = fold(text)
    titles = [(fold(choice["title"]), choice["id"]) for choice in offered]
    for title, choice_id in titles:
        if said == title:
            return choice_id
    if len(said) < ENOUGH_LETTERS:
        return ""
    near = [
        choice_id
        for title, choice_id in titles
        if f"{title} ".startswith(f"{said} ") or fuzz.ratio(said, title) >= ALIKE
    ]
    return near[0] if len(near) == 1 else ""
