"""The provider's side: offers, the running job, their own absences. What may be answered is read from open offers."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Final

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from marketplace import dispatch, job_reports, jobs, quotes, ratings, returning
from marketplace.dispatch import Acceptance
from marketplace.models import Job, JobStatus, Offer, OfferStatus, QuoteStatus
from marketplace.models.job import LIVE_JOB
from marketplace.understanding.folding import fold
from providers import availability, standing
from providers.models import Provider

from . import provider_replies, quoting
from .choosing import is_no, is_yes
from .turn import NOTHING_TO_ADD, Reply, Step, Turn

LATE_FOR: Final = timedelta(hours=3)  # an acceptance of an offer that ended within this time gets its kind word
ACCEPT, DECLINE = "accept", "decline"
# Whole messages, folded; what the understanding has no intent for.
WORDS: Final[dict[str, str]] = {
    word: name
    for name, words in {
        "confirm": "je confirme|confirme|confirmer|confirm|i confirm|i am coming|i m coming|i go come|je prends|c est bon pour moi",
        "late": "retard|en retard|je suis en retard|je serai en retard|j ai du retard|un peu de retard|embouteillage|"
        "je suis dans les embouteillages|late|i am late|i m late|running late|i will be late|i go late|traffic",
        "absent": "client absent|le client est absent|la cliente est absente|le client n est pas la|personne|"
        "il n y a personne|y a personne|je ne trouve personne|client introuvable|nobody|nobody home|nobody is here|"
        "customer is not here|customer no dey|nobody dey",
        "set_out": "en route|je suis en route|j arrive|je viens|je pars|on the way|i m on my way|on my way|i dey come|"
        "i dey road|je suis en chemin|en chemin|je quitte|parti|je suis parti",
        "begin": "je suis la|la|je suis arrive|arrive|suis la|sur place|je suis sur place|i m here|i am here|here|"
        "i don reach|don reach|je suis devant|je commence|commence|started|i have arrived|arrived",
        "finish": "termine|c est termine|fini|c est fini|j ai fini|j ai termine|travail termine|done|finished|"
        "work don finish|i don finish|completed",
        "jobs": "mes jobs|mes travaux|mes chantiers|mes missions|my jobs|jobs|planning|mon planning|ma journee",
        "back": "disponible|je suis disponible|dispo|je suis dispo|available|i am available|de retour|libre|i dey available",
        "give_up": "je ne peux plus venir|je ne peux plus|empeche|desiste|je me desiste|i can t come|i cannot come|"
        "je ne peux pas venir|i no fit come again",
    }.items()
    for word in words.split("|")
}
BY_INTENT: Final = {
    "complete": "finish",
    "available": "back",
    "unavailable": "away",
    "status": "jobs",
    "cancel": "give_up",
}


def provider_of(phone_number: str | None) -> Provider | None:
    """The provider that writes from this number."""
    return Provider.objects.filter(phone_number=phone_number).first() if phone_number else None


def has_open_offers(provider: Provider, at: datetime) -> bool:
    return bool(dispatch.open_offers_of(provider, at=at))


def answer(turn: Turn) -> Reply | None:
    """Answer what a provider says as a provider; `None`: it is for the customer's part."""
    if turn.provider is None:
        return (
            provider_replies.not_a_provider()
            if turn.heard.choice.startswith(("offer:", "job:", "ratecustomer:"))
            else None
        )
    for attempt in (_answer_tap, quoting.propose, _answer_offers, _answer_confirm, _answer_words, _answer_late, _greet):
        reply = attempt(turn, turn.provider)
        if reply is not None:
            turn.understood()
            return reply
    return None


def _answer_tap(turn: Turn, provider: Provider) -> Reply | None:
    name, _colon, rest = turn.heard.choice.partition(":")
    pk, _colon, verb = rest.partition(":")
    if name not in {"offer", "job", "giveup", "ratecustomer"}:
        return None
    if name == "offer":
        offer = _own_offer(provider, pk)
        return _act(turn, offer, verb) if offer else provider_replies.not_your_offer()
    job = provider.jobs.select_related(*jobs.WITH).filter(pk=int(pk) if pk.isdecimal() else 0).first()
    if job is None:
        return provider_replies.no_job()
    if name == "giveup":
        return _give_up_answer(turn, job, verb)
    if name == "ratecustomer":
        return _rate_customer(turn, job, verb)
    act = JOB_VERBS.get(verb)
    return act(turn, job) if act else _list_jobs(turn, provider)


