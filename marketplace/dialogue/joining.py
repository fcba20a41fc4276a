"""Joining as a provider through the chat: name, trades, quarters; then staff approve or refuse."""

import re
from typing import Final

from django.utils.translation import gettext_lazy as _

from marketplace.understanding.folding import fold
from providers.models import Provider, ProviderStatus, Zone

from . import asking, provider_replies, staff
from .choosing import phrases
from .turn import Reply, Step, Turn

WORDS: Final = phrases(
    "devenir prestataire|je veux devenir prestataire|travailler avec vous|je veux travailler avec vous|become a provider|"
    "join as provider|i want to work with you|inscription prestataire|m inscrire comme prestataire|je suis prestataire|"
    "i wan work with una"
)
# "je suis plombier, comment travailler avec vous ?"
WISH: Final = re.compile(
    r"\b(travailler (?:avec|pour|chez) (?:vous|djobea)|devenir (?:un )?prestataire|work (?:with|for) (?:you|una|djobea)|"
    r"vous recrutez|become (?:a )?provider)\b"
)
STEPS: Final = frozenset({Step.JOIN_NAME, Step.JOIN_SERVICES, Step.JOIN_ZONES})
NAME_LIMIT: Final = 120


def is_wish(text: str) -> bool:
    """Whether somebody wants to work with us."""
    said = fold(text)
    return said in WORDS or WISH.search(said) is not None


def answer(turn: Turn) -> Reply | None:
    """Go on with joining, or begin it; `None`: the message is about something else."""
    if turn.step in STEPS:
        return _go_on(turn)
    if not is_wish(turn.heard.text):
        return None
    if turn.provider is not None:
        waits = turn.provider.status == ProviderStatus.PENDING
        return provider_replies.application_waits() if waits else provider_replies.already_provider()
    turn.rest()
    turn.slots["joining"] = {"services": list(turn.heard.services), "zones": list(turn.heard.zones)}
    return turn.ask(Step.JOIN_NAME, provider_replies.ask_name())


def _go_on(turn: Turn) -> Reply | None:
    heard = turn.heard
    facts: dict[str, object] = turn.slots.setdefault("joining", {})
    if not heard.text.strip():
        return _ask(turn, turn.step)
    if turn.step == Step.JOIN_NAME:
        facts["name"] = heard.text.strip()[:NAME_LIMIT]
    elif turn.step == Step.JOIN_SERVICES:
        if not heard.services:
            return _ask(turn, Step.JOIN_SERVICES)
        facts["services"] = list(heard.services)
    else:
        if not heard.zones:
            return _ask(turn, Step.JOIN_ZONES)
        facts["zones"] = list(heard.zones)
    if not facts.get("services"):
        return _ask(turn, Step.JOIN_SERVICES)
    if not facts.get("zones"):
        return _ask(turn, Step.JOIN_ZONES)
    return _apply(turn)


def _ask(turn: Turn, step: str) -> Reply:
    questions = {
        Step.JOIN_NAME: provider_replies.ask_name,
        Step.JOIN_SERVICES: provider_replies.ask_trades,
        Step.JOIN_ZONES: provider_replies.ask_quarters,
    }
    return turn.ask(step, questions[Step(step)]())


def _apply(turn: Turn) -> Reply:
    facts = turn.slots.pop("joining")
    turn.rest()
    reference = f"conversation:{turn.conversation.pk}"
    if turn.contact.phone_number:
        applicant, made = Provider.objects.get_or_create(
            phone_number=turn.contact.phone_number,
            defaults={"name": facts["name"], "language": turn.language, "status": ProviderStatus.PENDING},
        )
        if made:
            applicant.services.set(asking.offered_services(facts["services"]))
            applicant.zones.set(Zone.objects.filter(slug__in=facts["zones"]))
        reference = f"provider:{applicant.pk}"
    staff.tell(
        fingerprint=f"application:{turn.contact.pk}",
        title=_("Somebody wants to join as a provider"),
        cause=_("Name: %(name)s. Services: %(services)s. Zones: %(zones)s."),
        facts={
            "name": facts["name"],
            "services": ", ".join(facts["services"]),
            "zones": ", ".join(facts["zones"]),
        },
        remedy=_("Check the identity, then approve or refuse in the list of providers."),
        reference=reference,
        at=turn.at,
    )
    return provider_replies.application_noted()
