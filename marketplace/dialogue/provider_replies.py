"""The words for providers."""

from collections.abc import Sequence
from datetime import datetime

from marketplace.models import Job, JobStatus, Offer
from marketplace.models.job import LIVE_JOB

from .quote_replies import fcfa
from .replies import choice, human_choice, star_choices
from .turn import Reply
from .words import day_and_hour, spoken
from .words import gettext as _


def offer_line(offer: Offer) -> str:
    request = offer.request
    return f"{request.service.name_in(spoken())}, {request.zone}"


def which_offer(offers: Sequence[Offer], verb: str) -> Reply:
    """Several offers are open and the answer fits each of them; `verb` is "accept" or "decline"."""
    text = _("Which one do you accept?") if verb == "accept" else _("Which one do you decline?")
    return Reply(
        _("You have several offers.") + " " + text,
        tuple(choice(f"offer:{offer.pk}:{verb}", offer_line(offer)[:24]) for offer in offers[:10]),
    )


def taken() -> Reply:
    return Reply(_("Thank you! Another professional was a little faster this time. The next one may be yours."))


def expired() -> Reply:
    return Reply(_("Thank you! This offer has ended. Keep your phone near: others come."))


def yours_already(offer: Offer) -> Reply:
    return Reply(
        _("It is yours already: %(offer)s. The customer's number is in the message above; you may call now.")
        % {"offer": offer_line(offer)}
    )


def declined() -> Reply:
    return Reply(_("Understood, thank you for answering. See you at the next offer!"))


def not_your_offer() -> Reply:
    return Reply(_("I do not find this offer. New ones come to you here."))


def open_offers(offers: Sequence[Offer]) -> Reply:
    """Remind of what waits for an answer."""
    if len(offers) == 1:
        offer = offers[0]
        return Reply(
            _("An offer waits for you: %(offer)s. Do you take it?") % {"offer": offer_line(offer)},
            (choice(f"offer:{offer.pk}:accept", _("Accept")), choice(f"offer:{offer.pk}:decline", _("Decline"))),
        )
    return which_offer(offers, "accept")


def confirmed(job: Job) -> Reply:
    return Reply(
        _("Thank you, the customer counts on you. When you set out, write: en route."),
        (choice(f"job:{job.pk}:set_out", _("On my way")), choice(f"job:{job.pk}:give_up", _("I cannot come"))),
    )


def set_out(job: Job) -> Reply:
    return Reply(
        _("Good road! The customer knows that you are on the way. When you are there, write: je suis là."),
        (
            choice(f"job:{job.pk}:begin", _("I have arrived")),
            choice(f"job:{job.pk}:late", _("I come late")),
            choice(f"job:{job.pk}:absent", _("Nobody is there")),
        ),
    )


def begun(job: Job) -> Reply:
    return Reply(_("Noted, good work! At the end, write: terminé."), (choice(f"job:{job.pk}:finish", _("Done")),))


def finished(job: Job) -> Reply:
    return Reply(
        _("Well done, thank you! The customer is asked for a rating. And how was the customer, from 1 to 5?"),
        star_choices("ratecustomer", job.pk),
    )


def customer_rated() -> Reply:
    return Reply(_("Thank you, noted. The next offer comes soon."))


def delay_told() -> Reply:
    return Reply(_("Thank you for saying so. The customer knows that you come late."))


def customer_called(job: Job) -> Reply:
    return Reply(
        _("I write to the customer that you are there. Call: %(number)s. Please wait 15 minutes; then our team calls.")
        % {"number": job.request.number_to_call or "-"}
    )


def no_job() -> Reply:
    return Reply(_("You have no job running now. Offers come to you here."), (human_choice(),))


def cannot_now() -> Reply:
    return Reply(_("This is noted already for your job. Write: mes jobs, to see where it stands."))


def jobs_list(jobs: Sequence[Job], offers: Sequence[Offer]) -> Reply:
    if not jobs and not offers:
        return Reply(_("No job today yet. I write to you as soon as one comes."))
    lines = [_job_line(job) for job in jobs]
    lines += [_("• To answer: %(offer)s") % {"offer": offer_line(offer)} for offer in offers]
    return Reply(_("Your jobs:") + "\n" + "\n".join(lines))


def _job_line(job: Job) -> str:
    """One job: what, where, when, how far it is; whom to call while it runs; what the customer agreed to."""
    request = job.request
    states = {
        JobStatus.ON_THE_WAY: _("on the way"),
        JobStatus.STARTED: _("at work"),
        JobStatus.DONE: _("done"),
        JobStatus.CANCELLED: _("cancelled"),
        JobStatus.NO_SHOW: _("cancelled"),
    }
    state = states.get(JobStatus(job.status), _("to do"))
    parts = [f"{request.service.name_in(spoken())}, {request.zone}: {state}"]
    if request.scheduled_for:
        parts.append(day_and_hour(request.scheduled_for))
    if job.status in LIVE_JOB:
        contact = request.customer.contact
        parts += filter(None, [contact.name, request.number_to_call])
    if agreed := getattr(job, "agreed", None):
        parts.append(fcfa(agreed))
    return "• " + ", ".join(parts)


def away_until(until: datetime) -> Reply:
    return Reply(
        _("Noted: no offers before %(until)s. To come back earlier, write: disponible.")
        % {"until": day_and_hour(until)}
    )


def back() -> Reply:
    return Reply(_("Welcome back! You get offers again."))


def ask_give_up(job: Job) -> Reply:
    return Reply(
        _("Do you give this job back (%(service)s, %(zone)s)? The customer is waiting.")
        % {"service": job.request.service.name_in(spoken()), "zone": job.request.zone},
        (choice(f"giveup:{job.pk}:yes", _("Yes, I give it back")), choice(f"giveup:{job.pk}:no", _("No, I go"))),
    )


def given_up() -> Reply:
    return Reply(_("Understood. I look for somebody else for the customer. Thank you for saying so."))


def goes_on() -> Reply:
    return Reply(_("Thank you, the customer counts on you."))


def welcome(name: str) -> Reply:
    return Reply(_("Hello %(name)s! Offers come to you here. Write: mes jobs, disponible, or AIDE.") % {"name": name})


def not_a_provider() -> Reply:
    return Reply(_("This is for professionals of Djobea. Do you want to become one? Write: devenir prestataire."))
