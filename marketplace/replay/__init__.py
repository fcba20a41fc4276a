"""Replay: a conversation that took place, kept without who it was, and played again against today's code."""

from .fixture import Fixture, FixtureError, Line, read, write
from .playing import Difference, play
from .saving import save

__all__ = ["Difference", "Fixture", "FixtureError", "Line", "play", "read", "save", "write"]
