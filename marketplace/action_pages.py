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

from marketplace import action_links, action_media, dispatch, job_pages, jobs, quotes
from marketplace.dialogue.quote_replies import fcfa
from marketplace.dispatch import Acceptance
from marketplace.models import ActionLink, Job, Offer, OfferStatus, Quote, QuoteStatus
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
    offer.request.refresh_from_db(fields=["status"])
    is_open = dispatch.may_accept(offer, at=at)
    context: dict[str, Any] = {
        "title": _("%(service)s in %(place)s")
        % {"service": offer.request.service.name_in(link.language), "place": offer.request.zone.name},
        "text": offer.request.description,
        "result": result or ("" if is_open else _("This offer is no longer open.")),
        "acts": [("accept", _("Accept"), "yes"), ("decline", _("Decline"), "no")] if is_open else [],
    }
    if offer.status == OfferStatus.ACCEPTED:
        job = Job.objects.select_related(*jobs.WITH).get(offer=offer)
        context |= job_pages.job_facts(job)
    return context


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
    "job": job_pages.job,
    "request": job_pages.request,
    "quote": _quote,
}
