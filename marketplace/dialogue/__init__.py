"""The talk with one person: what was asked, what the answer means, what is said next."""

from .machine import advance
from .turn import Step

__all__ = ["Step", "advance"]
