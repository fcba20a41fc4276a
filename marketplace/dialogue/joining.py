"""Joining as a provider through the chat: name, trades, quarters, identity, a proved number; then staff decide."""

import re
from collections.abc import Callable
from typing import Final

from marketplace import applications
from marketplace.applications import Verdict
from marketplace.models import Application, ApplicationStatus
from marketplace.understanding.folding import fold
from providers.models import ProviderStatus, Zone
from providers.phone_numbers import UnreadableNumber, normalise

from . import asking, joining_replies
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
NUMBER_DIGITS: Final = 8  # and more: a phone number, no code
CODE: Final = re.compile(r"\d[\d\s-]{4,8}\d")


def is_wish(text: str) -> bool:
    """Whether somebody wants to work with us."""
    said = fold(text)
    return said in WORDS or WISH.search(said) is not None


def answer(turn: Turn) -> Reply | None:
    """Go on with joining, or begin it; `None`: the message is about something else."""
    if turn.step in STEPS:
        found = applications.undecided(turn.contact)
        if found is not None and found.status == ApplicationStatus.OPEN:
            return _go_on(turn, found)
        turn.rest()
    return _begin(turn) if is_wish(turn.heard.text) else None


def _begin(turn: Turn) -> Reply:
    if turn.provider is not None and turn.provider.status != ProviderStatus.PENDING:
        return joining_replies.already_provider()
    turn.rest()
    application = applications.begin(turn.contact, language=turn.language, at=turn.at)
    if application.status == ApplicationStatus.SUBMITTED:
        return joining_replies.application_waits()
    if turn.heard.services and not application.services.exists():
        applications.offer(application, asking.offered_services(turn.heard.services))
    if turn.heard.zones and not application.zones.exists():
        applications.serve(application, Zone.objects.filter(slug__in=turn.heard.zones))
    return _next(turn, application)


def _go_on(turn: Turn, application: Application) -> Reply | None:
    if turn.heard.choice == "join:later":
        turn.rest()
        return joining_replies.kept_for_later()
    reply = STEPS[turn.step](turn, application)
    if reply is not None:
        turn.understood()
    return reply


def _next(turn: Turn, application: Application) -> Reply:
    """Ask for the first thing that is missing; when nothing is, hand the application to staff."""
    questions = (
        (application.name, Step.JOIN_NAME, joining_replies.ask_name),
        (application.services.exists(), Step.JOIN_SERVICES, joining_replies.ask_trades),
        (application.zones.exists(), Step.JOIN_ZONES, joining_replies.ask_quarters),
        (application.identity, Step.JOIN_IDENTITY, joining_replies.ask_identity),
        (application.phone_number, Step.JOIN_NUMBER, joining_replies.ask_number),
    )
    for known, step, question in questions:
        if not known:
            asked = question()
            # Asked again: this was not understood, so show the ways out.
            return turn.ask(step, joining_replies.with_ways_out(asked) if turn.step == step else asked)
    if application.number_proved_at is None and applications.send_code(application, at=turn.at):
        return _ask_code(turn, application)
    return _submit(turn, application)


def _ask_code(turn: Turn, application: Application) -> Reply:
    may_resend = applications.can_send_code(application, turn.at)
    return turn.ask(Step.JOIN_CODE, joining_replies.ask_code(application.phone_number, may_resend=may_resend))


def _submit(turn: Turn, application: Application) -> Reply:
    turn.rest()
    applications.submit(application, at=turn.at)
    return joining_replies.summary(application.name, list(application.services.all()), list(application.zones.all()))


def _take_name(turn: Turn, application: Application) -> Reply:
    if turn.heard.text.strip() and any(letter.isalpha() for letter in turn.heard.text):
        applications.name(application, turn.heard.text.strip())
    return _next(turn, application)


def _take_services(turn: Turn, application: Application) -> Reply:
    applications.offer(application, asking.offered_services(turn.heard.services))
    return _next(turn, application)


def _take_zones(turn: Turn, application: Application) -> Reply:
    applications.serve(application, Zone.objects.filter(slug__in=turn.heard.zones))
    return _next(turn, application)


def _take_identity(turn: Turn, application: Application) -> Reply:
    photo = next((entry for entry in turn.heard.media if entry["content_type"].startswith("image/")), None)
    if photo is None:
        return turn.ask(Step.JOIN_IDENTITY, joining_replies.no_photo_yet())
    applications.identify(application, photo)
    return _next(turn, application)


def _take_number(turn: Turn, application: Application) -> Reply:
    try:
        number = normalise(turn.heard.text)
    except UnreadableNumber as problem:
        return turn.ask(Step.JOIN_NUMBER, joining_replies.number_unreadable(str(problem)))
    applications.take_number(application, number.e164)
    return _next(turn, application)


def _take_code(turn: Turn, application: Application) -> Reply:
    text = turn.heard.text
    if turn.heard.choice == "join:no_code":
        return _submit(turn, application)
    if not turn.contact.phone_number and len(re.sub(r"\D", "", text)) >= NUMBER_DIGITS:
        return _take_number(turn, application)  # the one before was mistyped
    wants_new = turn.heard.choice == "join:again" and applications.send_code(application, at=turn.at)
    if wants_new or (not CODE.search(text) and applications.has_open_code(application, turn.at)):
        return _ask_code(turn, application)
    may_resend = applications.can_send_code(application, turn.at)
    verdict = applications.try_code(application, text, at=turn.at)
    if verdict == Verdict.RIGHT:
        return _next(turn, application)
    if verdict == Verdict.WRONG:
        return turn.ask(Step.JOIN_CODE, joining_replies.code_wrong(may_resend=may_resend))
    return turn.ask(Step.JOIN_CODE, joining_replies.code_stale(may_resend=may_resend))


STEPS: Final[dict[str, Callable[[Turn, Application], Reply | None]]] = {
    Step.JOIN_NAME: _take_name,
    Step.JOIN_SERVICES: _take_services,
    Step.JOIN_ZONES: _take_zones,
    Step.JOIN_IDENTITY: _take_identity,
    Step.JOIN_NUMBER: _take_number,
    Step.JOIN_CODE: _take_code,
}
