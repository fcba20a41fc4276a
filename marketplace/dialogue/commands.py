"""What is understood at any step: stop, start, help, a person, another language, my data, where is it, cancel."""

from collections.abc import Callable
from typing import Final

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from marketplace import privacy, service_requests
from marketplace.models import RequestStatus, Wish
from marketplace.understanding.folding import fold
from notifications import contacts

from . import (
    asking,
    command_replies,
    job_replies,
    joining,
    privacy_replies,
    provider,
    replies,
    reports,
    resting,
    running,
    takeover,
)
from .gathering import is_landmark
from .turn import Draft, Reply, Step, Turn

# Whole messages, folded. SMS keywords that Twilio keeps for itself (CANCEL, END, QUIT ...) are understood on
# WhatsApp, but never proposed.
WORDS: Final[dict[str, str]] = {
    word: name
    for name, words in {
        "help": "aide|help|menu|services|les services|info|infos|?",
        "human": "agent|humain|une personne|conseiller|operateur|operator",
        "status": "suivi|statut|status|ou en est ma demande|mes demandes|ma demande",
        "cancel": "annuler|annule|annulez|cancel",
        "restart": "recommencer|nouvelle demande|new request|restart|nouveau|reset",
        "data": "mes donnees|my data|donnees personnelles|supprimer mes donnees|effacer mes donnees|delete my data",
        "french": "francais|french|fr|en francais|parlez francais",
        "english": "english|anglais|en|in english|en anglais",
        "pidgin": "pidgin|pijin|pidjin|pcm|for pidgin|talk pidgin",
        "language": "langue|language|langues",
        "next": "suivant|next|la suite",
        "change": "modifier|modifie|changer|modifier ma demande|changer ma demande|je veux modifier|change|edit",
    }.items()
    for word in words.split("|")
}
LANGUAGE_WORDS: Final = {"french": "fr", "english": "en", "pidgin": "pcm"}
BY_INTENT: Final = frozenset({"stop", "start", "help", "human", "language", "status", "cancel"})
BY_CHOICE: Final = {
    "menu:human": "human",
    "menu:restart": "restart",
    "menu:services": "services",
    "menu:status": "status",
    "menu:another": "another",
    "menu:change": "change",
    "menu:go_on": "go_on",
    "menu:resume": "resume",
    "confirm:cancel": "cancel",
    "data:copy": "data_choice",
    "data:erase": "data_choice",
    "data:none": "data_choice",
}
# Steps whose answer is free text: there an intent that was only guessed must not carry the answer away. A landmark
# (Step.PLACE) is none of them: in its place people ask when somebody comes, and that is told from a landmark.
FREE_TEXT: Final = frozenset(
    {
        Step.QUOTE,
        Step.JOIN_NAME,
        Step.JOIN_SERVICES,
        Step.JOIN_ZONES,
        Step.JOIN_IDENTITY,
        Step.JOIN_NUMBER,
        Step.JOIN_CODE,
        Step.CANCEL,
        Step.PHONE,
    }
)


def name_of(turn: Turn) -> str:
    """The command that this message gives; empty: none."""
    text, choice = turn.heard.text, turn.heard.choice
    if contacts.is_opt_out(text):
        return "stop"
    if contacts.is_opt_in(text):  # "recommencer": who never left wants to begin anew
        return "restart" if turn.contact.opted_out_at is None else "start"
    if choice:
        return "language" if choice.startswith("language:") else BY_CHOICE.get(choice, "")
    if turn.provider is not None and fold(text) in provider.WORDS:
        return ""  # "mes jobs", "terminé": a provider's own words
    return WORDS.get(fold(text)) or _by_intent(turn)


def _by_intent(turn: Turn) -> str:
    """A command in the person's own words, unless they are more likely the answer to a question or a request."""
    intent = turn.heard.intent
    if reports.is_report(turn):
        return ""
    if intent == "human":
        return intent
    if intent not in BY_INTENT or turn.step in FREE_TEXT:
        return ""
    if turn.step == Step.PLACE and is_landmark(turn.heard.text):
        return ""
    if turn.heard.services and intent != "cancel":
        asks_of_running = intent == "status" and service_requests.current_for(turn.contact) is not None
        return intent if asks_of_running else ""  # "where is the plumber?"
    return intent


def answer(turn: Turn) -> Reply | None:
    """Do what the command says; `None`: the message is no command."""
    name = name_of(turn)
    if name in LANGUAGE_WORDS:
        return _speak(turn, LANGUAGE_WORDS[name])
    act = COMMANDS.get(name)
    reply = act(turn) if act else None
    if reply is not None:
        turn.understood()
    return reply


def _stop(turn: Turn) -> Reply:
    contacts.opt_out(turn.contact, at=turn.at)
    return command_replies.stopped()


def _start(turn: Turn) -> Reply:
    contacts.opt_in(turn.contact, at=turn.at)
    turn.rest()  # the answer asks what is needed
    return command_replies.started()


