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


@dataclass(frozen=True)
class Lead:
    """A way from the alert's page to where something can be done: `address(alert)`, empty where it does not fit."""

    name: str
    label: Any
    address: Callable[[EscalationAlert], str]


_known: Final[dict[str, Remedy]] = {}
_leads: Final[dict[str, Lead]] = {}


def register(remedy: Remedy) -> None:
    """Offer this remedy from now on; an app does so when it is ready."""
    _known[remedy.name] = remedy


def remedies_for(alert: EscalationAlert) -> list[Remedy]:
    """What may be done about this alert now."""
    return [] if alert.state == AlertState.RESOLVED else [each for each in _known.values() if each.fits(alert)]


def offer_way(lead: Lead) -> None:
    """Offer this way on the pages of alerts from now on."""
    _leads[lead.name] = lead


def leads_from(alert: EscalationAlert) -> list[tuple[Lead, str]]:
    """The ways that fit this alert now, with their addresses."""
    found = [] if alert.state == AlertState.RESOLVED else [(each, each.address(alert)) for each in _leads.values()]
    return [(each, address) for each, address in found if address]
