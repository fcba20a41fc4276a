"""Providers who leave offers unanswered: several in a row put them on hold, and staff are told.

The hold ends with an answer to any offer, however late, with the word "disponible", by staff, and by itself after
`wave_policy.HOLD_LASTS`: people overlook messages. Locks: the standing, then the provider.
"""

from datetime import datetime

from django.db import transaction

from marketplace import staff_alerts
from marketplace.wave_policy import HOLD_LASTS, SILENT_TOO_OFTEN
from providers import standing
from providers.models import Provider, ProviderStatus, Standing


@transaction.atomic
def note_unanswered(provider_id: int, *, at: datetime) -> None:
    """An offer ran out without a word; one too many begins a hold."""
    in_a_row = standing.note_unanswered(provider_id)
    if in_a_row < SILENT_TOO_OFTEN:
        return
    held = Provider.objects.filter(pk=provider_id, status=ProviderStatus.ACTIVE)
    if held.update(status=ProviderStatus.ON_HOLD):
        standing.note_back(provider_id, at + HOLD_LASTS)
        staff_alerts.provider_is_silent(provider_id, in_a_row, at=at)


@transaction.atomic
def note_word(provider_id: int, *, at: datetime) -> None:
    """The provider says something, so a hold for silence ends and searches learn of it.

    Call this before the standing's count begins anew: the count is what tells a hold for silence from one by staff.
    """
    if end_hold(provider_id):
        standing.note_back(provider_id, at)


def end_hold(provider_id: int) -> bool:
    """End a hold that silence has brought, never one by staff nor a suspension; whether there was one."""
    too_often = Standing.objects.filter(pk=provider_id, unanswered_in_a_row__gte=SILENT_TOO_OFTEN)
    if too_often.select_for_update(no_key=True).first() is None:
        return False
    held = Provider.objects.filter(pk=provider_id, status=ProviderStatus.ON_HOLD)
    return held.update(status=ProviderStatus.ACTIVE) > 0
