"""The customer's photos and voice notes for the provider who has the job: behind the job's own link, and no longer."""

from collections.abc import Mapping
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from marketplace import action_links, media
from marketplace.file_answers import file_answer
from marketplace.models import ActionLink, Job
from marketplace.models.job import LIVE_JOB
from notifications import clock

SHOWN: Final = 10
REFUSED: Final = 404
UNAVAILABLE: Final = 502


def shown(link: ActionLink, token: str) -> list[dict[str, Any]]:
    """What the page behind this link shows: an address each, and whether it is a picture or a sound."""
    job = _job_of(link)
    return (
        []
        if job is None
        else [
            {
                "link": reverse("action-media", args=[token, number]),
                "is_image": entry.get("content_type") in media.IMAGES,
                "is_sound": entry.get("content_type", "").partition(";")[0] in media.SOUNDS,
            }
            for number, entry in _references(job)
        ]
    )


def _references(job: Job) -> list[tuple[int, Mapping[str, str]]]:
    if job.status not in LIVE_JOB:
        return []
    return list(enumerate(job.request.media))[-SHOWN:]


@require_safe
def show(request: HttpRequest, token: str, number: int) -> HttpResponse:  # noqa: ARG001  Django's
    """One file, fetched from Twilio now. 404 without a good link to a job that runs."""
    link, is_good = action_links.find(token, at=clock.now())
    job = _job_of(link) if link and is_good else None
    found = dict(_references(job)).get(number) if job else None
    if found is None:
        return HttpResponse(status=REFUSED)
    try:
        answer = file_answer(media.fetch(found.get("url", "")))
    except media.MediaRefusedError:
        return HttpResponse(status=UNAVAILABLE)
    answer["Referrer-Policy"] = "no-referrer"
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _job_of(link: ActionLink) -> Job | None:
    if link.purpose != "job":
        return None
    return Job.objects.select_related("request").filter(pk=link.object_id).first()
