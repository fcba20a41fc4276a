"""An accepted offer's life: assigned, confirmed, on the way, started, done; or cancelled, or nobody came."""

from datetime import datetime
from typing import Final

from django.db import transaction

from marketplace import notices, staff_alerts, timeline
from marketplace.models import Job, JobStatus, Offer, OfferStatus, RequestStatus, ServiceRequest
from marketplace.models.job import LIVE_JOB
from notifications import escalation
from providers import standing
from providers.models import Provider

WITH: Final = ("provider", "request__service", "request__zone", "request__customer__contact")


def assign(offer: Offer, *, at: datetime) -> Job:
    """Make the job of an accepted offer, in the transaction of the acceptance."""
    standing.note_job_opened(offer.provider_id, at)
    return Job.objects.create(request=offer.request, offer=offer, provider=offer.provider, assigned_at=at)


def live_job_of(provider: Provider) -> Job | None:
    """The job that this provider has in hand, the newest first."""
    return Job.objects.filter(provider=provider, status__in=LIVE_JOB).select_related(*WITH).order_by("-pk").first()


def live_job_for(request: ServiceRequest) -> Job | None:
    """The live job of a request; there is at most one."""
    return Job.objects.filter(request=request, status__in=LIVE_JOB).select_related(*WITH).first()


@transaction.atomic
def _step(job: Job, to: JobStatus, *, actor: str, at: datetime) -> bool:
    ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    if not Job.objects.filter(pk=job.pk).move(to):
        return False
    job.status = to
    if to != JobStatus.CONFIRMED:
        escalation.resolve(staff_alerts.late(job.pk), at=at)
    timeline.record(job.request, to, actor, at, job=job.pk)
    return True


def confirm(job: Job, *, at: datetime) -> bool:
    """The provider confirms to come. False: not possible now."""
    return _step(job, JobStatus.CONFIRMED, actor=f"provider:{job.provider_id}", at=at)


@transaction.atomic
def set_out(job: Job, *, at: datetime) -> bool:
    """The provider is on the way; the customer is told. False: not possible now."""
    if not _step(job, JobStatus.ON_THE_WAY, actor=f"provider:{job.provider_id}", at=at):
        return False
    notices.tell_on_the_way(job, at=at)
    return True


@transaction.atomic
def begin(job: Job, *, at: datetime) -> bool:
    """The provider has arrived and begins. False: not possible now."""
    return _step(job, JobStatus.STARTED, actor=f"provider:{job.provider_id}", at=at)


@transaction.atomic
def finish(job: Job, *, at: datetime) -> bool:
    """The work is done: the request ends, and the customer is asked for stars. False: not possible now."""
    ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    if not Job.objects.filter(pk=job.pk).move(JobStatus.DONE, ended_at=at):
        return False
    ServiceRequest.objects.filter(pk=job.request_id).move(RequestStatus.DONE)
    escalation.resolve(staff_alerts.late(job.pk), at=at)
    standing.note_job_closed(job.provider_id, done=True)
    timeline.record(job.request, "done", f"provider:{job.provider_id}", at, job=job.pk)
    notices.ask_rating(job, at=at)
    return True


@transaction.atomic
def cancel(job: Job, *, reason: str, by: str, at: datetime) -> bool:
    """The job ends without being done and the search goes on without this provider. False: not possible now."""
    return _fail(job, JobStatus.CANCELLED, reason=reason, by=by, at=at)


@transaction.atomic
def report_no_show(job: Job, *, by: str, at: datetime) -> bool:
    """Nobody came: staff are told, and the search goes on without this provider. False: not possible now."""
    if not _fail(job, JobStatus.NO_SHOW, reason="did not come", by=by, at=at):
        return False
    staff_alerts.provider_did_not_come(job, at=at)
    return True


def _fail(job: Job, to: JobStatus, *, reason: str, by: str, at: datetime) -> bool:
    from marketplace import dispatch  # noqa: PLC0415  dispatch makes jobs; a failed job goes back to dispatch

    request = (
        ServiceRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("customer__contact")
        .get(pk=job.request_id)
    )
    if not _end(job, to, reason=reason, at=at):
        return False
    actor = f"provider:{job.provider_id}" if by == "provider" else by
    timeline.record(request, to, actor, at, job=job.pk, reason=reason[:300])
    if by != "customer":
        notices.tell_searching_again(job, at=at)
    if by != "provider":
        notices.tell_provider_cancelled(job, at=at)
    dispatch.search_again(request.pk, at=at, noted=[job.provider_id])
    standing.note_job_closed(job.provider_id, done=False, opened_at=job.assigned_at)
    return True


def end_with_request(job: Job, *, reason: str, at: datetime) -> bool:
    """The request itself was cancelled: its job ends with it, and nobody is searched for. False: it had ended."""
    if not _end(job, JobStatus.CANCELLED, reason=reason, at=at):
        return False
    standing.note_job_closed(job.provider_id, done=False, opened_at=job.assigned_at)
    return True


def _end(job: Job, to: JobStatus, *, reason: str, at: datetime) -> bool:
    if not Job.objects.filter(pk=job.pk).move(to, ended_at=at, end_reason=reason[:300]):
        return False
    job.status = to
    escalation.resolve(staff_alerts.late(job.pk), at=at)
    Offer.objects.filter(pk=job.offer_id).move(OfferStatus.RELEASED)
    return True


@transaction.atomic
def note_told(job_id: int, *, customer: bool, at: datetime) -> bool:
    """One side's contact message was delivered; the job is handed over when both were. True: both know now."""
    column = "customer_told_at" if customer else "provider_told_at"
    Job.objects.filter(pk=job_id, **{f"{column}__isnull": True}).update(**{column: at})
    job = Job.objects.select_related("request").get(pk=job_id)
    both = job.customer_told_at is not None and job.provider_told_at is not None
    if both and not job.request.events.filter(name="handed_over", facts__job=job_id).exists():
        timeline.record(job.request, "handed_over", "system", at, job=job_id)
        escalation.resolve(staff_alerts.untold(job_id), at=at)
    return both


@transaction.atomic
def note_untold(job_id: int, *, customer: bool, code: str, at: datetime) -> None:
    """One side's contact message died on every channel: a person must call."""
    job = Job.objects.get(pk=job_id)
    if job.status not in LIVE_JOB:
        return
    staff_alerts.contact_did_not_arrive(job, customer=customer, code=code, at=at)
