"""The story of a request: its events in the order of time, who was looked at and why, who was asked, who came."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.models import Event, JobStatus, MatchRun, OfferStatus, ServiceRequest
from providers.matching import Fit, LeftOut, Level
from providers.models import Provider

from . import media

OFFER_TONES: Final = {
    OfferStatus.OPEN: "busy",
    OfferStatus.ACCEPTED: "good",
    OfferStatus.DECLINED: "quiet",
    OfferStatus.TAKEN: "quiet",
    OfferStatus.EXPIRED: "wait",
    OfferStatus.UNREACHABLE: "bad",
    OfferStatus.WITHDRAWN: "quiet",
    OfferStatus.RELEASED: "bad",
}
JOB_TONES: Final = {
    JobStatus.ASSIGNED: "busy",
    JobStatus.CONFIRMED: "busy",
    JobStatus.ON_THE_WAY: "busy",
    JobStatus.STARTED: "busy",
    JobStatus.DONE: "good",
    JobStatus.CANCELLED: "bad",
    JobStatus.NO_SHOW: "bad",
}
EVENTS: Final = {
    "opened": gettext_lazy("Request opened"),
    "details_added": gettext_lazy("Details added"),
    "wave_sent": gettext_lazy("Offers sent"),
    "wave_ended": gettext_lazy("Wave of offers ended"),
    "nobody_found": gettext_lazy("Nobody found"),
    "searching_again": gettext_lazy("Searching again"),
    "accepted": gettext_lazy("Offer accepted"),
    "declined": gettext_lazy("Offer declined"),
    "offer_not_delivered": gettext_lazy("Offer not delivered"),
    "handed_over": gettext_lazy("Both sides know each other"),
    "confirmed": gettext_lazy("Confirmed"),
    "on_the_way": gettext_lazy("On the way"),
    "started": gettext_lazy("Work started"),
    "done": gettext_lazy("Work done"),
    "cancelled": gettext_lazy("Cancelled"),
    "no_show": gettext_lazy("Did not come"),
    "rated": gettext_lazy("Rated"),
    "outage_told": gettext_lazy("Told by SMS that WhatsApp is out of order"),
    "quote_proposed": gettext_lazy("Quote sent to the customer"),
    "quote_approved": gettext_lazy("Quote approved"),
    "quote_refused": gettext_lazy("Quote refused"),
    "expired": gettext_lazy("Search ended without success"),
}
EVENT_TONES: Final = {
    **dict.fromkeys(["accepted", "handed_over", "done", "rated", "quote_approved"], "good"),
    **dict.fromkeys(["opened", "wave_sent", "on_the_way", "started", "searching_again"], "busy"),
    **dict.fromkeys(["nobody_found", "expired", "no_show", "offer_not_delivered"], "bad"),
}
FACTS: Final = {
    "number": gettext_lazy("wave"),
    "level": gettext_lazy("level"),
    "offers": gettext_lazy("offers"),
    "reason": gettext_lazy("reason"),
    "stars": gettext_lazy("stars"),
    "code": gettext_lazy("error"),
    "urgency": gettext_lazy("urgency"),
    "amount": gettext_lazy("FCFA"),
}
PARTS: Final = {
    "distance": gettext_lazy("distance"),
    "rating": gettext_lazy("rating"),
    "acceptance": gettext_lazy("acceptance"),
    "load": gettext_lazy("load"),
    "fairness": gettext_lazy("fairness"),
    "service": gettext_lazy("service"),
    "number": gettext_lazy("number"),
}


@dataclass(frozen=True)
class Line:
    """One event, in words."""

    at: datetime
    what: Any
    actor: str
    detail: str
    tone: str


def tell(request: ServiceRequest, at: datetime) -> dict[str, Any]:
    """The context of the request's page: a handful of queries, whatever happened."""
    events = list(request.events.order_by("pk"))
    offers = list(request.offers.select_related("provider", "wave").order_by("pk"))
    names = {offer.provider_id: offer.provider.name for offer in offers} | _names_of(events)
    return {
        "row": request,
        "attachments": media.attachments(request.media),
        "lines": [_line(event, names) for event in events],
        "runs": [explained(run) for run in request.match_runs.order_by("pk")],
        "offers": [
            {
                "offer": offer,
                "tone": OFFER_TONES[OfferStatus(offer.status)],
                "parts": parts_in_words(offer.score_parts),
                "is_late": offer.status == OfferStatus.OPEN and offer.expires_at <= at,
            }
            for offer in offers
        ],
        "jobs": [
            {"job": job, "tone": JOB_TONES[JobStatus(job.status)], "ratings": list(job.ratings.all())}
            for job in request.jobs.select_related("provider").prefetch_related("ratings").order_by("pk")
        ],
    }


def explained(run: MatchRun) -> dict[str, Any]:
    """A match run with its levels and reasons in words."""
    fits, left_out, levels = dict(Fit.choices), dict(LeftOut.choices), dict(Level.choices)
    return {
        "pk": run.pk,
        "level": levels.get(run.level, run.level),
        "ran_at": run.ran_at,
        "chosen": [
            {**entry, "why": fits.get(entry.get("reason", ""), ""), "parts": parts_in_words(entry.get("score_parts"))}
            for entry in run.chosen
        ],
        "near_misses": [{**entry, "why": left_out.get(entry.get("reason", ""), "")} for entry in run.near_misses],
        "counts": [(left_out.get(reason, reason), many) for reason, many in run.counts.items() if reason],
    }


def parts_in_words(parts: Mapping[str, float] | None) -> str:
    """The parts of a score, each with its points."""
    return " · ".join(f"{PARTS.get(name, name)} {number_format(value, 2)}" for name, value in (parts or {}).items())


def _line(event: Event, names: Mapping[int, str]) -> Line:
    facts = " · ".join(
        f"{FACTS[name]} {value}" for name, value in event.facts.items() if name in FACTS and value not in ("", None)
    )
    return Line(
        event.happened_at,
        EVENTS.get(event.name, event.name),
        _actor(event.actor, names),
        facts,
        EVENT_TONES.get(event.name, "quiet"),
    )


def _actor(actor: str, names: Mapping[int, str]) -> str:
    kind, _colon, who = actor.partition(":")
    if kind == "provider" and who.isdecimal():
        return names.get(int(who), actor)
    if kind == "staff":
        return _("%(name)s (staff)") % {"name": who}
    return {"customer": _("customer"), "system": _("system")}.get(actor, actor)


def _names_of(events: Iterable[Event]) -> dict[int, str]:
    ids = {int(found[1]) for event in events if (found := re.fullmatch(r"provider:(\d{1,18})", event.actor))}
    return dict(Provider.objects.filter(pk__in=ids).values_list("pk", "name"))
