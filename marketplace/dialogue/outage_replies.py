"""The words while WhatsApp is out of order."""

from providers.models import Service

from .words import gettext as _
from .words import spoken


def by_sms(service: Service, link: str, *, is_matched: bool) -> str:
    """To somebody whose request runs."""
    if is_matched:
        text = _("Djobea: WhatsApp is out of order, so news of %(service)s come by SMS. See who comes: %(link)s")
    else:
        text = _(
            "Djobea: WhatsApp is out of order. We go on searching for %(service)s; it takes longer, and news come by "
            "SMS. Follow it: %(link)s"
        )
    return text % {"service": service.name_in(spoken()), "link": link}


def takes_longer() -> str:
    """Added to an answer about a search."""
    return _("WhatsApp has a breakdown just now: it takes longer than usual, and news may come by SMS.")


def answer_here(link: str) -> str:
    """Ends a question that goes by SMS, since nobody can answer an SMS."""
    return _("Answer on WhatsApp: %(link)s") % {"link": link}
