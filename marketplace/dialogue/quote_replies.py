"""The words about quotes, for both sides."""

from typing import Final

from marketplace.models import Quote, QuoteStatus

from .replies import choice, human_choice
from .turn import Reply
from .words import gettext as _
from .words import spoken

THOUSANDS: Final = "\u00a0"  # no line ends inside an amount


def fcfa(amount: int) -> str:
    """An amount as people write it: "25 000 FCFA"."""
    return f"{amount:,}".replace(",", THOUSANDS) + THOUSANDS + "FCFA"


def _facts(quote: Quote) -> dict[str, str]:
    request = quote.job.request
    return {
        "name": quote.job.provider.name,
        "amount": fcfa(quote.amount),
        "what": quote.description or request.service.name_in(spoken()),
        "service": request.service.name_in(spoken()),
    }


def ask_approval(quote: Quote) -> Reply:
    """To the customer."""
    if quote.is_extra:
        text = _("%(name)s says that more work is needed: %(what)s, for %(amount)s more. Do you agree?")
    else:
        text = _("%(name)s asks %(amount)s for: %(what)s. Do you agree?")
    return Reply(
        text % _facts(quote),
        (
            choice(f"quote:{quote.pk}:approve", _("I agree")),
            choice(f"quote:{quote.pk}:refuse", _("I refuse")),
        ),
    )


def approval_by_sms(quote: Quote, link: str) -> str:
    """The same for phones without WhatsApp: answered on the page behind the link."""
    text = _("Djobea: %(name)s asks %(amount)s for %(what)s. Agree or refuse: %(link)s")
    return text % (_facts(quote) | {"link": link, "amount": f"{quote.amount} FCFA"})


def approved(quote: Quote) -> Reply:
    return Reply(_("Noted: you agree to %(amount)s. %(name)s is told at once.") % _facts(quote))


def refused(quote: Quote) -> Reply:
    return Reply(
        _("Noted: you do not agree to %(amount)s. %(name)s is told; you may call each other to talk about it.")
        % _facts(quote),
        (human_choice(),),
    )


def too_late() -> Reply:
    return Reply(_("This quote is not open any more."), (human_choice(),))


def answered(quote: Quote) -> str:
    """To the provider: what the customer said."""
    if quote.status == QuoteStatus.APPROVED:
        return _("The customer agrees to %(amount)s (%(what)s). Good work!") % _facts(quote)
    return _(
        "The customer does not agree to %(amount)s (%(what)s). Call them to talk about it, or send another quote."
    ) % _facts(quote)


def proposed(quote: Quote) -> Reply:
    return Reply(_("Sent to the customer: %(amount)s for %(what)s. I tell you as soon as they answer.") % _facts(quote))


def ask_amount(*, is_extra: bool) -> Reply:
    text = (
        _("How much more, in FCFA, and for what? For example: 5000 new joint.")
        if is_extra
        else _("How much, in FCFA, and for what? For example: 25000 siphon and labour.")
    )
    return Reply(text, (choice("quote:none:drop", _("No quote")),))


def amount_unclear() -> Reply:
    return Reply(
        _("I did not find the amount. Write only the number first, for example: 25000 siphon."),
        (choice("quote:none:drop", _("No quote")),),
    )


def dropped() -> Reply:
    return Reply(_("All right, no quote."))
