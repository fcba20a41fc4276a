"""Quotes in the chat: "devis 25000 siphon" from the provider, "oui" or "non" from the customer."""

import re
from datetime import datetime
from operator import itemgetter
from typing import Final

from marketplace import jobs, quotes
from marketplace.models import Job, Quote
from marketplace.models.quote import MOST_FCFA
from marketplace.understanding.folding import fold
from providers.models import Provider

from . import provider_replies, quote_replies
from .choosing import is_no, is_yes
from .turn import Reply, Step, Turn

PATIENCE: Final = 3
LEAST_FCFA: Final = 100  # what is smaller counts things
# Beginnings, folded. The words of work that came up later go first: "supplément" is no "devis".
EXTRA: Final = re.compile(
    r"^(?:il (?:y a|faut) )?(?:des? |un )?(?:travaux? (?:en plus|supplementaires?)|supplement\w*|extra(?: work| job)?|"
    r"en plus|rajout|rallonge|more work|work don plenty)\b"
)
QUOTE: Final = re.compile(
    r"^(?:mon |le |un |voici (?:le |mon )?|my )?(?:devis|quote|quotation|tarif|prix|price|facture)\b"
)
AMOUNT: Final = re.compile(
    r"(?<![\w.,])(?P<digits>\d{1,3}(?:[ .,\u00a0\u202f]\d{3})+|\d{1,9})\s?(?P<thousand>k|mille)?\s?"
    r"(?:f\s?cfa|fcfa|xaf|cfa|francs?|frs?|f)?(?![\w])",
    re.IGNORECASE,
)
LEADING_WORDS: Final = re.compile(
    r"^\W*(?:(?:il y a|il faut|voici|mon|le|un|des?|my)\s+)*"
    r"(?:devis|quote|quotation|tarif|prix|price|facture|travaux? (?:en plus|suppl[ée]mentaires?)|suppl[ée]ment\w*|"
    r"extra(?: work| job)?|en plus|rajout|rallonge|more work)\b\W*(?:c'est|est|is|de|pour|of|for|:)?\s*",
    re.IGNORECASE,
)
LINKING_WORDS: Final = re.compile(r"^\W*(?:pour|for|de|d'|:)?\s*", re.IGNORECASE)


def amount_in(text: str) -> tuple[int, str] | None:
    """The amount in FCFA that `text` names, and what it is for; None: no amount, or an impossible one."""
    said = LEADING_WORDS.sub("", text.strip())
    amounts = [(_value(found), found) for found in AMOUNT.finditer(said)]
    possible = [(value, found) for value, found in amounts if LEAST_FCFA <= value <= MOST_FCFA]
    if not possible:
        return None
    amount, found = max(possible, key=itemgetter(0))  # "2 robinets 18000"
    rest = f"{said[: found.start()].strip()} {LINKING_WORDS.sub('', said[found.end() :]).strip()}"
    return amount, rest.strip(" \t\n-:,;.")


def _value(found: re.Match[str]) -> int:
    return int(re.sub(r"\D", "", found["digits"])) * (1000 if found["thousand"] else 1)


def propose(turn: Turn, provider: Provider) -> Reply | None:
    """A provider names a price for the job in hand; `None`: the message is about something else."""
    if turn.step == Step.QUOTE:
        return _answer_amount(turn, provider)
    said = fold(turn.heard.text)
    is_extra = EXTRA.match(said) is not None
    if turn.heard.choice or not (is_extra or QUOTE.match(said)):
        return None
    job = jobs.live_job_of(provider)
    if job is None:  # "devis pour une peinture": a customer's words, unless nothing else is said
        return None if turn.heard.services else provider_replies.no_job()
    return _send(turn, job, is_extra=is_extra) or _ask(turn, is_extra=is_extra)


def _send(turn: Turn, job: Job, *, is_extra: bool) -> Reply | None:
    named = amount_in(turn.heard.text)
    if named is None:
        return None
    turn.slots.pop("quote_is_extra", None)
    if turn.draft.is_empty:
        turn.rest()
    quote = quotes.propose(job, amount=named[0], description=named[1], is_extra=is_extra, at=turn.at)
    return quote_replies.proposed(quote) if quote else provider_replies.no_job()


def _ask(turn: Turn, *, is_extra: bool) -> Reply:
    turn.slots["quote_is_extra"] = is_extra
    return turn.ask(Step.QUOTE, quote_replies.ask_amount(is_extra=is_extra))


def _answer_amount(turn: Turn, provider: Provider) -> Reply | None:
    heard = turn.heard
    if heard.choice == "quote:none:drop" or (is_no(heard.text) or fold(heard.text) in {"annuler", "annule", "cancel"}):
        _leave(turn)
        return quote_replies.dropped()
    if heard.choice:
        _leave(turn)
        return None
    job = jobs.live_job_of(provider)
    if job is None:
        _leave(turn)
        return provider_replies.no_job()
    is_extra = bool(turn.slots.get("quote_is_extra"))
    if sent := _send(turn, job, is_extra=is_extra):
        return sent
    if turn.missed() >= PATIENCE:
        _leave(turn)
        return None
    return turn.ask(Step.QUOTE, quote_replies.amount_unclear())


def _leave(turn: Turn) -> None:
    turn.slots.pop("quote_is_extra", None)
    if turn.draft.is_empty:
        turn.rest()


def answer(turn: Turn) -> Reply | None:
    """A customer agrees, or does not: by a tap, its number or its words."""
    name, _colon, rest = turn.heard.choice.partition(":")
    pk, _colon, verb = rest.partition(":")
    if name == "quote":
        found = quotes.open_for(turn.contact).filter(pk=int(pk)).first() if pk.isdecimal() else None
        return _act(turn, found, verb) if found else quote_replies.too_late()
    if turn.heard.choice:
        return None
    verb = _verdict(turn)
    quote = quotes.open_for(turn.contact).first() if verb else None
    if quote is None or asked_since(turn, quote.proposed_at):
        return None
    return _act(turn, quote, verb)


def asked_since(turn: Turn, moment: datetime) -> bool:
    """Whether we asked this person something after `moment`, so that a bare yes answers that instead."""
    asked_at = turn.slots.get("asked_at")
    if turn.step == Step.START or not asked_at or not (turn.choices or not turn.draft.is_empty):
        return False
    return datetime.fromisoformat(asked_at) > moment


def _verdict(turn: Turn) -> str:
    heard = turn.heard
    if heard.number is not None:
        return {1: "approve", 2: "refuse"}.get(heard.number, "")
    if heard.intent == "accept" or is_yes(heard.text):
        return "approve"
    return "refuse" if heard.intent == "decline" or is_no(heard.text) else ""


def _act(turn: Turn, quote: Quote, verb: str) -> Reply:
    if verb not in {"approve", "refuse"}:
        return turn.ask(Step.MENU, quote_replies.ask_approval(quote))
    if turn.draft.is_empty:
        turn.rest()
    act, reply = (
        (quotes.approve, quote_replies.approved) if verb == "approve" else (quotes.refuse, quote_replies.refused)
    )
    return reply(quote) if act(quote, at=turn.at) else quote_replies.too_late()
