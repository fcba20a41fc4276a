"""Who can do what, where and when, and what is known of them."""

from .checks import Doubt, NumberCheck, NumberToCheck, ScoreWeights
from .network import (
    E164,
    EPOCH,
    USUAL_REPLY,
    Availability,
    City,
    Coverage,
    Provider,
    ProviderQuerySet,
    ProviderStatus,
    Rank,
    Service,
    Standing,
    Zone,
)

__all__ = [
    "E164",
    "EPOCH",
    "USUAL_REPLY",
    "Availability",
    "City",
    "Coverage",
    "Doubt",
    "NumberCheck",
    "NumberToCheck",
    "Provider",
    "ProviderQuerySet",
    "ProviderStatus",
    "Rank",
    "ScoreWeights",
    "Service",
    "Standing",
    "Zone",
]
