"""Templates of the Content API: what they say, and what the phone shows beside the words."""

import re
from typing import Any, Final

from djobea.simulator.errors import TwilioError
from djobea.simulator.state import Content

PLACEHOLDER: Final = re.compile(r"\{\{\s*([0-9A-Za-z_]+)\s*\}\}")
# The richest part that WhatsApp can show comes first.
ORDER: Final = (
    "twilio/list-picker",
    "twilio/quick-reply",
    "twilio/call-to-action",
    "twilio/card",
    "whatsapp/card",
    "twilio/location",
    "twilio/media",
    "twilio/text",
)
SESSION_ONLY: Final = frozenset({"twilio/list-picker"})
MOST_BUTTONS: Final = 10
MOST_ITEMS: Final = 10
LONGEST_BODY: Final = 1024


def rendered(content: Content, variables: dict[str, str]) -> tuple[str, dict[str, Any]]:
    """The text of a template and what the phone shows beside it; raises 21656 when a variable is missing."""
    values = {str(name): str(value) for name, value in content.variables.items()} | variables
    for name in ORDER:
        if name in content.types:
            part = _filled(content.types[name], values)
            body = str(part.get("body") or part.get("title") or part.get("label") or "")
            return body, {"type": name, **_shown(name, part)}
    return "", {}


def check(types: dict[str, Any]) -> None:
    """Whether WhatsApp could show these parts at all; raises 20422."""
    for name, part in types.items():
        if not isinstance(part, dict):
            raise TwilioError(20422, message=f"Invalid parameter: types.{name}")
        body = part.get("body", "")
        if not isinstance(body, str) or (name == "twilio/text" and not body):
            raise TwilioError(20422, message=f"Invalid parameter: types.{name}.body")
        if name != "twilio/text" and len(body) > LONGEST_BODY:
            raise TwilioError(20422, message=f"types.{name}.body exceeds {LONGEST_BODY} characters")
        _check_choices(name, part)


def _check_choices(name: str, part: dict[str, Any]) -> None:
    limits = {
        "twilio/quick-reply": ("actions", "title", 20, MOST_BUTTONS),
        "twilio/list-picker": ("items", "item", 24, MOST_ITEMS),
    }
    if name not in limits:
        return
    key, label, longest, most = limits[name]
    choices = part.get(key)
    if not isinstance(choices, list) or not 1 <= len(choices) <= most:
        raise TwilioError(20422, message=f"types.{name}.{key} needs 1 to {most} entries")
    for choice in choices:
        title = choice.get(label) if isinstance(choice, dict) else None
        if not isinstance(title, str) or not 1 <= len(title) <= longest:
            raise TwilioError(20422, message=f"types.{name}.{key}: {label} needs 1 to {longest} characters")


def _shown(name: str, part: dict[str, Any]) -> dict[str, Any]:
    if name == "twilio/list-picker":
        return {"button": part.get("button", ""), "items": part.get("items", [])}
    if name == "twilio/location":
        return {key: part.get(key) for key in ("latitude", "longitude", "label", "address")}
    if name == "twilio/media":
        return {"media": part.get("media", [])}
    return {"actions": part.get("actions", [])} if "actions" in part else {}


def _filled(part: Any, values: dict[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _filled(value, values) for key, value in part.items()}
    if isinstance(part, list):
        return [_filled(value, values) for value in part]
    return PLACEHOLDER.sub(lambda found: _value(found[1], values), part) if isinstance(part, str) else part


def _value(name: str, values: dict[str, str]) -> str:
    if name not in values:
        raise TwilioError(21656)
    return values[name]
