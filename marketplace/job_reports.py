"""What one side reports of the other while a job runs: late, not there, not content. First a nudge, then a person.

`follow_up.call_staff` tells staff when a nudge brought nothing.
"""

from datetime import datetime
from typing import Final

from django.db import transaction

from marketplace import staff_alerts, timeline, visit_notices
from marketplace.models import Event, Job, JobStatus, ServiceRequest

NOT_THERE: Final = (JobStatus.ASSIGNED, JobStatus.CONFIRMED, JobStatus.ON_THE_WAY)
COMPLAINT_SHOWN: Final = 300  # letters of it in the timeline


@transaction.atomic
def report_late(job: Job, *, at: datetime) -> bool:
    """The customer waits: the provider is asked, once, and a person calls a quarter of an hour later.

    False: nobody is awaited now. A second report changes nothing.
    """
    request = _locked(job)
    if job.status not in NOT_THERE:
        return False
    if not has_happened(job, "late_reported"):
        timeline.record(request, "late_reported", "customer", at, job=job.pk)
        visit_notices.ask_whether_on_the_way(job, at=at)
    return True


@transaction.atomic
def announce_delay(job: Job, *, at: datetime) -> bool:
    """The provider comes later than agreed: the customer is told. False: nobody is awaited now."""
    request = _locked(job)
    if job.status not in NOT_THERE:
        return False
    timeline.record(request, "delay_announced", f"provider:{job.provider_id}", at, job=job.pk)
    visit_notices.tell_delay(job, at=at)
    return True


@transaction.atomic
def report_absent(job: Job, *, at: datetime) -> bool:
    """The provider stands before a closed door: the customer is told, once, and a person calls later.

    False: the job does not wait for a meeting now.
    """
    request = _locked(job)
    if job.status not in NOT_THERE:
        return False
    if not has_happened(job, "absent_reported"):
        timeline.record(request, "absent_reported", f"provider:{job.provider_id}", at, job=job.pk)
        visit_notices.tell_provider_at_the_door(job, at=at)
    return True


@transaction.atomic
def complain(job: Job, *, by_customer: bool, words: str, at: datetime) -> None:
    """One side is not content with the other: kept in the timeline, and staff are told. At any time, also afterwards."""
    request = _locked(job)
    actor = "customer" if by_customer else f"provider:{job.provider_id}"
    timeline.record(request, "complaint", actor, at, job=job.pk, words=words[:COMPLAINT_SHOWN])
    staff_alerts.somebody_complains(job, by_customer=by_customer, at=at)


def has_happened(job: Job, name: str) -> bool:
    """Whether the timeline of the request has this event since the job was given."""
    return Event.objects.filter(request_id=job.request_id, name=name, happened_at__gte=job.assigned_at).exists()


def _locked(job: Job) -> ServiceRequest:
    """The job's request, locked; the job's status is read anew behind the lock."""
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    job.status = Job.objects.values_list("status", flat=True).get(pk=job.pk)
    return request
