"""Who may see numbers, names and texts of people: everybody's code, except pages shown to somebody without the right.

The console says for each request whether its reader may (`djobea.personal_data`); outside of a request nothing is
hidden, since the worker must write to real numbers.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

RIGHT: Final = "notifications.see_personal_data"
HIDDEN: Final = "•••"
# E.164 as our pages write it: the country and the last two digits stay, so that two rows can be told apart.
NUMBER: Final = re.compile(r"(?<![\w+])(\+|%2B)([1-9][0-9]{2})([0-9]{2,10})([0-9]{2})(?![0-9])")
EMAIL: Final = re.compile(r"[\w.+-]+@([\w-]+(?:\.[\w-]+)+)")

_is_hidden: ContextVar[bool] = ContextVar("personal_data_is_hidden", default=False)


def may_see(user: Any) -> bool:
    """Whether this user may see personal data."""
    return bool(user.has_perm(RIGHT))


@contextmanager
def shown_to(*, hidden: bool) -> Iterator[None]:
    """Hide personal data (or not) from whoever reads what is made inside the block."""
    token = _is_hidden.set(hidden)
    try:
        yield
    finally:
        _is_hidden.reset(token)


def is_hidden() -> bool:
    """Whether the reader of this page may not see personal data."""
    return _is_hidden.get()


def text(words: str) -> str:
    """What a person wrote, or three dots for a reader who may not see it."""
    return HIDDEN if words and is_hidden() else words


def name(words: str) -> str:
    """A person's name, or its initials for a reader who may not see it."""
    if not words or not is_hidden():
        return words
    return " ".join(f"{part[0]}." for part in words.split() if part[0].isalnum()) or HIDDEN


def hide_from(user: Any) -> None:
    """Hide from this caller, who was not known yet when the request came in; ends with the block around it."""
    _is_hidden.set(not may_see(user))


def mask_addresses(words: str) -> str:
    """The text with the middle of each number hidden (+237•••••••01), and whose mailbox it is."""
    words = NUMBER.sub(lambda found: f"{found[1]}{found[2]}{'•' * len(found[3])}{found[4]}", words)
    return EMAIL.sub(lambda found: f"{HIDDEN}@{found[1]}", words)
