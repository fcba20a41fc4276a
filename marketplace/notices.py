"""Every message that we send, one function each: the only caller of the outbox in this app.

WhatsApp carries buttons; an SMS is one-way in Cameroon, so whatever needs an answer carries an action link there.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils import timezone, translation

from marketplace import action_links
from marketplace.dialogue.words import gettext as _
from marketplace.models import InboundMessage, Job, Offer, ServiceRequest, Urgency
from marketplace.wave_policy import LATE_STILL_WINS
from notifications import outbox
from notifications.models import Contact, Notification
from providers.models import Provider

LINK_LASTS: Final = timedelta(hours=72)
DESCRIPTION_SHOWN: Final = 300


def about_offer(offer: Offer) -> str:
    """The `reference` of messages about this offer."""
    return f"offer:{offer.pk}"


@contextmanager
def spoken(language: str) -> Iterator[str]:
    """Speak the person's language: `_` does so inside. Gives the one in which names, links and templates exist.

    WhatsApp takes no template in Pidgin, and services have no Pidgin names: there it is English.
    """
    known = "fr" if language.startswith("fr") else "en"
    with translation.override("pcm" if language == "pcm" else known):
        yield known


def reply(  # noqa: PLR0913  a message has many facts, all by name
    contact: Contact,
    *,
    text: str,
    choices: Sequence[Mapping[str, str]] = (),
    language: str = "",
    sms_text: str = "",
    context: Mapping[str, Any] | None = None,
    message: InboundMessage | None,
    at: datetime,
) -> Notification:
    """An answer of the dialogue to one message of this person; as an SMS it says `sms_text`.

    `context` may name a template that carries it outside the 24-hour window (`rendering.CHOSEN`), with its variables.
    """
    return outbox.enqueue(
        purpose="reply",
        contact=contact,
        body=text,
        sms_body=sms_text,
        choices=list(choices),
        context=context,
        language=language,
        reference=f"inbound:{message.pk}" if message else "",
        dedupe_key=f"reply:{message.pk}" if message else None,
        at=at,
    )


def sorry(message: InboundMessage, *, at: datetime) -> Notification:
    """A kind word when a message could not be answered at once; once a message."""
    with spoken(message.contact.language) as language:
        return outbox.enqueue(
            purpose="sorry",
            contact=message.contact,
            body=_("We have your message, but something failed on our side. We are trying again; you need not repeat."),
            language=language,
            reference=f"inbound:{message.pk}",
            dedupe_key=f"sorry:{message.pk}",
            at=at,
        )


def late_answer(message: InboundMessage, *, at: datetime) -> Notification:
    """An honest word about a message that reached us hours late; it starts nothing by itself."""
    with spoken(message.contact.language) as language:
        return outbox.enqueue(
            purpose="reply",
            contact=message.contact,
            body=_("Your message reached us late because of a breakdown. Do you still need help? Write to us again."),
            language=language,
            reference=f"inbound:{message.pk}",
            dedupe_key=f"late:{message.contact_id}:{at:%Y-%m-%d}",
            at=at,
        )


def _urgency(request: ServiceRequest) -> str:
    if request.urgency == Urgency.EMERGENCY:
        return _("URGENT, now")
    if request.urgency == Urgency.TODAY:
        return _("today")
    if request.scheduled_for:
        return f"{timezone.localtime(request.scheduled_for):%d/%m %H:%M}"
    return _("as soon as possible")


def place_of(request: ServiceRequest) -> str:
    return f"{request.zone.name} ({request.place_note})" if request.place_note else request.zone.name


def _map_link(request: ServiceRequest) -> str:
    if request.latitude is None or request.longitude is None:
        return ""
    return f"\nhttps://maps.google.com/?q={request.latitude:.5f},{request.longitude:.5f}"


def _files_link(request: ServiceRequest, link: str) -> str:
    """Where the provider sees the customer's photos and hears the voice notes; nothing without any."""
    return "\n" + _("Photos and voice notes: %(link)s") % {"link": link} if request.media else ""


