"""Behind an action link: a provider's job and a customer's request, each with what may be done next."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from django.utils.translation import gettext as _

from marketplace import job_reports, jobs, ratings, service_requests
from marketplace.models import ActionLink, Job, JobStatus, RequestStatus, ServiceRequest

STARS: Final = range(5, 0, -1)


def job_facts(job: Job) -> dict[str, Any]:
    """Whom to call and where; not any more when the job has gone to another."""
    if job.status in (JobStatus.CANCELLED, JobStatus.NO_SHOW):
        return {}
    contact = job.request.customer.contact
    note = f" ({job.request.place_note})" if job.request.place_note else ""
    return {"person": contact.name, "number": job.request.number_to_call, "place": job.request.zone.name + note}


def _give_up(job: Job, *, at: datetime) -> bool:
    return jobs.cancel(job, reason="the provider cannot come", by="provider", at=at)


JOB_ACTS: Final[dict[str, Callable[..., bool]]] = {
    "confirm": jobs.confirm,
    "set_out": jobs.set_out,
    "begin": jobs.begin,
    "finish": jobs.finish,
    "late": job_reports.announce_delay,
    "absent": job_reports.report_absent,
    "give_up": _give_up,
}
JOB_STEPS: Final[dict[JobStatus, tuple[str, ...]]] = {  # what a provider may do next
    JobStatus.ASSIGNED: ("confirm", "set_out", "begin", "finish", "late", "give_up"),
    JobStatus.CONFIRMED: ("set_out", "begin", "finish", "late", "absent", "give_up"),
    JobStatus.ON_THE_WAY: ("begin", "finish", "late", "absent", "give_up"),
    JobStatus.STARTED: ("finish",),
}


def job(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    """The provider's page."""
    found = Job.objects.select_related(*jobs.WITH).get(pk=link.object_id)
    result = ""
    if act in JOB_ACTS:
        result = _noted(JOB_ACTS[act](found, at=at))
    elif act.startswith("rate:"):
        result = _noted(_rate(found, act, by_customer=False, at=at))
    found.refresh_from_db()
    steps = JOB_STEPS.get(JobStatus(found.status), ())
    names = {
        "confirm": _("I am coming"),
        "set_out": _("On my way"),
        "begin": _("I have arrived"),
        "finish": _("Done"),
        "late": _("I come late"),
        "absent": _("Nobody is there"),
        "give_up": _("I cannot come"),
    }
    acts = [(step, names[step], "no" if step in ("late", "absent", "give_up") else "yes") for step in steps]
    stars = _stars(found, by_customer=False)
    return {
        "title": _("Your job: %(service)s") % {"service": found.request.service.name_in(link.language)},
        "text": found.request.description,
        "result": result or ("" if steps else _("How was the customer?") if stars else _("This job has ended.")),
        "acts": acts or stars,
    } | job_facts(found)


def request(link: ActionLink, act: str, at: datetime) -> dict[str, Any]:
    """The customer's page."""
    found = ServiceRequest.objects.select_related("service", "zone").get(pk=link.object_id)
    result = _act_on_request(found, act, at)
    found.refresh_from_db()
    live, done = jobs.live_job_for(found), _last_done(found)
    context: dict[str, Any] = {
        "title": _("Your request: %(service)s") % {"service": found.service.name_in(link.language)},
        "text": found.description,
        "place": found.zone.name,
        "result": result or str(found.get_status_display()),
        "acts": _request_acts(found, live) or (_stars(done, by_customer=True) if done else []),
    }
    if live is not None:
        context |= {"person": live.provider.name, "number": live.provider.phone_number}
    return context


def _act_on_request(found: ServiceRequest, act: str, at: datetime) -> str:
    if act == "cancel":
        done = service_requests.cancel(found, reason="by link", by="customer", at=at)
        return _("Your request is cancelled.") if done else _("That is not possible now.")
    if act.startswith("rate:"):
        done_job = _last_done(found)
        return _noted(done_job is not None and _rate(done_job, act, by_customer=True, at=at))
    live = jobs.live_job_for(found)
    if act == "late" and live:
        return _noted(job_reports.report_late(live, at=at))
    if act == "no_show" and live:
        return _noted(jobs.report_no_show(live, by="customer", at=at))
    if act == "done" and live:
        return _noted(jobs.finish(live, by="customer", at=at))
    return _("That is not possible now.") if act else ""


def _request_acts(found: ServiceRequest, live: Job | None) -> list[tuple[str, str, str]]:
    if found.status not in (RequestStatus.SEARCHING, RequestStatus.WAITING, RequestStatus.MATCHED):
        return []
    acts = [("done", _("The work is done"), "yes")] if live else []
    if live and live.status in job_reports.NOT_THERE:
        acts += [
            ("late", _("Late: remind the provider"), "no"),
            ("no_show", _("Nobody came: find somebody else"), "no"),
        ]
    return [*acts, ("cancel", _("Cancel the request"), "no")]


def _last_done(request: ServiceRequest) -> Job | None:
    return Job.objects.filter(request=request, status=JobStatus.DONE).order_by("-pk").first()


def _stars(job: Job, *, by_customer: bool) -> list[tuple[str, str, str]]:
    """Buttons to rate, once the work is done and while this side has not."""
    if job.status != JobStatus.DONE or job.ratings.filter(by_customer=by_customer).exists():
        return []
    return [(f"rate:{stars}", "⭐" * stars, "no" if stars <= ratings.UNHAPPY else "yes") for stars in STARS]


def _rate(job: Job, act: str, *, by_customer: bool, at: datetime) -> bool:
    stars = act.removeprefix("rate:")
    if stars not in {"1", "2", "3", "4", "5"}:
        return False
    return ratings.rate(job, int(stars), by_customer=by_customer, at=at)


def _noted(is_done: bool) -> str:  # noqa: FBT001  the one fact it tells
    return _("Thank you, noted.") if is_done else _("That is not possible now.")
