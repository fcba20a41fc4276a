"""An accepted offer's life: assigned, confirmed, on the way, started, done; or cancelled, or nobody came."""

from datetime import datetime
from typing import Final

from django.db import transaction

from marketplace import degraded, notices, staff_alerts, timeline, visit_notices
from marketplace.models import Job, JobStatus, Offer, OfferStatus, RequestStatus, ServiceRequest, Urgency
from marketplace.models.job import LIVE_JOB
from marketplace.wave_policy import CONFIRM_WITHIN
from notifications import escalation
from providers import standing
from providers.models import Provider

WITH: Final = ("provider", "request__service", "request__zone", "request__customer__contact")


def assign(offer: Offer, *, at: datetime) -> Job:
    """Make the job of an accepted offer, in the transaction of the acceptance."""
    standing.note_job_opened(offer.provider_id, at)
    within = CONFIRM_WITHIN[Urgency(offer.request.urgency)] * degraded.slowness(at)
    return Job.objects.create(
        request=offer.request, offer=offer, provider=offer.provider, assigned_at=at, confirm_by=at + within
    )


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
        _settle_alerts(job, at)
    timeline.record(job.request, to, actor, at, job=job.pk)
    return True


def confirm(job: Job, *, by: str = "", at: datetime) -> bool:
    """The provider (or `by`, who has called) says to be coming. False: not possible now."""
    return _step(job, JobStatus.CONFIRMED, actor=by or _provider(job), at=at)


@transaction.atomic
def set_out(job: Job, *, at: datetime) -> bool:
    """The provider is on the way; the customer is told. False: not possible now."""
    if not _step(job, JobStatus.ON_THE_WAY, actor=_provider(job), at=at):
        return False
    notices.tell_on_the_way(job, at=at)
    return True


@transaction.atomic
def begin(job: Job, *, at: datetime) -> bool:
    """The provider has arrived and begins. False: not possible now."""
    return _step(job, JobStatus.STARTED, actor=_provider(job), at=at)


@transaction.atomic
def finish(job: Job, *, by: str = "", at: datetime) -> bool:
    """The work is done, says the provider, or `by`; the request ends. False: not possible now.

    The provider's word is put to the customer, who is asked for stars; the customer's own is told to the provider.
    """
    ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    agreed = at if by == "customer" else None
    if not Job.objects.filter(pk=job.pk).move(JobStatus.DONE, ended_at=at, customer_agreed_at=agreed):
        return False
    ServiceRequest.objects.filter(pk=job.request_id).move(RequestStatus.DONE)
    _settle_alerts(job, at)
    escalation.resolve(staff_alerts.no_show(job.provider_id), at=at)  # good work since
    standing.note_job_closed(job.provider_id, done=True)
    timeline.record(job.request, "done", by or _provider(job), at, job=job.pk)
    if by:
        visit_notices.tell_done(job, at=at)
    if by != "customer":
        notices.ask_rating(job, at=at)
    return True


def _provider(job: Job) -> str:
    return f"provider:{job.provider_id}"


def _settle_alerts(job: Job, at: datetime) -> None:
    """Nobody need call about a job that goes on or has ended."""
    for fingerprint in (staff_alerts.late(job.pk), staff_alerts.absent(job.pk)):
        escalation.resolve(fingerprint, at=at)


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


@transaction.atomic
def release_unconfirmed(job: Job, *, at: datetime) -> bool:
    """The provider has not confirmed in time: the job goes to another. False: confirmed or ended meanwhile."""
    locked = ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    if not Job.objects.filter(pk=job.pk, status=JobStatus.ASSIGNED, confirm_by__lte=at).exists():
        return False
    timeline.record(locked, "not_confirmed", "system", at, job=job.pk)
    return _fail(job, JobStatus.CANCELLED, reason="not confirmed in time", by="system", at=at)


def _fail(job: Job, to: JobStatus, *, reason: str, by: str, at: datetime) -> bool:
    from marketplace import dispatch  # noqa: PLC0415  dispatch makes jobs; a failed job goes back to dispatch

    request = (
        ServiceRequest.objects.select_for_update(no_key=True, of=("self",))
        .select_related("customer__contact")
        .get(pk=job.request_id)
    )
    if not _end(job, to, reason=reason, at=at):
        return False
    actor = _provider(job) if by == "provider" else by
    timeline.record(request, to, actor, at, job=job.pk, reason=reason[:300])
    if by != "customer":
        notices.tell_searching_again(job, at=at)
    if by == "system":
        visit_notices.tell_not_confirmed(job, at=at)
    elif by != "provider":
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
    _settle_alerts(job, at)
    Offer.objects.filter(pk=job.offer_id).move(OfferStatus.RELEASED)
    return True


@transaction.atomic
def note_told(job_id: int, *, customer: bool, at: datetime) -> bool:
    """One side's contact message was delivered; the job is handed over when both were. True: both know now."""
    column = "customer_told_at" if customer else "provider_told_at"
    heard = Job.objects.filter(pk=job_id, **{f"{column}__isnull": True}).update(**{column: at})
    job = Job.objects.select_related("request").get(pk=job_id)
    if heard and not customer and job.confirm_by:  # the time to confirm begins with knowing of the job
        within = job.confirm_by - job.assigned_at
        Job.objects.filter(pk=job_id, status=JobStatus.ASSIGNED, confirm_by__lt=at + within).update(
            confirm_by=at + within
        )
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
