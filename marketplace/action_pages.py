"""The light pages behind action links: a GET shows and changes nothing, a POST acts through the domain functions."""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from marketplace import action_links, action_media, dispatch, jobs, quotes, ratings, service_requests
from marketplace.dialogue.quote_replies import fcfa
from marketplace.dispatch import Acceptance
from marketplace.models import (
    ActionLink,
    Job,
    JobStatus,
    Offer,
    OfferStatus,
    Quote,
    QuoteStatus,
    RequestStatus,
    ServiceRequest,
)
from notifications import clock, staff_links, staff_page
from notifications.models import AlertLink

TRIES: Final = 30  # wrong tokens an address and minute
MINUTE: Final = 60


@never_cache
@csrf_exempt  # the token in the address is the proof; no cookie takes part
@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """Show what the link is about; a POST with `act` does it."""
    if _tries_too_much(request):
        return _answer(request, {"title": _("Please wait a minute")}, status=429)
    at = clock.now()
    link, is_good = action_links.find(token, at=at)
    if link is None and (of_staff := staff_links.find(token)) is not None:
        return _alert(request, of_staff, at)
    if link is None:
        _count_wrong(request)
        return _answer(request, {"title": _("This link is not valid"), "text": _gone()}, status=404)
    with translation.override(link.language):
        show = PAGES.get(link.purpose)
        if show is None or not is_good:
            return _answer(request, {"title": _("This link has expired"), "text": _gone()}, status=410)
        act = request.POST.get("act", "") if request.method == "POST" else ""
        try:
            context = show(link, act, at)
        except ObjectDoesNotExist:  # purged meanwhile
            return _answer(request, {"title": _("This link has expired"), "text": _gone()}, status=410)
        return _answer(request, context | {"files": action_media.shown(link, token)})


def _alert(request: HttpRequest, link: AlertLink, at: datetime) -> HttpResponse:
    """What a person of the staff was told, in the language of staff."""
    with translation.override(settings.LANGUAGE_CODE):
        if not staff_links.is_good(link, at):
            return _answer(request, {"title": _("This link has expired"), "text": _gone()}, status=410)
        act = request.POST.get("act", "") if request.method == "POST" else ""
        return _answer(request, staff_page.show(link, act, at))


def _gone() -> str:
    return _("Nothing was changed. Write to us on WhatsApp if you need help.")


def _answer(request: HttpRequest, context: dict[str, Any], status: int = 200) -> HttpResponse:
    response = render(request, "marketplace/action.html", context, status=status)
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _key(request: HttpRequest) -> str:
    return f"go-tries:{request.META.get('REMOTE_ADDR', '')}"


def _tries_too_much(request: HttpRequest) -> bool:
    return int(cache.get(_key(request), 0)) >= TRIES


def _count_wrong(request: HttpRequest) -> None:
    if cache.add(_key(request), 1, MINUTE):
        return
    with suppress(ValueError):  # the minute ended between the two
        cache.incr(_key(request))


