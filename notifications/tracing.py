"""One id from the webhook that brought a message to the delivery of all that it set off, in every log line between.

In the logs it is `request_id`. A row keeps it as `trace`, and whoever goes on with the row binds it again, in whatever
process. It says nothing about a person.
"""

import uuid
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from structlog import contextvars

LONGEST: Final = 64  # characters; ours are UUIDs, but django-structlog may be told to take those of a proxy


def current() -> str:
    """The id under which this thread logs now; empty: none."""
    return str(contextvars.get_contextvars().get("request_id", ""))[:LONGEST]


def begin() -> str:
    """The id to store with something new: the current one, or a fresh one where no request is behind it."""
    return current() or str(uuid.uuid4())


def bound(trace: str) -> AbstractContextManager[None]:
    """Log under this id inside the block, and under the former one after it; an empty id changes nothing."""
    return contextvars.bound_contextvars(request_id=trace) if trace else nullcontext()
