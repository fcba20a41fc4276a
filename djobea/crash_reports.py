"""Sentry, where SENTRY_DSN names one: what went wrong in the code, without anybody's number, text or secret."""

from typing import Any, Final

import sentry_sdk
from sentry_sdk.transport import Transport

from .logging import mask

# Whole parts of an event that may hold what people wrote: form fields, variables, the rows of a query.
DROPPED: Final = ("request", "user", "extra", "breadcrumbs", "modules", "server_name")


def start(dsn: str, *, transport: Transport | type[Transport] | None = None) -> bool:
    """Report crashes to `dsn`; False, and nothing at all is done, where it is empty."""
    if not dsn:
        return False
    sentry_sdk.init(
        dsn=dsn,
        transport=transport,
        before_send=scrub,  # type: ignore[arg-type]  # an event is a mapping
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        traces_sample_rate=0.0,
    )
    return True


def scrub(event: dict[str, Any], _hint: dict[str, Any]) -> dict[str, Any]:
    """The event without the parts that may be personal, and with every number in the rest masked."""
    kept: dict[str, Any] = _masked({name: value for name, value in event.items() if name not in DROPPED})
    return kept


def _masked(value: Any) -> Any:
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {name: _masked(part) for name, part in value.items() if name != "vars"}
    if isinstance(value, list | tuple):
        return [_masked(part) for part in value]
    return value
