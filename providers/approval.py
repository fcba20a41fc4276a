"""Staff let providers work who were waiting for it, one by one or many at once."""

from collections.abc import Iterable

from django.db import transaction

from providers import coverage
from providers.models import Provider, ProviderStatus


@transaction.atomic
def approve(provider_ids: Iterable[int]) -> int:
    """Let these work, their identity being checked; only those that wait for it. Returns how many.

    Each row is saved by itself, so that its history tells who did it. An applicant of the chat is told by the
    marketplace's own duty, which sees the decision.
    """
    waiting = Provider.objects.select_for_update(no_key=True).filter(status=ProviderStatus.PENDING)
    approved = list(waiting.filter(pk__in=list(provider_ids)).order_by("pk"))
    for provider in approved:
        provider.status, provider.is_verified = ProviderStatus.ACTIVE, True
        provider.save(update_fields=["status", "is_verified"])
    coverage.refresh(approved)
    return len(approved)
