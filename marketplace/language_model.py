"""The seam for a language model: asked before a conversation's transaction begins, and never relied upon.

`UNDERSTANDING_BACKEND` names a function `(text, schema, timeout) -> answer` by its dotted path; empty (the default)
means that nothing is asked and everything stays on this machine. The function gets the text of one message, with
numbers and addresses masked, and nothing else. Whatever goes wrong, the offline understanding is used alone.
"""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import jsonschema
from django.conf import settings
from django.utils.module_loading import import_string

from marketplace import staff_alerts
from marketplace.understanding.folding import fold
from marketplace.understanding.schema import answer_schema
from marketplace.vocabulary import current_vocabulary
from notifications import clock
from notifications.failures import refuse_in_transaction

logger = logging.getLogger(__name__)

Backend = Callable[[str, Mapping[str, Any], float], Any]
TEXT_LIMIT: Final = 2000  # characters that are sent
FEWEST_WORDS: Final = 2  # a single word is read offline as well as anywhere
FAILURES_TO_OPEN: Final = 3
OPEN_SECONDS: Final = 60.0
NUMBER: Final = re.compile(
    r"(?<!\d)(?!\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}\b)\+?\d(?:[\s.()/-]{0,2}\d){5,}"
)  # six digits and more: phones, accounts, meters
MASKS: Final = (
    (re.compile(r"(?<![\w.+-])[\w.+-]++@[\w-]+\.[\w.-]+"), "[email]"),
    (re.compile(r"\bhttps?://\S+|\bwww\.\S+", re.IGNORECASE), "[link]"),
    (NUMBER, "[number]"),
)


class BackendError(Exception):
    """No usable answer: too slow, unreachable, not what was asked for."""


@dataclass(slots=True)
class Circuit:
    """Opens after three failures in a row; after a minute one call may try. One for each process."""

    failures: int = 0
    opened_at: float = 0.0  # monotonic seconds; counts while `failures` is at the limit
    is_known_good: bool = False  # this process has ended the alert that it, or one before it, may have raised
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def lets_through(self, now: float) -> bool:
        """Whether a call may be made; while the circuit is open, one a minute as a probe."""
        with self._lock:
            if self.failures < FAILURES_TO_OPEN:
                return True
            if now - self.opened_at < OPEN_SECONDS:
                return False
            self.opened_at = now  # the others wait for what this probe brings
            return True

    def note(self, *, worked: bool, now: float) -> bool:
        """Count one outcome; true when it is news for staff: the circuit opened, or the first answer since came."""
        with self._lock:
            was_open = self.failures >= FAILURES_TO_OPEN
            self.failures = 0 if worked else min(self.failures + 1, FAILURES_TO_OPEN)
            is_open = self.failures >= FAILURES_TO_OPEN
            if is_open:
                self.opened_at = now
            is_news = (is_open and not was_open) or (worked and not self.is_known_good)
            self.is_known_good = worked or (self.is_known_good and not is_open)
        if is_open != was_open:
            logger.warning("the language model is %s", "left alone for a minute" if is_open else "asked again")
        return is_news


circuit = Circuit()


def mask(text: str, *, numbers: bool = True) -> str:
    """The text without what names or reaches a person: mail addresses, links, and (unless told otherwise) long numbers."""
    for pattern, name in MASKS:
        if numbers or pattern is not NUMBER:
            text = pattern.sub(name, text)
    return text


def ask(text: str) -> dict[str, Any] | None:
    """What the language model reads in a message; None: it is off, not worth asking, or did not answer well in time.

    Takes at most `UNDERSTANDING_TIMEOUT_SECONDS`. Never raises on a fault of the backend. Raises `RuntimeError` inside
    a transaction, where it would hold locks for as long as it takes.
    """
    if not settings.UNDERSTANDING_BACKEND or len(fold(text).split()) < FEWEST_WORDS:
        return None
    refuse_in_transaction("A call to a language model")
    if not circuit.lets_through(time.monotonic()):
        return None
    try:
        answer = _asked(mask(text[:TEXT_LIMIT]))
    except Exception as error:  # noqa: BLE001  # the backend is somebody else's code: nothing in it may stop a message
        reason = _reason(error)
        logger.warning("the language model gave no usable answer: %s", reason)
        if circuit.note(worked=False, now=time.monotonic()):
            staff_alerts.language_model_silent(reason, at=clock.now())
        return None
    if circuit.note(worked=True, now=time.monotonic()):
        staff_alerts.language_model_answers(at=clock.now())
    return answer


def _asked(text: str) -> dict[str, Any]:
    """One call, checked against the schema."""
    backend: Backend = import_string(settings.UNDERSTANDING_BACKEND)
    schema = answer_schema(current_vocabulary())
    answer = backend(text, schema, settings.UNDERSTANDING_TIMEOUT_SECONDS)
    jsonschema.validate(answer, schema)
    return dict(answer)


def _reason(error: Exception) -> str:
    """What went wrong, without the text: a schema error quotes the answer, which may quote the message."""
    if isinstance(error, jsonschema.ValidationError):
        return f"the answer breaks the schema at {error.json_path}"
    return str(error) if isinstance(error, BackendError) else type(error).__name__
