"""The talk with one person: what was asked, what the answer means, what is said next."""

from .machine import Step, advance

__all__ = ["Step", "advance"]
