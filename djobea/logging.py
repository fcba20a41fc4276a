"""Logs: one line an event, with the request's id, and never a whole phone number."""

import logging.config
import re
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

# E.164 and national numbers as people write them: eight digits or more in one go, blanks and points between allowed.
PHONE_NUMBER: Final = re.compile(r"(?<![\w.:-])(\+?\d{1,4}[ .]?(?:\d[ .]?){4,9})(\d{2})(?![\w:-])")
UNTOUCHED: Final = frozenset({"timestamp", "request_id", "level", "logger", "event_id"})
SHORTEST_NUMBER: Final = 8

Event = MutableMapping[str, Any]


def mask_phone_numbers(text: str) -> str:
    """Hide all digits of each phone number but the first three and the last two: +237•••••••01."""
    return PHONE_NUMBER.sub(_masked, text)


def mask_event(_logger: object, _method: str, event: Event) -> Event:
    """Mask the numbers in every text of a log event (a structlog processor)."""
    for name, value in event.items():
        if name not in UNTOUCHED:
            event[name] = _mask_value(value)
    return event


def configuration(*, level: str, style: str) -> dict[str, Any]:
    """The standard library's logging configuration; `style` is `text` for people or `json` for machines."""
    renderer: Any = structlog.dev.ConsoleRenderer() if style == "text" else structlog.processors.JSONRenderer()
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
            "django_structlog": {"level": level},
            "axes": {"level": "WARNING"},
        },
    }


def configure(settings: dict[str, Any]) -> None:
    """Set up the standard library and structlog alike (Django's LOGGING_CONFIG)."""
    logging.config.dictConfig(settings)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
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
        return mask_phone_numbers(value)
    if isinstance(value, dict):
        return {key: _mask_value(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_mask_value(part) for part in value]
    return value


def _masked(found: re.Match[str]) -> str:
    number = found.group(0)
    digits = sum(character.isdigit() for character in number)
    if digits < SHORTEST_NUMBER:
        return number
    shown = 4 if number.startswith("+") else 3
    return f"{number[:shown]}{'•' * (len(number) - shown - 2)}{number[-2:]}"
