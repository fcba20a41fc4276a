"""From the fields that Twilio brought to what the person said."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.utils import timezone

from marketplace.models import InboundMessage
from marketplace.understanding import Context, understand
from marketplace.understanding.schema import with_answer
from marketplace.vocabulary import current_vocabulary

from .choosing import choose, number_in
from .turn import Choice, Heard

SURE_ENOUGH: Final = 0.3  # below it a service or zone is a guess that would annoy
SURE_OF_LANGUAGE: Final = 0.6
NORTH_POLE, DATE_LINE = 90, 180  # degrees
MAX_MEDIA: Final = 10
TEXT_LIMIT: Final = 2000  # characters that are read; the whole text stays on the message


def hear(
    message: InboundMessage,
    *,
    offered: Sequence[Choice],
    state: str,
    language: str,
    at: datetime,
    reading: Mapping[str, Any] | None = None,
) -> Heard:
    """Read a message in the light of the choices `offered` last and of what was asked (`state`, as in `Context`).

    `reading` is what a language model made of the text before this transaction began, if one is in use.
    """
    payload = message.payload
    tap = str(payload.get("ButtonPayload") or payload.get("ListId") or "")[:200]
    text = message.body[:TEXT_LIMIT]
    here = timezone.localtime(at)  # "demain 9h" is nine o'clock where people live
    known = understand(text, Context(vocabulary=current_vocabulary(), state=state, language=language, at=here))
    if reading is not None and not tap:
        known = with_answer(known, reading, state=state)
    latitude, longitude = location_in(payload)
    return Heard(
        text=text,
        choice=tap or choose(text, offered),
        intent=known.intent.value,
        services=tuple(found.value for found in known.services if found.confidence >= SURE_ENOUGH),
        zones=tuple(found.value for found in known.zones if found.confidence >= SURE_ENOUGH),
        urgency=known.urgency.value,
        scheduled_for=known.schedule.starts_at if known.schedule else None,
        until=known.schedule.ends_at if known.schedule else None,
        language=known.language.value,
        language_is_sure=known.language.confidence >= SURE_OF_LANGUAGE,
        wanted_language=known.wanted_language,
        number=known.choice if known.choice is not None else number_in(text),
        stars=known.rating,
        latitude=latitude,
        longitude=longitude,
        media=media_in(message),
    )


def location_in(payload: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees of a shared location, or two times None."""
    try:
        latitude, longitude = float(payload["Latitude"]), float(payload["Longitude"])
    except (KeyError, TypeError, ValueError):
        return None, None
    if not (abs(latitude) <= NORTH_POLE and abs(longitude) <= DATE_LINE):
        return None, None
    return latitude, longitude


def media_in(message: InboundMessage) -> tuple[dict[str, str], ...]:
    """References of photos and voice notes; the files stay with Twilio until somebody needs them."""
    payload = message.payload
    try:
        count = min(int(payload.get("NumMedia") or 0), MAX_MEDIA)
    except (TypeError, ValueError):
        count = 0
    found = (
        (str(payload.get(f"MediaUrl{n}") or ""), str(payload.get(f"MediaContentType{n}") or "")) for n in range(count)
    )
    return tuple(
        {"url": url, "content_type": content_type[:100], "message_sid": message.message_sid}
        for url, content_type in found
        if url
    )


def as_facts(heard: Heard) -> dict[str, Any]:
    """What is kept on the message, for the admin's chat page and for teaching words."""
    return {
        "intent": heard.intent,
        "choice": heard.choice,
        "services": list(heard.services),
        "zones": list(heard.zones),
        "urgency": heard.urgency,
        "scheduled_for": heard.scheduled_for.isoformat() if heard.scheduled_for else None,
        "language": heard.language,
    }
