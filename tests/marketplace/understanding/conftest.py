"""The shipped vocabulary, and a short way to read a message with it."""

from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from marketplace.understanding import Context, Understanding, understand
from marketplace.understanding.shipped import shipped_vocabulary

Reading = Callable[..., Understanding]
TUESDAY = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Africa/Douala"))


@pytest.fixture
def read() -> Reading:
    """Understand a text as of Tuesday 24 November 2026, 10:30 in Douala."""

    def reading(text: str, state: str = "", language: str = "fr") -> Understanding:
        return understand(text, Context(shipped_vocabulary(), state, language, TUESDAY))

    return reading