def offer_job(offer: Offer, *, at: datetime) -> Notification:
    """Offer a job to a provider; it is no longer useful when the offer has ended."""
    request, provider = offer.request, offer.provider
    minutes = max(1, round((offer.expires_at - at).total_seconds() / 60))
    with spoken(provider.language) as language:
        link = action_links.make(
            "offer", offer.pk, language=language, expires_at=offer.expires_at + LATE_STILL_WINS, at=at
        )
        facts = {
            "service": request.service.name_in(language),
            "place": request.zone.name,
            "when": _urgency(request),
            "minutes": minutes,
            "link": link,
        }
        body = _("New job: %(service)s in %(place)s, %(when)s.") % facts
        if request.description:
            body += "\n« " + request.description[:DESCRIPTION_SHOWN] + " »"
        body += "\n" + _("The first to accept gets it; you have %(minutes)d min.") % facts
        return outbox.enqueue(
            purpose="offer",
            phone_number=provider.phone_number,
            body=body,
            context=facts,
            sms_body=_("Djobea: %(service)s in %(place)s, %(when)s. Accept or decline: %(link)s") % facts,
            choices=[
                {"id": f"offer:{offer.pk}:accept", "title": _("Accept")},
                {"id": f"offer:{offer.pk}:decline", "title": _("Decline")},
            ],
            language=language,
            reference=about_offer(offer),
            trace=request.trace,
            dedupe_key=f"offer:{offer.pk}:{offer.wave_id}",
            expires_at=offer.expires_at,
            at=at,
        )


def tell_match(job: Job, *, at: datetime) -> None:
    """Bring both sides together: who comes, and whose job it is."""
    _tell_customer_who_comes(job, at)
    _tell_provider_whose_job(job, at)


def _tell_customer_who_comes(job: Job, at: datetime) -> None:
    request = job.request
    contact = request.customer.contact
    with spoken(contact.language) as language:
        facts = {
            "name": job.provider.name,
            "number": job.provider.phone_number,
            "service": request.service.name_in(language),
            "place": request.zone.name,
            "link": action_links.make(
                "request", request.pk, language=language, expires_at=at + LINK_LASTS, at=at, closes_older=False
            ),
        }
        outbox.enqueue(
            purpose="provider_found",
            contact=contact,
            body=_(
                "Good news: %(name)s comes for %(service)s in %(place)s.\nTelephone: %(number)s\n"
                "You can call now. Write “status” at any time."
            )
            % facts,
            context=facts,
            sms_body=_("Djobea: %(name)s, %(number)s, comes for %(service)s. Details: %(link)s") % facts,
            subject=_("Your provider: %(name)s") % facts,
            language=language,
            reference=f"job:{job.pk}:customer",
            trace=request.trace,
            dedupe_key=f"provider-found:{job.pk}",
            at=at,
        )


def _tell_provider_whose_job(job: Job, at: datetime) -> None:
    request, contact = job.request, job.request.customer.contact
    with spoken(job.provider.language) as language:
        facts = {
            "name": contact.name or _("the customer"),
            "number": request.number_to_call or _("(number hidden: ask our staff)"),
            "service": request.service.name_in(language),
            "place": place_of(request),
            "link": action_links.make("job", job.pk, language=language, expires_at=at + LINK_LASTS, at=at),
        }
        body = _("It is yours! %(service)s in %(place)s.\nCustomer: %(name)s, %(number)s\nCall now.") % facts
        outbox.enqueue(
            purpose="offer_won",
            phone_number=job.provider.phone_number,
            body=body + _map_link(request) + _files_link(request, facts["link"]),
            context=facts,
            sms_body=_("Djobea: the job is yours. %(name)s, %(number)s, %(place)s. %(link)s") % facts,
            choices=[
                {"id": f"job:{job.pk}:confirm", "title": _("I am coming")},
                {"id": f"job:{job.pk}:set_out", "title": _("On my way")},
                {"id": f"job:{job.pk}:give_up", "title": _("I cannot come")},
            ],
            language=language,
            reference=f"job:{job.pk}:provider",
            trace=request.trace,
            dedupe_key=f"offer-won:{job.pk}",
            at=at,
        )


def tell_number(job: Job, *, at: datetime) -> None:
    """The customer, whose own number is hidden, has named one to call."""
    with spoken(job.provider.language) as language:
        text = _("Number of the customer in %(place)s: %(number)s") % {
            "place": job.request.zone.name,
            "number": job.request.call_number,
        }
        tell_of_job(job, text, key=f"job-number:{job.pk}:{job.request.call_number}", language=language, at=at)


def tell_provider(
    provider: Provider, purpose: str, text: str, *, language: str, reference: str, key: str, at: datetime, **facts: Any
) -> None:
    """One message to a provider; `facts` are further ones of `outbox.enqueue`."""
    outbox.enqueue(
        purpose=purpose,
        phone_number=provider.phone_number,
        body=text,
        language=language,
        reference=reference,
        dedupe_key=key,
        at=at,
        **facts,
    )


def tell_of_job(job: Job, text: str, *, key: str, language: str, at: datetime, **facts: Any) -> None:
    """One piece of news about a job to its provider."""
    facts = {"reference": f"job:{job.pk}", "trace": job.request.trace, **facts}
    tell_provider(job.provider, "job_news", text, language=language, key=key, at=at, **facts)


def tell_taken(offer: Offer, *, at: datetime) -> None:
    """Another provider was faster."""
    with spoken(offer.provider.language):
        text = _("Another provider was faster this time. Thank you; the next offer will come.")
    _tell_end_of_offer(offer, text, key=f"offer-taken:{offer.pk}", at=at)