def _own_offer(provider: Provider, pk: str) -> Offer | None:
    return _offers(provider).filter(pk=int(pk)).first() if pk.isdecimal() else None


def _offers(provider: Provider) -> QuerySet[Offer]:
    return provider.offers.select_related("request__service", "request__zone")


def _answer_offers(turn: Turn, provider: Provider) -> Reply | None:
    """ "1", "oui", "je refuse" to the offers that are open now."""
    verb = _verdict(turn)
    if not verb:
        return None
    offers = list(dispatch.open_offers_of(provider, at=turn.at))
    if not offers or _answers_newer_question(turn, offers):
        return None
    if len(offers) > 1:
        return turn.ask(Step.MENU, provider_replies.which_offer(offers, verb))
    return _act(turn, offers[0], verb)


def _verdict(turn: Turn) -> str:
    heard = turn.heard
    if heard.number is not None:
        return {1: ACCEPT, 2: DECLINE}.get(heard.number, "")
    if heard.intent in {ACCEPT, DECLINE}:
        return heard.intent
    if is_yes(heard.text):
        return ACCEPT
    return DECLINE if is_no(heard.text) else ""


def _answers_newer_question(turn: Turn, offers: list[Offer]) -> bool:
    """Whether we asked this person something (as a customer) after their newest offer went out."""
    newest = max(offer.created_at for offer in offers)
    quote = quotes.open_for(turn.contact).first()  # a provider may be somebody's customer, too
    return quoting.asked_since(turn, newest) or (quote is not None and quote.proposed_at > newest)


def _act(turn: Turn, offer: Offer, verb: str) -> Reply:
    _forget_menu(turn)
    if verb == DECLINE:
        dispatch.decline(offer, at=turn.at)
        return provider_replies.declined()
    if verb != ACCEPT:
        return turn.ask(Step.MENU, provider_replies.open_offers([offer]))
    if offer.status == OfferStatus.ACCEPTED:  # a second tap: the notice has been sent, so we say it again
        return provider_replies.yours_already(offer)
    acceptance = dispatch.accept(offer, at=turn.at)
    if acceptance == Acceptance.WON:
        return NOTHING_TO_ADD  # the notice with the customer's name and number is the answer
    return provider_replies.taken() if acceptance == Acceptance.TAKEN else provider_replies.expired()


def _forget_menu(turn: Turn) -> None:
    """The question "which offer?" is answered; a half-written request of one's own stays."""
    if turn.draft.is_empty:
        turn.rest()


def _answer_words(turn: Turn, provider: Provider) -> Reply | None:
    name = WORDS.get(fold(turn.heard.text), "")
    if not name and not turn.heard.services:
        name = BY_INTENT.get(turn.heard.intent, "")
    if not name:
        return None
    if name == "jobs":
        return _list_jobs(turn, provider)
    if name == "away":
        return _away(turn, provider)
    if name == "back":
        returning.come_back(provider, at=turn.at)
        return provider_replies.back()
    job = jobs.live_job_of(provider)
    if job is None:
        return provider_replies.no_job()
    return JOB_VERBS[name](turn, job)


def _list_jobs(turn: Turn, provider: Provider) -> Reply:
    day = timezone.localtime(turn.at).replace(hour=0, minute=0, second=0, microsecond=0)
    today = (
        provider.jobs.select_related("request__service", "request__zone", "request__customer__contact")
        .filter(Q(status__in=LIVE_JOB) | Q(assigned_at__gte=day))
        .annotate(agreed=Sum("quotes__amount", filter=Q(quotes__status=QuoteStatus.APPROVED)))
    )
    return provider_replies.jobs_list(list(today[:10]), list(dispatch.open_offers_of(provider, at=turn.at)))


def _away(turn: Turn, provider: Provider) -> Reply:
    until = turn.heard.until or turn.heard.scheduled_for
    if "jusqu" in turn.heard.text.lower() or "until" in turn.heard.text.lower():
        until = turn.heard.scheduled_for or until  # until Monday: back when Monday begins
    if until is None or until <= turn.at:
        until = end_of_day(turn.at)
    availability.set_unavailable(provider.pk, until=until)
    return provider_replies.away_until(until)


def end_of_day(at: datetime) -> datetime:
    """Midnight that follows `at`, local time."""
    local = timezone.localtime(at)
    return timezone.make_aware(datetime.combine(local.date() + timedelta(days=1), time.min), local.tzinfo)


