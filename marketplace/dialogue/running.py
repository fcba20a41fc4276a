"""What a customer says about a request that runs or has ended: cancel, additions, nobody came, stars."""

import re
from datetime import datetime, timedelta
from typing import Final

from django.db.models import QuerySet

from marketplace import degraded, jobs, notices, ratings, service_requests, timeline
from marketplace.models import Job, JobStatus, RequestStatus, ServiceRequest
from notifications.models import Contact
from providers.phone_numbers import UnreadableNumber, normalise

from . import job_replies, outage_replies, reports
from .turn import NOTE_LIMIT, Reply, Step, Turn

RATING_ASKED_FOR: Final = timedelta(hours=72)  # after it, a bare "4" is no rating any more
MOST_STARS: Final = 5
REASON_LIMIT: Final = 300
NUMBER: Final = re.compile(r"\+?\d(?:[\s.()-]{0,2}\d){7,14}")
MAX_MEDIA: Final = 20
CANCEL_REASONS: Final = {
    "cancel:solved": "problem solved",
    "cancel:too_long": "takes too long",
    "cancel:other_person": "found somebody else",
}


def answer_cancel(turn: Turn) -> Reply:
    """The reason for cancelling, or the wish to keep the request."""
    choice = turn.heard.choice
    pk = turn.slots.pop("cancels", None)
    turn.rest()
    if choice == "cancel:keep":
        return job_replies.kept()
    request = ServiceRequest.objects.filter(pk=pk, customer__contact=turn.contact).first()
    reason = CANCEL_REASONS.get(choice, turn.heard.text.strip()[:REASON_LIMIT]) or "no reason given"
    if request is None or not service_requests.cancel(request, reason=reason, by="customer", at=turn.at):
        return job_replies.cannot_cancel()
    return job_replies.cancelled()


def answer_tap(turn: Turn) -> Reply | None:
    """Taps that carry their own object, however old the message is: `request:`, `noshow:` and `rate:`."""
    name, _colon, rest = turn.heard.choice.partition(":")
    pk, _colon, value = rest.partition(":")
    if name not in {"request", "noshow", "rate", "rating"} or not pk.isdecimal():
        return None
    if name == "request":
        return _tap_on_request(turn, int(pk), value)
    job = (
        Job.objects.select_related("provider", "request")
        .filter(pk=int(pk), request__customer__contact=turn.contact)
        .first()
    )
    if job is None:
        return turn.ask(Step.MENU, job_replies.nothing_running())
    if name == "noshow":
        return reports.no_show(turn, job, value)
    stars = int(value) if value.isdecimal() else 0
    return _rate(turn, job, stars) if 1 <= stars <= MOST_STARS else turn.ask(Step.MENU, job_replies.ask_stars(job))


def _tap_on_request(turn: Turn, pk: int, value: str) -> Reply:
    request = (
        ServiceRequest.objects.select_related("service", "zone").filter(pk=pk, customer__contact=turn.contact).first()
    )
    if request is None:
        return turn.ask(Step.MENU, job_replies.nothing_running())
    if value == "cancel":
        if request.status in {RequestStatus.DONE, RequestStatus.CANCELLED, RequestStatus.EXPIRED}:
            return job_replies.cannot_cancel()
        turn.slots["cancels"] = request.pk
        return turn.ask(Step.CANCEL, job_replies.ask_cancel_reason(request))
    return turn.ask(Step.MENU, where_it_stands(request, turn.at))


def where_it_stands(request: ServiceRequest, at: datetime) -> Reply:
    """The state of a request, and an honest word where news take longer."""
    known = job_replies.status(request, jobs.live_job_for(request))
    if degraded.outage(at) is None:
        return known
    return Reply(f"{known.text}\n{outage_replies.takes_longer()}", known.choices)


def waits_for_stars(contact: Contact, at: datetime) -> bool:
    return _unrated(contact, at).exists()


def _unrated(contact: Contact, at: datetime) -> QuerySet[Job]:
    """Jobs of this customer that were done within three days and have no stars yet, the newest first."""
    return (
        Job.objects.select_related("provider", "request")
        .filter(
            request__customer__contact=contact,
            status=JobStatus.DONE,
            ended_at__gt=at - RATING_ASKED_FOR,
        )
        .exclude(ratings__by_customer=True)
        .order_by("-ended_at")
    )


def answer_rating(turn: Turn) -> Reply | None:
    """Stars for the job that waits for them."""
    stars = turn.heard.stars or (turn.heard.number if turn.heard.intent in {"rating", "other"} else None)
    if stars is None and turn.heard.intent != "rating":
        return None
    job = _unrated(turn.contact, turn.at).first()
    if job is None:
        return None
    if stars is None or not 1 <= stars <= MOST_STARS:
        return turn.ask(Step.MENU, job_replies.ask_stars(job))
    return _rate(turn, job, stars)


def _rate(turn: Turn, job: Job, stars: int) -> Reply:
    turn.rest()
    said = turn.heard.text.strip()
    comment = "" if turn.heard.choice or turn.heard.number is not None else said
    if not ratings.rate(job, stars, by_customer=True, comment=comment, at=turn.at):
        return job_replies.already_rated()
    reply = job_replies.rated(stars)
    return turn.ask(Step.MENU, reply) if reply.choices else reply


def add_to_running(turn: Turn, *, note: str) -> Reply | None:
    """A location, a photo or a landmark (`note`) that comes while the search or the job runs belongs to it."""
    heard, note = turn.heard, note.strip()
    if not (heard.has_location or heard.media or note):
        return None
    request = service_requests.current_for(turn.contact)
    if request is None:
        return None
    if heard.has_location:
        request.latitude, request.longitude = heard.latitude, heard.longitude
    if heard.media:
        request.media = [*request.media, *heard.media][:MAX_MEDIA]
    if note:
        request.place_note = note[:NOTE_LIMIT]
    request.save(update_fields=["latitude", "longitude", "media", "place_note"])
    timeline.record(request, "details_added", "customer", turn.at, location=heard.has_location, media=len(heard.media))
    turn.rest()
    return job_replies.added(heard.has_location, bool(heard.media))


def take_number(turn: Turn) -> Reply | None:
    """A number to call that somebody whose own is hidden writes while a request runs."""
    if turn.contact.phone_number or turn.heard.choice or not NUMBER.fullmatch(turn.heard.text.strip()):
        return None
    request = service_requests.current_for(turn.contact)
    if request is None:
        return None
    try:
        number = normalise(turn.heard.text)
    except UnreadableNumber:
        return None
    request.call_number = number.e164
    request.save(update_fields=["call_number"])
    timeline.record(request, "details_added", "customer", turn.at, number=True)
    job = jobs.live_job_for(request)
    if job is not None:
        notices.tell_number(job, at=turn.at)
    return job_replies.number_noted(number.e164, job)


def say_what_is_open(turn: Turn) -> Reply | None:
    """A hint for somebody who was not understood, or who greets, while a request runs."""
    request = service_requests.current_for(turn.contact)
    if request is None:
        return None
    return where_it_stands(request, turn.at)