def _help(turn: Turn) -> Reply | None:
    if joining.is_wish(turn.heard.text) or turn.heard.services:
        return None  # "I am a plumber, how do I work with you?" is for the provider's part
    if turn.provider is not None:
        return turn.ask(turn.step, command_replies.provider_help())
    return turn.ask(Step.MENU, command_replies.help_text(asking.common_services()))


def _services(turn: Turn) -> Reply:
    return turn.ask(Step.SERVICE, replies.ask_service(asking.common_services()))


def _human(turn: Turn) -> Reply:
    waits_already = turn.conversation.needs_human
    takeover.call_human(turn.conversation, why=_("The person asked for it, or complained."), at=turn.at)
    return command_replies.human_is_coming() if waits_already else command_replies.human_called()


def _language(turn: Turn) -> Reply:
    wanted = turn.heard.choice.partition(":")[2] or turn.heard.wanted_language
    if wanted not in {"fr", "en", "pcm"}:
        return turn.ask(Step.MENU, command_replies.ask_language())
    return _speak(turn, wanted)


def _speak(turn: Turn, language: str) -> Reply:
    turn.conversation.language = language
    turn.contact.language = language
    turn.contact.save(update_fields=["language"])
    translation.activate(language)  # the turn's own override restores the language of the process
    if turn.draft.is_empty:
        return command_replies.language_changed()
    return asking.next_question(turn)


def _data(turn: Turn) -> Reply:
    return turn.ask(Step.MENU, privacy_replies.ask_wish())


def _data_choice(turn: Turn) -> Reply:
    wish = turn.heard.choice.partition(":")[2]
    turn.rest()
    if wish not in Wish.values:
        return privacy_replies.nothing()
    privacy.ask(turn.contact, wish, at=turn.at)
    return turn.ask(Step.MENU, privacy_replies.noted(wish))


def _status(turn: Turn) -> Reply | None:
    request = service_requests.current_for(turn.contact)
    if request is not None:
        return turn.ask(Step.MENU, running.where_it_stands(request, turn.at))
    if turn.provider is not None:
        return None  # the provider's own jobs
    if not turn.draft.is_empty:
        return asking.next_question(turn)
    return turn.ask(Step.MENU, job_replies.nothing_running())


def _cancel(turn: Turn) -> Reply | None:
    if not turn.draft.is_empty:
        turn.rest()
        return job_replies.draft_dropped()
    request = service_requests.current_for(turn.contact)
    if request is not None:
        turn.slots["cancels"] = request.pk
        return turn.ask(Step.CANCEL, job_replies.ask_cancel_reason(request))
    if turn.provider is not None:
        return None  # gives a job back
    turn.rest()
    return job_replies.nothing_to_cancel()


def _restart(turn: Turn) -> Reply:
    turn.rest()
    turn.slots.pop("resting", None)
    return command_replies.restarted()


def _another(turn: Turn) -> Reply:
    """One more job although one like it runs: go on with what was put aside."""
    aside = turn.slots.pop("postponed", None)
    if not aside:
        return _restart(turn)
    turn.draft = Draft.from_slots(aside)
    turn.slots["one_more"] = True
    return asking.next_question(turn)


def _change(turn: Turn) -> Reply | None:
    if not turn.draft.is_empty:
        return turn.ask(Step.CHANGE, replies.ask_change())
    request = service_requests.current_for(turn.contact)
    if request is None:
        return None
    if request.status == RequestStatus.MATCHED:
        return turn.ask(Step.MENU, job_replies.change_of_matched())
    turn.draft = Draft(
        services=[request.service.slug],
        zone=request.zone.slug,
        urgency=request.urgency,
        scheduled_for=request.scheduled_for.isoformat() if request.scheduled_for else "",
        description=request.description,
        place_note=request.place_note,
        call_number=request.call_number,
        latitude=request.latitude,
        longitude=request.longitude,
        media=request.media,
        phone_asked=True,
        replaces=request.pk,
    )
    return turn.ask(Step.CHANGE, replies.ask_change())


def _go_on(turn: Turn) -> Reply:
    return asking.next_question(turn)


def _next(turn: Turn) -> Reply | None:
    later: list[str] = turn.slots.pop("later", [])
    if not asking.offered_services(later):
        return None
    turn.rest()
    turn.draft = Draft(services=later, **turn.slots.pop("later_place", {}))
    return asking.next_question(turn)


COMMANDS: Final[dict[str, Callable[[Turn], Reply | None]]] = {
    "stop": _stop,
    "start": _start,
    "help": _help,
    "services": _services,
    "human": _human,
    "language": _language,
    "data": _data,
    "data_choice": _data_choice,
    "status": _status,
    "cancel": _cancel,
    "restart": _restart,
    "another": _another,
    "next": _next,
    "change": _change,
    "go_on": _go_on,
    "resume": resting.resume,
}
