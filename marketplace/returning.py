"""Providers who want offers again: searches that run include them at once, and a hold for silence ends (`silence`).

Whoever lets a provider work (the chat, staff, an approval) calls `providers.standing.note_back`; the worker does the rest.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q

from marketplace import dispatch, match_runs, silence, staff_alerts, sweeps, timeline
from marketplace.models import RequestStatus, ServiceRequest, Wave
from marketplace.wave_policy import LEVELS
from notifications import escalation
from notifications.models import EscalationAlert
from providers import availability, matching, standing
from providers.models import Provider, ProviderStatus, Standing

WORTH_IT: Final = timedelta(minutes=1)  # left of a wave; else the next one asks
MOST: Final = 20  # searches that one returning provider is put into
BATCH: Final = 100


@transaction.atomic
def come_back(provider: Provider, *, at: datetime) -> None:
    """The provider says so in the chat: an absence ends, and a hold that silence has brought, but never a suspension."""
    silence.end_hold(provider.pk)
    availability.set_available(provider.pk)
    standing.note_back(provider.pk, at)


def include_returned(at: datetime) -> int:
    """Put those who came back into the searches that run; returns the offers made."""
    _note_let_go(at)
    back = Standing.objects.filter(back_at__lte=at).order_by("back_at").values_list("pk", flat=True)
    return sweeps.each("include_returned", list(back[:BATCH]), _include, at=at)


@transaction.atomic
def _note_let_go(at: datetime) -> None:
    """Whom staff have set back to active after a hold for silence counts as come back."""
    alerts = EscalationAlert.objects.unresolved().filter(fingerprint__regex=r"^provider:\d+:silent$")
    held = [staff_alerts.silent_provider(alert) for alert in alerts.values_list("fingerprint", flat=True)[:BATCH]]
    working = Provider.objects.filter(pk__in=held, status=ProviderStatus.ACTIVE)
    for provider_id in working.exclude(standing__back_at__lte=at).order_by("pk").values_list("pk", flat=True):
        standing.note_back(provider_id, at)


def _include(provider_id: int, at: datetime) -> int:
    # Requests that another transaction holds are left to it: its next wave finds this provider too.
    silence.end_hold(provider_id)
    provider = Provider.objects.get(pk=provider_id)
    offers = sum(_offer(request, provider, at) for request in _searches_for(provider, at))
    if provider.status == ProviderStatus.ACTIVE:
        standing.note_answered(provider_id)
        escalation.resolve(staff_alerts.silent(provider_id), at=at)
    Standing.objects.filter(pk=provider_id, back_at__lte=at).update(back_at=None)
    return offers


def _searches_for(provider: Provider, at: datetime) -> list[ServiceRequest]:
    """Requests in mid-search, or waiting, that this provider was not asked about, the oldest first."""
    does = Q(service__providers=provider) | Q(service__related__providers=provider)
    open_wave = Wave.objects.filter(closed_at__isnull=True, ends_at__gt=at + WORTH_IT).values("request")
    fitting = (
        ServiceRequest.objects.filter(does, expires_at__gt=at)
        .filter(Q(status=RequestStatus.SEARCHING, pk__in=open_wave) | Q(status=RequestStatus.WAITING))
        .exclude(offers__provider=provider)
        .order_by("pk")
    )
    keys = list(fitting.values_list("pk", flat=True).distinct()[:MOST])
    rows = ServiceRequest.objects.select_for_update(no_key=True, skip_locked=True, of=("self",))
    return list(rows.select_related("customer__contact").filter(pk__in=keys).order_by("pk"))


def _offer(request: ServiceRequest, provider: Provider, at: datetime) -> int:
    level = match_runs.level_reached(request)
    if request.status == RequestStatus.WAITING:
        level = max(level, dispatch.widest(request), key=LEVELS.index)
    if not matching.judge(match_runs.need_of(request), level, at, provider.pk).may_come:
        return 0
    if request.status == RequestStatus.WAITING:
        return dispatch.search_again(request.pk, at=at)
    wave = Wave.objects.filter(request=request, closed_at__isnull=True, ends_at__gt=at + WORTH_IT).first()
    if wave is None:
        return 0
    wave.request = request
    _run, result = match_runs.note_one(request, level, provider, at=at)
    timeline.record(request, "joined_search", f"provider:{provider.pk}", at, level=level)
    return dispatch.send_offers(wave, result, at=at)
