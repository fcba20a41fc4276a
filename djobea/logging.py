"""Logs: one line an event, with the request's id, and never a whole phone number."""

import logging.config
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# Numbers as people and Twilio write them: after a plus (in an address: %2B) seven digits or more; without one nine to
# fifteen, in one go or in groups. Parts of ids, times and fractions are none.
PHONE_NUMBER: Final = re.compile(
    r"(?P<lead>(?:\+|%2B)\d{3}|(?<![\w.:%-])\d{3})(?P<rest>[ .]?\d(?:[ .]?\d){3,11})(?![\w:-])", re.IGNORECASE
)
FEWEST_DIGITS: Final = 9  # without a plus
# Whoever has the token of an action link may act: it is a secret.
ACTION_LINK: Final = re.compile(r"/go/[^/\s'\"?]+")
UNTOUCHED: Final = frozenset({"timestamp", "request_id", "level", "logger"})

# Four nudges a second would bury what happened.
OF_NUDGES: Final = ("celery.beat", "celery.worker.strategy", "celery.worker.request", "celery.app.trace")

Event = MutableMapping[str, Any]


def mask(text: str) -> str:
    """Hide the middle of each phone number (+237•••••••01) and the token of each action link."""
    return ACTION_LINK.sub("/go/…", PHONE_NUMBER.sub(_masked, text))


def mask_event(_logger: object, _method: str, event: Event) -> Event:
    """Mask every text of a log event (a structlog processor)."""
    for name, value in event.items():
        if name not in UNTOUCHED:
            event[name] = _mask_value(value)
    return event


def drop_healthy_probes(_logger: object, _method: str, event: Event) -> Event:
    """Leave out the load balancer's question of every few seconds, as long as its answer is good."""
    if str(event.get("request", "")).startswith("GET /health/") and event.get("code") in {None, 200}:
        raise structlog.DropEvent
    return event


def configuration(*, level: str, style: str) -> dict[str, Any]:
    """The standard library's logging configuration; `style` is `text` for people or `json` for machines."""
    renderer: Any = structlog.processors.JSONRenderer()
    if style == "text":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structured": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    # A traceback is text before the mask, so that a number in it is hidden too.
                    structlog.processors.format_exc_info,
                    mask_event,
                    renderer,
                ],
                "foreign_pre_chain": [*_shared(), structlog.stdlib.ExtraAdder(), mask_event],
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "structured"}},
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            "django": {"level": level, "propagate": True},
            "django.server": {"level": "WARNING", "handlers": [], "propagate": True},
            "django.request": {"level": "ERROR"},  # the line of django_structlog says the same with the request's id
            "axes": {"level": "WARNING"},
            "twilio.http_client": {"level": "WARNING"},  # it would write every call with its address
            **{name: {"level": "WARNING"} for name in OF_NUDGES},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Set up the standard library and structlog alike (Django's LOGGING_CONFIG)."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            drop_healthy_probes,
            *_shared(),
            structlog.stdlib.PositionalArgumentsFormatter(),
            mask_event,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def _mask_value(value: object) -> object:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: _mask_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(part) for part in value]
    return value


def _masked(found: re.Match[str]) -> str:
    lead, rest = found["lead"], found["rest"]
    if lead.isdigit() and sum(character.isdigit() for character in lead + rest) < FEWEST_DIGITS:
        return found[0]
    return f"{lead}{'•' * (len(rest) - 2)}{rest[-2:]}"
