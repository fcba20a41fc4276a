"""The words about personal data."""

from django.conf import settings

from marketplace.models import Wish

from .replies import choice, human_choice
from .turn import Reply
from .words import gettext as _


def first_word() -> str:
    """In the first answer to a new person: who keeps what, and where to read more."""
    return _(
        "(Djobea keeps your number and messages to serve you: %(link)s To see or delete them, write: mes données.)"
    ) % {"link": f"{settings.PUBLIC_BASE_URL}/privacy/"}


def ask_wish() -> Reply:
    return Reply(
        _("Your data are yours. Do you want a copy of them, or their deletion? The team confirms it here first."),
        (choice("data:copy", _("A copy")), choice("data:erase", _("Delete them")), choice("data:none", _("Nothing"))),
    )


def noted(wish: str) -> Reply:
    text = (
        _("Noted: you want your data deleted. The team confirms it here; after it we know nothing of you any more.")
        if wish == Wish.ERASE
        else _("Noted: you want a copy of your data. The team confirms it here, then sends it to you.")
    )
    return Reply(text, (human_choice(),))


def nothing() -> Reply:
    return Reply(_("All right, everything stays as it is."))


def confirmed(wish: str) -> str:
    if wish == Wish.ERASE:
        return _("The team has confirmed it: your data are being deleted. Thank you for your trust, and goodbye.")
    return _("The team has confirmed it: the copy of your data is being prepared and comes to you.")


def refused() -> str:
    return _("We could not do what you asked about your data. Write AGENT: a person of the team explains why.")
