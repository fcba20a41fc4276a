"""Quotes for a job, and for work that came up on the way: proposed by the provider, approved by the customer."""

from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet, Sum

from marketplace import quote_notices, timeline
from marketplace.models import Job, Quote, QuoteStatus, ServiceRequest
from marketplace.models.job import LIVE_JOB
from notifications.models import Contact

WITH: Final = ("job__provider", "job__request__service", "job__request__zone", "job__request__customer__contact")


@transaction.atomic
def propose(job: Job, *, amount: int, description: str, is_extra: bool, at: datetime) -> Quote | None:
    """Ask the customer for `amount` FCFA; an older proposal of this job is withdrawn. None: the job has ended.

    Raises `ValueError` for an amount that no work can cost.
    """
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=job.request_id)
    if not Job.objects.filter(pk=job.pk, status__in=LIVE_JOB).exists():
        return None
    Quote.objects.filter(job=job).move(QuoteStatus.WITHDRAWN, answered_at=at)
    quote = Quote(job=job, amount=amount, description=description[:300], is_extra=is_extra, proposed_at=at)
    quote.save(force_insert=True)
    actor = f"provider:{job.provider_id}"
    timeline.record(request, "quote_proposed", actor, at, job=job.pk, amount=amount, extra=is_extra)
    quote_notices.ask_customer(quote, at=at)
    return quote


@transaction.atomic
def approve(quote: Quote, *, at: datetime, by: str = "customer") -> bool:
    """The customer agrees; the provider is told. False: it was answered already, or the job has ended."""
    return _answer(quote, QuoteStatus.APPROVED, by, at)


@transaction.atomic
def refuse(quote: Quote, *, at: datetime, by: str = "customer") -> bool:
    """The customer does not agree; the provider is told. False: it was answered already, or the job has ended."""
    return _answer(quote, QuoteStatus.REFUSED, by, at)


def _answer(quote: Quote, to: QuoteStatus, by: str, at: datetime) -> bool:
    request = ServiceRequest.objects.select_for_update(no_key=True).get(jobs=quote.job_id)
    if not Quote.objects.filter(pk=quote.pk, job__status__in=LIVE_JOB).move(to, answered_at=at):
        return False
    quote.status, quote.answered_at = to, at
    timeline.record(request, f"quote_{to}", by, at, job=quote.job_id, amount=quote.amount, extra=quote.is_extra)
    quote_notices.tell_provider(quote, at=at)
    return True


def open_for(contact: Contact) -> QuerySet[Quote]:
    """What this customer is asked to agree to, the newest first."""
    waiting = Quote.objects.filter(status=QuoteStatus.PROPOSED, job__status__in=LIVE_JOB)
    return waiting.filter(job__request__customer__contact=contact).select_related(*WITH).order_by("-pk")


def agreed(job: Job) -> int:
    """What the customer has agreed to pay for this job so far, in FCFA."""
    total: int | None = Quote.objects.filter(job=job, status=QuoteStatus.APPROVED).aggregate(sum=Sum("amount"))["sum"]
    return total or 0


def withdraw_ended(at: datetime) -> int:
    """Withdraw what still waits for an answer although its job has ended; returns how many."""
    return Quote.objects.exclude(job__status__in=LIVE_JOB).move(QuoteStatus.WITHDRAWN, answered_at=at)
