"""The story of a request: its events in the order of time, who was looked at and why, who was asked, who came."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext_lazy

from marketplace.models import JobStatus, MatchRun, OfferStatus, ServiceRequest
from marketplace.models.job import LIVE_JOB
from providers.matching import Fit, LeftOut, Level

from . import media, request_timeline
from .board import TONES as PROMISE_TONES
from .board import promise_of

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
PARTS: Final = {
    "distance": gettext_lazy("distance"),
    "rating": gettext_lazy("rating"),
    "acceptance": gettext_lazy("acceptance"),
    "load": gettext_lazy("load"),
    "fairness": gettext_lazy("fairness"),
    "response": gettext_lazy("response time"),
    "service": gettext_lazy("service"),
    "number": gettext_lazy("number"),
}


def tell(request: ServiceRequest, at: datetime) -> dict[str, Any]:
    """The context of the request's page: a handful of queries, whatever happened."""
    offers = list(request.offers.select_related("provider", "wave").order_by("pk"))
    runs = list(request.match_runs.order_by("pk"))
    jobs = list(request.jobs.select_related("provider").prefetch_related("ratings", "quotes").order_by("pk"))
    live = next((job for job in jobs if job.status in LIVE_JOB), None)
    promise = promise_of(request, live)
    return {
        "row": request,
        "promise": promise,
        "promise_tone": PROMISE_TONES[promise.keeping(at)] if promise else "",
        "attachments": media.attachments(request.media),
        "lines": request_timeline.tell(request, offers, runs, jobs),
        "kinds": request_timeline.KINDS,
        "runs": [explained(run) for run in runs],
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
            {"job": job, "tone": JOB_TONES[JobStatus(job.status)], "ratings": list(job.ratings.all())} for job in jobs
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
