"""What staff may do about a kind of alert, beside taking care of it: registered by the app that can do it.

`notifications` knows neither requests nor providers, so it only carries the wish: by the alert's code or from its page.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from .models import AlertState, EscalationAlert


@dataclass(frozen=True)
class Remedy:
    """`fits(alert)` says for which alerts; `do(alert, by, at)` does it and answers with a sentence for the person.

    `word` is what the alert's message proposes; `words` (folded: no accents, lower case) are all that are understood.
    """

    name: str
    label: Any
    word: str
    words: frozenset[str]
    fits: Callable[[EscalationAlert], bool]
    do: Callable[[EscalationAlert, str, datetime], str]


_known: Final[dict[str, Remedy]] = {}


def register(remedy: Remedy) -> None:
    """Offer this remedy from now on; an app does so when it is ready."""
    _known[remedy.name] = remedy


def remedies_for(alert: EscalationAlert) -> list[Remedy]:
    """What may be done about this alert now."""
    return [] if alert.state == AlertState.RESOLVED else [each for each in _known.values() if each.fits(alert)]
