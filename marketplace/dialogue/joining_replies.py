"""The words for those who want to join as providers."""

from collections.abc import Sequence

from providers.models import Service, Zone

from .replies import choice, human_choice
from .turn import Reply
from .words import gettext as _
from .words import spoken


def ask_name() -> Reply:
    return Reply(_("Great, you want to work with us! What is your name, or that of your firm?"))


def ask_trades() -> Reply:
    return Reply(_("What do you do? For example: plumbing and electricity."))


def ask_quarters() -> Reply:
    return Reply(_("In which quarters do you work? For example: Akwa, Bonamoussadi, Makepe."))


def ask_identity() -> Reply:
    return Reply(_("Now send a photo of your identity card, both name and face readable. Only the team sees it."))


def with_ways_out(question: Reply) -> Reply:
    """The same question for somebody who did not get through with it."""
    return Reply(question.text, (choice("join:later", _("Later")), human_choice()))


def no_photo_yet() -> Reply:
    text = _(
        "I need a photo of your identity card (📎, then Camera). You may also do it later: I keep your application."
    )
    return with_ways_out(Reply(text))


def kept_for_later() -> Reply:
    return Reply(_("All right, I keep your application. To go on, write: devenir prestataire."))


def ask_number() -> Reply:
    return Reply(_("Your number is hidden. Which number shall jobs come to? Write it like 677 12 34 56."))


def number_unreadable(why: str) -> Reply:
    return Reply(_("I could not read this number (%(why)s). Write it like 677 12 34 56.") % {"why": why.rstrip(".")})


def ask_code(number: str, *, may_resend: bool) -> Reply:
    buttons = [choice("join:again", _("New code"))] if may_resend else []
    return Reply(
        _("I sent a code of 6 digits by SMS to %(number)s. Write it here: it proves that the number is yours.")
        % {"number": number},
        (*buttons, choice("join:no_code", _("No SMS came"))),
    )


def code_wrong(*, may_resend: bool) -> Reply:
    buttons = [choice("join:again", _("New code"))] if may_resend else []
    return Reply(
        _("This is not the code. Look at the SMS again: 6 digits."),
        (*buttons, choice("join:no_code", _("No SMS came"))),
    )


def code_stale(*, may_resend: bool) -> Reply:
    if may_resend:
        return Reply(
            _("This code is no longer valid. Shall I send a new one?"),
            (choice("join:again", _("New code")), choice("join:no_code", _("Without a code"))),
        )
    return Reply(
        _("This code is no longer valid. We can go on without: the team then calls you."),
        (choice("join:no_code", _("Without a code")), human_choice()),
    )


def code_by_sms(code: str) -> str:
    return _("Djobea: your code is %(code)s. Write it in our WhatsApp chat. Give it to nobody else.") % {"code": code}


def summary(name: str, services: Sequence[Service], zones: Sequence[Zone]) -> Reply:
    return Reply(
        _("Thank you %(name)s! %(services)s, in %(zones)s. The team checks your application and answers you here.")
        % {
            "name": name,
            "services": ", ".join(service.name_in(spoken()) for service in services),
            "zones": ", ".join(zone.name for zone in zones),
        }
    )


def already_provider() -> Reply:
    return Reply(_("You are on our list already. Offers come to you here."), (human_choice(),))


def application_waits() -> Reply:
    return Reply(_("Your application is with the team; they answer you here."), (human_choice(),))


def approved(name: str) -> str:
    return _(
        "Welcome to Djobea, %(name)s! You are on our list now: offers come to you here. Answer 1 to accept, "
        "2 to decline. Write AIDE to see what else you can do."
    ) % {"name": name}


def refused(name: str) -> str:
    return _(
        "Hello %(name)s, we could not accept your application this time. Write AGENT if you want to talk to the team."
    ) % {"name": name}
