"""The weights of the score as staff set them: the newest row is in force, and nothing that was in force is lost."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from providers.models import ScoreWeights
from providers.scoring import DEFAULT_WEIGHTS, Weights

PARTS: Final = Weights.names()


def in_force() -> Weights:
    """What counts now; one query."""
    values = ScoreWeights.objects.values_list(*PARTS).first()
    return Weights(*values) if values else DEFAULT_WEIGHTS


def change(weights: Weights, *, by: str, why: str, at: datetime) -> ScoreWeights:
    """Let these weights (0 to 100 each, one above zero) count from `at` on, and keep who wanted it and why.

    The database refuses (`IntegrityError`) what makes no sense.
    """
    return ScoreWeights.objects.create(**asdict(weights), changed_by=by, why=why, created_at=at)
