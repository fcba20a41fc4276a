"""One leased message, from the claim to its answer. Needs no database, so threads may run it side by side."""

import logging
import time
from dataclasses import dataclass
from typing import Final

from django.conf import settings

from . import tracing
from .channels import SENDERS, Envelope, NotSent, Unknown
from .channels.base import Accepted, Answer, Refused
from .settlement import Result

logger = logging.getLogger(__name__)
MARGIN: Final = 5.0  # seconds between the latest answer and the end of the lease


@dataclass(frozen=True)
class Deadline:
    """The lease by this machine's own monotonic clock, noted when the claim began (seconds)."""

    claimed_at: float

    @classmethod
    def begin(cls) -> "Deadline":
        """Start counting now."""
        return cls(time.monotonic())

    def has_room(self) -> bool:
        """Whether a call that takes its full timeout would still be answered within the lease."""
        age = time.monotonic() - self.claimed_at
        return age + settings.TWILIO_TIMEOUT_SECONDS + MARGIN < settings.NOTIFICATION_LEASE_SECONDS


def deliver(envelope: Envelope, lease: str, deadline: Deadline) -> Result:
    """Call the channel, if the lease still has room for it; never raises."""
    with tracing.bound(envelope.trace):
        result = _deliver(envelope, lease, deadline)
        facts = envelope.attempt_id, envelope.notification_id, envelope.channel, _in_short(result.answer)
        logger.info("attempt %d of notification %d on %s: %s", *facts)
    return result


def _deliver(envelope: Envelope, lease: str, deadline: Deadline) -> Result:
    if not deadline.has_room():
        return Result(envelope, lease, NotSent("The lease was too old."))
    begun = time.monotonic()
    try:
        answer = SENDERS[envelope.channel](envelope)
    except Exception:
        logger.exception("sending attempt %d failed in an unforeseen way", envelope.attempt_id)
        answer = Unknown("internal", "An unforeseen fault; see the log.")
    return Result(envelope, lease, answer, int((time.monotonic() - begun) * 1000))


def _in_short(answer: Answer) -> str:
    """The answer in the words of the log: what it is, and the id or code that Twilio's console knows it by."""
    word = type(answer).__name__
    if isinstance(answer, Accepted):
        return f"{word} {answer.sid}"
    return f"{word} {answer.code}" if isinstance(answer, Refused | Unknown) else word
