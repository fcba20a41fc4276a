"""Staff have called a provider who takes the job: the same path as an acceptance, with their name in the timeline."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction

from marketplace import dispatch, jobs, match_runs, timeline
from marketplace.models import Job, Offer, OfferStatus, RequestStatus, ServiceRequest
from providers import standing
from providers.models import Provider, ProviderStatus

REASON_LIMIT: Final = 300


class Assignment(StrEnum):
    DONE = "done"
    NOT_OPEN = "not_open"  # the request has a provider already, or has ended
    NOT_THIS_ONE = "not_this_one"  # suspended, or has failed this very request


@transaction.atomic
def assign(request_id: int, provider: Provider, *, by: str, at: datetime, why: str = "") -> Assignment:
    """Give a searching or waiting request to this provider, as agreed on the telephone; `by` is "staff:awa", `why` at most 300 characters.

    Both sides are told as after any acceptance; offers that are out end kindly. The provider need not confirm.
    """
    request = ServiceRequest.objects.select_for_update(no_key=True).get(pk=request_id)
    if request.status not in dispatch.SEARCHED_FOR:
        return Assignment.NOT_OPEN
    failed = Offer.objects.filter(request=request, provider=provider, status=OfferStatus.RELEASED)
    if provider.status == ProviderStatus.SUSPENDED or failed.exists():
        return Assignment.NOT_THIS_ONE
    if request.status == RequestStatus.WAITING:
        ServiceRequest.objects.filter(pk=request_id).move(RequestStatus.SEARCHING)
    offer = _open_offer(request, provider, at)
    timeline.record(
        request, "assigned_by_hand", by, at, provider=provider.pk, offer=offer.pk, reason=why[:REASON_LIMIT]
    )
    dispatch.accept(offer, at=at)
    jobs.confirm(Job.objects.select_related(*jobs.WITH).get(offer=offer), by=by, at=at)
    return Assignment.DONE


def _open_offer(request: ServiceRequest, provider: Provider, at: datetime) -> Offer:
    """The provider's offer, opened (again) for this moment, in a wave of its own unless it is out already."""
    ends = at + timedelta(minutes=1)
    if Offer.objects.filter(request=request, provider=provider, status=OfferStatus.OPEN).update(expires_at=ends):
        return Offer.objects.get(request=request, provider=provider)
    run, result = match_runs.note_one(request, match_runs.level_reached(request), provider, at=at)
    wave = dispatch.new_wave(request, run, at=at, ends=ends, closed_at=at)
    (offer,) = dispatch.make_offers(wave, result, at)
    standing.note_offered([provider.pk], at)
    return offer
