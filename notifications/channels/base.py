"""What goes into a channel and what comes out: plain values, no database."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Envelope:
    """One message, ready to leave; everything that sending needs, so that it needs no database.

    `receiver` is written as the channel wants it; `callback_url` carries the attempt's id, so that any receipt
    proves creation even when the answer was lost (Twilio has no idempotency key).
    """

    notification_id: int
    attempt_id: int
    channel: str
    sender: str
    receiver: str
    body: str
    subject: str = ""
    content_sid: str = ""
    content_variables: dict[str, str] = field(default_factory=dict)
    callback_url: str = ""
    valid_seconds: int | None = None
    signing_keys: tuple[str, ...] = field(default=(), repr=False)  # of a webhook
    trace: str = ""  # the id in the logs


@dataclass(frozen=True)
class Accepted:
    """The channel took the message and gave it this id (None where the channel gives none)."""

    sid: str | None
    request_id: str = ""


@dataclass(frozen=True)
class Refused:
    """The channel surely did not take it; the policy table says what the code means."""

    code: str
    message: str
    http_status: int | None = None
    request_id: str = ""
    retry_after: float | None = None  # seconds


@dataclass(frozen=True)
class Unknown:
    """Perhaps it was taken, perhaps not."""

    code: str
    message: str
    http_status: int | None = None
    request_id: str = ""


@dataclass(frozen=True)
class NotSent:
    """The call never left this machine (the lease was too old, or the worker stops)."""

    message: str


Answer = Accepted | Refused | Unknown | NotSent
Sender = Callable[[Envelope], Answer]