def _offer(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    offer = Offer.objects.select_related("request__service", "request__zone", "provider").get(pk=link.object_id)
    result = ""
    if act == "accept":
        result = {
            Acceptance.WON: _("The job is yours. We are sending you the customer's number."),
            Acceptance.TAKEN: _("Another provider was faster. Thank you all the same."),
            Acceptance.EXPIRED: _("This offer has ended. Thank you all the same."),
        }[dispatch.accept(offer, at=at)]
    elif act == "decline":
        dispatch.decline(offer, at=at)
        result = _("Noted: you do not take this job.")
    offer.refresh_from_db()
    is_open = offer.status == OfferStatus.OPEN and offer.expires_at > at
    context: dict[str, Any] = {
        "title": _("%(service)s in %(place)s")
        % {"service": offer.request.service.name_in(link.language), "place": offer.request.zone.name},
        "text": offer.request.description,
        "result": result or ("" if is_open else _("This offer is no longer open.")),
        "acts": [("accept", _("Accept"), "yes"), ("decline", _("Decline"), "no")] if is_open else [],
    }
    if offer.status == OfferStatus.ACCEPTED:
        job = Job.objects.select_related(*jobs.WITH).get(offer=offer)
        context |= _job_facts(job)
    return context


def _job_facts(job: Job) -> dict[str, Any]:
    """Whom to call and where; not any more when the job has gone to another."""
    if job.status in (JobStatus.CANCELLED, JobStatus.NO_SHOW):
        return {}
    contact = job.request.customer.contact
    note = f" ({job.request.place_note})" if job.request.place_note else ""
    return {"person": contact.name, "number": job.request.number_to_call, "place": job.request.zone.name + note}


def _give_up(job: Job, *, at: datetime) -> bool:
    return jobs.cancel(job, reason="the provider cannot come", by="provider", at=at)


JOB_ACTS: Final[dict[str, Callable[..., bool]]] = {
    "set_out": jobs.set_out,
    "begin": jobs.begin,
    "finish": jobs.finish,
    "give_up": _give_up,
}


JOB_STEPS: Final[dict[JobStatus, tuple[str, ...]]] = {  # what a provider may do next
    JobStatus.ASSIGNED: ("set_out", "begin", "finish", "give_up"),
    JobStatus.CONFIRMED: ("set_out", "begin", "finish", "give_up"),
    JobStatus.ON_THE_WAY: ("begin", "finish", "give_up"),
    JobStatus.STARTED: ("finish",),
}


def _job(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    job = Job.objects.select_related(*jobs.WITH).get(pk=link.object_id)
    result = ""
    if act in JOB_ACTS:
        result = _("Thank you, noted.") if JOB_ACTS[act](job, at=at) else _("That is not possible now.")
        job.refresh_from_db()
    steps = JOB_STEPS.get(JobStatus(job.status), ())
    names = {
        "set_out": _("On my way"),
        "begin": _("I have arrived"),
        "finish": _("Done"),
        "give_up": _("I cannot come"),
    }
    return {
        "title": _("Your job: %(service)s") % {"service": job.request.service.name_in(link.language)},
        "text": job.request.description,
        "result": result or ("" if steps else _("This job has ended.")),
        "acts": [(step, names[step], "no" if step == "give_up" else "yes") for step in steps],
    } | _job_facts(job)


def _request(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    found = ServiceRequest.objects.select_related("service", "zone").get(pk=link.object_id)
    result = ""
    if act == "cancel":
        done = service_requests.cancel(found, reason="by link", by="customer", at=at)
        result = _("Your request is cancelled.") if done else _("That is not possible now.")
        found.refresh_from_db()
    elif act.startswith("rate:"):
        result = _rate(found, act, at)
    open_ones = (RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED)
    context: dict[str, Any] = {
        "title": _("Your request: %(service)s") % {"service": found.service.name_in(link.language)},
        "text": found.description,
        "place": found.zone.name,
        "result": result or str(found.get_status_display()),
        "acts": [("cancel", _("Cancel the request"), "no")] if found.status in open_ones else _stars(found),
    }
    job = jobs.live_job_for(found)
    if job is not None:
        context |= {"person": job.provider.name, "number": job.provider.phone_number}
    return context


def _unrated(request: ServiceRequest) -> Job | None:
    done = Job.objects.filter(request=request, status=JobStatus.DONE).exclude(ratings__by_customer=True)
    return done.order_by("-pk").first()


def _stars(request: ServiceRequest) -> list[tuple[str, str, str]]:
    """Buttons to rate the work, while nobody has."""
    if _unrated(request) is None:
        return []
    return [(f"rate:{stars}", "⭐" * stars, "no" if stars <= 2 else "yes") for stars in range(5, 0, -1)]  # noqa: PLR2004


def _rate(request: ServiceRequest, act: str, at: datetime) -> str:
    job, stars = _unrated(request), act.removeprefix("rate:")
    if job is None or stars not in {"1", "2", "3", "4", "5"}:
        return _("That is not possible now.")
    done = ratings.rate(job, int(stars), by_customer=True, comment="", at=at)
    return _("Thank you, noted.") if done else _("That is not possible now.")


def _quote(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    quote = Quote.objects.select_related(*quotes.WITH).get(pk=link.object_id)
    answers = {"approve": quotes.approve, "refuse": quotes.refuse}
    result = ""
    if act in answers:
        result = _("Thank you, noted.") if answers[act](quote, at=at) else _("That is not possible now.")
    is_open = quotes.open_for(quote.job.request.customer.contact).filter(pk=quote.pk).exists()
    if not is_open and not result:
        quote.refresh_from_db(fields=["status"])
        result = str(quote.get_status_display()) if quote.status != QuoteStatus.PROPOSED else _("This job has ended.")
    return {
        "title": _("%(name)s asks %(amount)s") % {"name": quote.job.provider.name, "amount": fcfa(quote.amount)},
        "text": quote.description,
        "result": result,
        "acts": [("approve", _("I agree"), "yes"), ("refuse", _("I refuse"), "no")] if is_open else [],
        "person": quote.job.provider.name,
        "number": quote.job.provider.phone_number,
    }


PAGES: Final[dict[str, Callable[[ActionLink, str, datetime], dict[str, Any]]]] = {
    "offer": _offer,
    "job": _job,
    "request": _request,
    "quote": _quote,
}