def tell_withdrawn(offer: Offer, *, at: datetime) -> None:
    """The customer no longer needs anybody."""
    with spoken(offer.provider.language):
        text = _("This job was called off by the customer. Thank you for your patience.")
    _tell_end_of_offer(offer, text, key=f"offer-withdrawn:{offer.pk}", at=at)


def _tell_end_of_offer(offer: Offer, text: str, *, key: str, at: datetime) -> None:
    with spoken(offer.provider.language) as language:
        tell_provider(
            offer.provider,
            "offer_taken",
            text,
            language=language,
            reference=about_offer(offer),
            trace=offer.request.trace,
            key=key,
            at=at,
        )


def tell_provider_cancelled(job: Job, *, at: datetime) -> None:
    """The job of this provider has ended without being done."""
    with spoken(job.provider.language) as language:
        text = _("The job in %(place)s has been cancelled. You need not go there.") % {"place": job.request.zone.name}
        tell_of_job(job, text, key=f"job-cancelled:{job.pk}", language=language, at=at)


def tell_customer(
    request: ServiceRequest,
    purpose: str,
    text: str,
    *,
    language: str,
    key: str,
    at: datetime,
    sms_text: str = "",
    **facts: Any,
) -> None:
    """One message to a customer; `facts` are further ones of `outbox.enqueue`.

    As an SMS it says `sms_text` (default: the same) and carries a link, behind which one can see and answer.
    """
    link = action_links.make(
        "request", request.pk, language=language, expires_at=at + LINK_LASTS, at=at, closes_older=False
    )
    outbox.enqueue(
        purpose=purpose,
        contact=request.customer.contact,
        body=text,
        sms_body=f"Djobea: {sms_text or text} {link}",
        language=language,
        reference=f"request:{request.pk}",
        trace=request.trace,
        dedupe_key=key,
        at=at,
        **facts,
    )


def tell_nobody_found(request: ServiceRequest, *, at: datetime) -> None:
    """The truth: nobody is free now; we go on."""
    with spoken(request.customer.contact.language) as language:
        text = _(
            "Nobody is free for you at this moment. Our team has been told and we go on searching; "
            "we write as soon as somebody accepts. Write “cancel” in your words if you no longer need it."
        )
        key = f"nobody-found:{request.pk}:{at:%Y%m%d%H}"
        sms_text = _("nobody is free for you at this moment. We go on searching and write to you. See or cancel it:")
        tell_customer(request, "nobody_found", text, language=language, key=key, at=at, sms_text=sms_text)


def tell_expired(request: ServiceRequest, *, at: datetime) -> None:
    """The search has ended without a result."""
    with spoken(request.customer.contact.language) as language:
        text = _("We are sorry: we found nobody for your request in time. Write to us again whenever you like.")
        tell_customer(request, "nobody_found", text, language=language, key=f"request-expired:{request.pk}", at=at)


def tell_cancelled_for_you(request: ServiceRequest, *, at: datetime) -> None:
    """Staff have ended the request; the customer must not go on waiting."""
    with spoken(request.customer.contact.language) as language:
        text = _("Our team has closed your request. Write to us again whenever you need somebody.")
        tell_customer(request, "job_news", text, language=language, key=f"request-cancelled:{request.pk}", at=at)


def tell_searching_again(job: Job, *, at: datetime) -> None:
    """The provider cannot come after all; we search for another."""
    with spoken(job.request.customer.contact.language) as language:
        text = _("%(name)s cannot come after all. We are already searching for somebody else for you.") % {
            "name": job.provider.name
        }
        tell_customer(job.request, "job_news", text, language=language, key=f"searching-again:{job.pk}", at=at)


def tell_on_the_way(job: Job, *, at: datetime) -> None:
    """The provider has set out."""
    with spoken(job.request.customer.contact.language) as language:
        text = _("%(name)s is on the way to you. Telephone: %(number)s") % {
            "name": job.provider.name,
            "number": job.provider.phone_number,
        }
        tell_customer(job.request, "job_news", text, language=language, key=f"on-the-way:{job.pk}", at=at)


def ask_rating(job: Job, *, at: datetime) -> None:
    """Ask the customer for stars."""
    with spoken(job.request.customer.contact.language) as language:
        text = _("Is the work of %(name)s well done? Answer with a number from 1 (bad) to 5 (very good).") % {
            "name": job.provider.name
        }
        facts = {"name": job.provider.name}
        tell_customer(
            job.request,
            "rating_request",
            text,
            language=language,
            key=f"rating:{job.pk}",
            at=at,
            context=facts,
            sms_text=_("how was the work of %(name)s? Rate it here:") % facts,
        )
