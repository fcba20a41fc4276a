"""Jobs that need a word: a visit that is near, a provider who has not set out. First a reminder, then a person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from marketplace import jobs, staff_alerts, timeline, visit_notices
from marketplace.models import Event, Job, JobStatus, ServiceRequest, Urgency

REMIND_BEFORE: Final = timedelta(hours=2)
SET_OUT_WITHIN: Final = {  # of the assignment; a visit on a day counts from its hour
    Urgency.EMERGENCY: timedelta(minutes=20),
    Urgency.TODAY: timedelta(minutes=60),
    Urgency.UNSPECIFIED: timedelta(hours=4),
}
ALLOWANCE: Final = timedelta(minutes=15)  # after the hour of the visit, and from the question to the call
NOT_SET_OUT: Final = (JobStatus.ASSIGNED, JobStatus.CONFIRMED)
BATCH: Final = 200


def remind_of_visits(at: datetime) -> int:
    """Remind both sides of visits within two hours, once; a job given within that time needs no reminder."""
    near = _waiting("visit_reminded").filter(
        request__scheduled_for__gt=at, request__scheduled_for__lte=at + REMIND_BEFORE
    )
    return sum(_once(job, "visit_reminded", _remind, at) for job in near[:BATCH])


def ask_the_late(at: datetime) -> int:
    """Ask providers who have not set out in time; 15 minutes later the job is a task for staff."""
    unasked = [job for job in _waiting("asked_if_late")[:BATCH] if _is_late(job, at)]
    asked = sum(_once(job, "asked_if_late", visit_notices.ask_whether_on_the_way, at) for job in unasked)
    silent = _waiting("late").filter(_happened("asked_if_late", before=at - ALLOWANCE))
    return asked + sum(_once(job, "late", staff_alerts.provider_is_late, at) for job in silent[:BATCH])


def _happened(name: str, *, before: datetime | None = None) -> Exists:
    """Whether the request's timeline has this event since the job was given."""
    events = Event.objects.filter(request=OuterRef("request"), name=name, happened_at__gte=OuterRef("assigned_at"))
    return Exists(events.filter(happened_at__lte=before) if before else events)


def _waiting(without: str) -> QuerySet[Job]:
    """Jobs whose provider has not set out and of which this has not been noted yet."""
    rows = Job.objects.filter(status__in=NOT_SET_OUT).exclude(_happened(without))
    return rows.select_related(*jobs.WITH).order_by("assigned_at", "pk")


def _is_late(job: Job, at: datetime) -> bool:
    urgency = Urgency(job.request.urgency)
    if urgency == Urgency.SCHEDULED or job.request.scheduled_for:
        return job.request.scheduled_for is not None and at >= job.request.scheduled_for + ALLOWANCE
    return at >= job.assigned_at + SET_OUT_WITHIN[urgency]


def _once(job: Job, event: str, deed: Callable[..., None], at: datetime) -> bool:
    """Note the event and do the deed in one transaction, unless the job has gone on meanwhile."""
    with transaction.atomic():
        request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
        if not _waiting(event).filter(pk=job.pk).exists():
            return False
        timeline.record(request, event, "system", at, job=job.pk)
        deed(job, at=at)
    return True


def _remind(job: Job, *, at: datetime) -> None:
    visit = job.request.scheduled_for
    if visit is None or job.assigned_at > visit - REMIND_BEFORE:
        return
    visit_notices.remind_customer(job, visit, at=at)
    visit_notices.remind_provider(job, visit, at=at)