def _confirm(turn: Turn, job: Job) -> Reply:
    return provider_replies.confirmed(job) if jobs.confirm(job, at=turn.at) else provider_replies.cannot_now()


def _announce_delay(turn: Turn, job: Job) -> Reply:
    told = job_reports.announce_delay(job, at=turn.at)
    return provider_replies.delay_told() if told else provider_replies.cannot_now()


def _report_absent(turn: Turn, job: Job) -> Reply:
    told = job_reports.report_absent(job, at=turn.at)
    return provider_replies.customer_called(job) if told else provider_replies.cannot_now()


def _answer_confirm(turn: Turn, provider: Provider) -> Reply | None:
    """A bare "oui" or "non" when no offer is open: it is about the job that is to be confirmed."""
    said_yes = turn.heard.number == 1 or is_yes(turn.heard.text)
    if not (said_yes or is_no(turn.heard.text)) or turn.choices or not turn.draft.is_empty:
        return None
    job = (
        Job.objects.filter(provider=provider, status=JobStatus.ASSIGNED)
        .select_related(*jobs.WITH)
        .order_by("-pk")
        .first()
    )
    if job is None:
        return None
    return _confirm(turn, job) if said_yes else _ask_give_up(turn, job)


def _rate_customer(turn: Turn, job: Job, value: str) -> Reply:
    """Stars for the customer; few of them are heard by staff."""
    _forget_menu(turn)
    stars = int(value) if value.isdecimal() else 0
    if not 1 <= stars <= standing.MOST_STARS or not ratings.rate(job, stars, by_customer=False, at=turn.at):
        return provider_replies.cannot_now()
    return provider_replies.customer_rated()


def _set_out(turn: Turn, job: Job) -> Reply:
    return provider_replies.set_out(job) if jobs.set_out(job, at=turn.at) else provider_replies.cannot_now()


def _begin(turn: Turn, job: Job) -> Reply:
    return provider_replies.begun(job) if jobs.begin(job, at=turn.at) else provider_replies.cannot_now()


def _finish(turn: Turn, job: Job) -> Reply:
    if not jobs.finish(job, at=turn.at):
        return provider_replies.cannot_now()
    return turn.ask(Step.MENU, provider_replies.finished(job))


def _ask_give_up(turn: Turn, job: Job) -> Reply:
    return turn.ask(Step.MENU, provider_replies.ask_give_up(job))


def _give_up_answer(turn: Turn, job: Job, verb: str) -> Reply:
    _forget_menu(turn)
    if verb != "yes":
        return provider_replies.goes_on()
    ended = jobs.cancel(job, reason="the provider cannot come", by="provider", at=turn.at)
    return provider_replies.given_up() if ended else provider_replies.cannot_now()


def _answer_late(turn: Turn, provider: Provider) -> Reply | None:
    """ "Oui" to an offer that has just ended: the job, while nobody else has it; else a kind word at once."""
    if _verdict(turn) != ACCEPT or turn.choices or not turn.draft.is_empty:
        return None
    ended = (
        provider.offers.filter(expires_at__gt=turn.at - LATE_FOR, created_at__lte=turn.at)
        .exclude(status__in=[OfferStatus.ACCEPTED, OfferStatus.DECLINED])
        .order_by("-pk")
        .first()
    )
    if ended is None:
        return None
    acceptance = dispatch.accept(ended, at=turn.at)
    if acceptance == Acceptance.WON:
        return NOTHING_TO_ADD  # late, but nobody else has it: the notice is the answer
    return provider_replies.taken() if acceptance == Acceptance.TAKEN else provider_replies.expired()


def _greet(turn: Turn, provider: Provider) -> Reply | None:
    """A greeting, or a word that fits nothing, while an offer waits or nothing else is going on."""
    heard = turn.heard
    if heard.services or heard.zones or heard.has_location or not turn.draft.is_empty or turn.step != Step.START:
        return None
    if heard.intent not in {"greeting", "other"}:
        return None
    offers = list(dispatch.open_offers_of(provider, at=turn.at))
    if offers:
        return turn.ask(Step.MENU, provider_replies.open_offers(offers))
    return provider_replies.welcome(provider.name) if heard.intent == "greeting" else None


JOB_VERBS: Final[dict[str, Callable[[Turn, Job], Reply]]] = {
    "confirm": _confirm,
    "late": _announce_delay,
    "absent": _report_absent,
    "set_out": _set_out,
    "begin": _begin,
    "finish": _finish,
    "give_up": _ask_give_up,
}
