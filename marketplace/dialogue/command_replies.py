"""The words for what is understood at any step: help, stop, a person, language, data, and not having understood."""

from collections.abc import Sequence

from providers.models import Service

from .replies import choice, human_choice, restart_choice
from .turn import Choice, Reply
from .words import gettext as _
from .words import spoken

SHOWN_IN_HELP = 12


def help_text(services: Sequence[Service]) -> Reply:
    names = ", ".join(service.name_in(spoken()) for service in services[:SHOWN_IN_HELP])
    return Reply(
        _(
            "Write what you need and where, for example: water leak in Bonamoussadi. I find somebody and tell you "
            "who comes.\nServices: %(services)s…\nAt any time: SUIVI (where is it), ANNULER, AGENT (a person), "
            "ENGLISH, PIDGIN, STOP."
        )
        % {"services": names},
        (restart_choice(), human_choice()),
    )


def provider_help() -> Reply:
    return Reply(
        _(
            "Offers come to you here: answer 1 to accept, 2 to decline. Then write: en route, je suis là, terminé.\n"
            "Also: mes jobs, indisponible jusqu'à lundi, disponible, AGENT (a person), STOP."
        ),
        (human_choice(),),
    )


def stopped() -> Reply:
    return Reply(_("Understood: we write to you no more. To come back, write START."))


def started() -> Reply:
    return Reply(_("Welcome back! We may write to you again. What do you need?"))


def human_called() -> Reply:
    return Reply(_("I call somebody of the team. They answer you here as soon as possible; you may already explain."))


def human_is_coming() -> Reply:
    return Reply(_("Noted. The team has your message and answers you here."))


def language_changed() -> Reply:
    return Reply(_("All right, let us speak English. What do you need?"))


def ask_language() -> Reply:
    return Reply("Français, English, Pidgin?", LANGUAGE_CHOICES)


LANGUAGE_CHOICES: tuple[Choice, ...] = (
    choice("language:fr", "Français"),
    choice("language:en", "English"),
    choice("language:pcm", "Pidgin"),
)


def thanks() -> Reply:
    return Reply(_("With pleasure! I am here if you need anything else."))


def not_understood(hint: Reply | None) -> Reply:
    """Say so and repeat the open question, else the way in."""
    sorry = _("Sorry, I did not understand.")
    if hint is not None:
        return Reply(f"{sorry} {hint.text}", hint.choices)
    return Reply(
        f"{sorry} " + _("Tell me what you need and where, for example: “water leak in Bonamoussadi”."),
        (choice("menu:services", _("See the services")), human_choice()),
    )


def offer_human() -> Reply:
    return Reply(
        _("We do not understand each other yet. Shall a person of the team take over?"),
        (human_choice(), restart_choice(), choice("menu:services", _("See the services"))),
    )


def restarted() -> Reply:
    return Reply(_("Let us start again. What do you need, and in which quarter?"))


def too_many() -> Reply:
    return Reply(_("You write very fast! I read everything; give me a minute, then go on."))


def too_many_today() -> Reply:
    return Reply(
        _(
            "We have talked a lot today! I have told the team: they read your messages and answer you here. I take a pause."
        )
    )


def machine_again() -> Reply:
    return Reply(
        _("The person of the team had to leave; your last message waits for them. Meanwhile I can help you again."),
        (restart_choice(), human_choice()),
    )
