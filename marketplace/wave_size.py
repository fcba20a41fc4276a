"""How many providers a wave asks: as many as the urgency wants, more where offers are taken, fewer where they come to nothing.

Attention is what a market spends: whoever gets many offers reads fewer of them. Where few offers are taken, asking more
at once would tire people and find somebody farther away; the next waves go on asking (benchmarks/README.md: what it costs).
"""

import math
from datetime import datetime

from django.db.models import Count, Q

from marketplace.models import Offer, OfferStatus, ServiceRequest, Urgency
from marketplace.models.offer import WAS_ACCEPTED
from marketplace.wave_policy import (
    BELIEF,
    KEPT_BACK,
    LAST_OFFERS,
    NARROWEST,
    STEEPNESS,
    USUALLY_TAKEN,
    WAVE_SIZE,
    WIDEST,
)
from notifications import throttling


def usual(request: ServiceRequest) -> int:
    """How many the urgency asks for, in a market that takes offers as ours does lately."""
    return max(1, round(WAVE_SIZE[Urgency(request.urgency)] * stretch()))


def affordable(size: int, at: datetime) -> int:
    """`size`, or fewer when the message budget is nearly spent."""
    left = throttling.budget_left(urgent=True, at=at)
    if left is None or left >= size + KEPT_BACK:
        return size
    return max(1, left - KEPT_BACK)


def stretch() -> float:
    """By what waves are wider than usual (1): between `NARROWEST` and `WIDEST`, by how many of the last offers were taken.

    Offers that are still open, or never reached anybody, say nothing; the belief that offers are taken as usual counts as
    many offers as `BELIEF`, so that a young market is not judged by its first evening.
    """
    told = Offer.objects.exclude(status__in=[OfferStatus.OPEN, OfferStatus.UNREACHABLE])
    last = told.order_by("-pk")[:LAST_OFFERS]
    taken = Q(status__in=WAS_ACCEPTED)
    found = last.aggregate(many=Count("pk"), taken=Count("pk", filter=taken))
    share: float = (found["taken"] + BELIEF * USUALLY_TAKEN) / (found["many"] + BELIEF)
    return min(WIDEST, max(NARROWEST, math.pow(share / USUALLY_TAKEN, STEEPNESS)))
