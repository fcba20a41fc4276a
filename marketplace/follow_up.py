"""Jobs that need a word: a visit that is near, a provider who has not set out. First a reminder, then a person."""

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from django.db.models import DurationField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet

from marketplace import job_reports, jobs, staff_alerts, sweeps, timeline, visit_notices
from marketplace.models import Event, Job, JobStatus, ServiceRequest, Urgency
from notifications.models import Notification, Status

REMIND_BEFORE: Final = timedelta(hours=2)
SET_OUT_WITHIN: Final = {  # of the assignment; a visit on a day counts from its hour
    Urgency.EMERGENCY: timedelta(minutes=20),
    Urgency.TODAY: timedelta(minutes=60),
    Urgency.UNSPECIFIED: timedelta(hours=4),
}
ALLOWANCE: Final = timedelta(minutes=15)  # after the hour of the visit, and from the question to the call
DELAY: Final = 2 * ALLOWANCE  # more for who said to come late
NOT_SET_OUT: Final = (JobStatus.ASSIGNED, JobStatus.CONFIRMED)
BATCH: Final = 200
LEFT_US: Final = (Status.SENT, Status.DELIVERED, Status.READ)


def remind_of_visits(at: datetime) -> int:
    """Remind both sides of visits within two hours, once; a job given within that time needs no reminder."""
    near = (
        _not_set_out()
        .exclude(_happened("visit_reminded"))
        .filter(request__scheduled_for__gt=at, request__scheduled_for__lte=at + REMIND_BEFORE)
    )
    return _each_once(near, "visit_reminded", _remind, at)


def ask_to_confirm(at: datetime) -> int:
    """Ask, once, whoever has not confirmed when half of the time for it is over."""
    unsaid = Job.objects.filter(status=JobStatus.ASSIGNED, confirm_by__gt=at).exclude(_happened("asked_to_confirm"))
    half = unsaid.annotate(left=_span(F("confirm_by") - at), gone=_span(at - F("assigned_at"))).filter(
        left__lte=F("gone")
    )
    return _each_once(half, "asked_to_confirm", visit_notices.ask_to_confirm, at)


def release_unconfirmed(at: datetime) -> int:
    """Jobs that nobody confirmed in time go to another; returns how many.

    Only where the provider knows of the job: whose message still waits for a channel is not to blame, and whose message
    died is called by staff (`jobs.note_untold`).
    """
    due = Job.objects.filter(status=JobStatus.ASSIGNED, confirm_by__lte=at).order_by("confirm_by")
    return sweeps.each("release_unconfirmed", list(due.values_list("pk", flat=True)[:BATCH]), _release, at=at)


def _release(pk: int, at: datetime) -> int:
    job = Job.objects.select_related(*jobs.WITH).get(pk=pk)
    told = Notification.objects.filter(reference=f"job:{pk}:provider", status__in=LEFT_US)
    if job.provider_told_at is None and not told.exists():
        return 0
    return int(jobs.release_unconfirmed(job, at=at))


def ask_the_late(at: datetime) -> int:
    """Ask providers who have not set out in time and were not asked yet; 15 minutes later staff are told."""
    delayed = _happened("delay_announced")
    late = _not_set_out().filter(~delayed & _is_late(at) | delayed & _is_late(at - DELAY))
    unasked = late.exclude(_happened("asked_if_late")).exclude(_happened("late_reported"))
    asked = _each_once(unasked, "asked_if_late", visit_notices.ask_whether_on_the_way, at)
    silent = _not_set_out().filter(_happened("asked_if_late", before=at - ALLOWANCE)).exclude(_happened("late"))
    return asked + _each_once(silent, "late", staff_alerts.provider_is_late, at)


def call_staff(at: datetime) -> int:
    """What one side reported of the other a quarter of an hour ago, and nothing has come of it: a person calls."""
    found = 0
    for report, noted, alert in REPORTS:
        waiting = Job.objects.filter(_happened(report, before=at - ALLOWANCE), status__in=job_reports.NOT_THERE)
        found += _each_once(waiting.exclude(_happened(noted)), noted, alert, at)
    return found


def _happened(name: str, *, before: datetime | None = None) -> Exists:
    """Whether the request's timeline has this event since the job was given."""
    events = Event.objects.filter(request=OuterRef("request"), name=name, happened_at__gte=OuterRef("assigned_at"))
    return Exists(events.filter(happened_at__lte=before) if before else events)


def _not_set_out() -> QuerySet[Job]:
    return Job.objects.filter(status__in=NOT_SET_OUT)


def _span(difference: Any) -> Any:
    return ExpressionWrapper(difference, DurationField())


def _is_late(at: datetime) -> Q:
    """Whether somebody should have set out by `at`: after the hour of a visit, else some time after the assignment."""
    late = Q(request__scheduled_for__lte=at - ALLOWANCE)
    for urgency, within in SET_OUT_WITHIN.items():
        late |= Q(request__scheduled_for=None, request__urgency=urgency, assigned_at__lte=at - within)
    return late


def _each_once(rows: QuerySet[Job], event: str, deed: Callable[..., None], at: datetime) -> int:
    """Note the event and do the deed, each job in one transaction, unless it has gone on meanwhile; how many were."""
    keys = rows.order_by("assigned_at", "pk").values_list("pk", flat=True)[:BATCH]
    return sweeps.each(event, list(keys), partial(_once, rows, event, deed), at=at)


def _once(rows: QuerySet[Job], event: str, deed: Callable[..., None], pk: int, at: datetime) -> int:
    request = ServiceRequest.objects.select_for_update(no_key=True).get(jobs=pk)
    job = rows.select_related(*jobs.WITH).filter(pk=pk).first()
    if job is None:
        return 0
    timeline.record(request, event, "system", at, job=pk)
    deed(job, at=at)
    return 1


def _remind(job: Job, *, at: datetime) -> None:
    visit = job.request.scheduled_for
    if visit is None or job.assigned_at > visit - REMIND_BEFORE:
        return
    visit_notices.remind_customer(job, visit, at=at)
    visit_notices.remind_provider(job, visit, at=at)


REPORTS: Final[tuple[tuple[str, str, Callable[..., None]], ...]] = (
    ("late_reported", "late", staff_alerts.provider_is_late),
    ("absent_reported", "absent", staff_alerts.customer_is_absent),
)
