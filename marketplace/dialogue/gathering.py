"""Put what was heard into the draft."""

import re
from typing import Final

from marketplace.understanding.folding import fold
from providers import geography

from . import asking
from .turn import NOTE_LIMIT, Draft, Step, Turn

STORY_LIMIT: Final = 1500
MAX_MEDIA: Final = 10
CORRECTS: Final = ("non ", "no ", "pas ", "plutot ", "finalement ", "not ", "je voulais dire ", "i mean ", "en fait ")

# Where something lies, folded: "en face de la pharmacie, portail bleu" tells the way, whatever it names.
LANDMARK: Final = re.compile(
    r"\b(en face|derriere|a cote|juste apres|juste avant|pres (?:de|du|des)|non loin|devant (?:le|la|l|les)|"
    r"apres (?:le|la|l)|a l entree|au fond|carrefour|rond point|portail|immeuble|etage|opposite|behind|beside|next to|"
    r"near|in front|for back|for front|junction|gate|landmark|repere)\b"
)


def is_landmark(text: str) -> bool:
    return LANDMARK.search(fold(text)) is not None


def gather(turn: Turn) -> bool:
    """Put what was heard into the draft; false when the message adds nothing to it."""
    heard, draft = turn.heard, turn.draft
    before = draft.to_slots()
    if draft.services and is_landmark(heard.text) and not fold(heard.text).startswith(CORRECTS):
        draft.place_note = draft.place_note or heard.text.strip()[:NOTE_LIMIT]
    else:
        _take_services(turn)
    if heard.zones and asking.zone_of(heard.zones[0]):
        draft.zone = heard.zones[0]
    if heard.has_location and heard.latitude is not None and heard.longitude is not None:
        take_location(draft, heard.latitude, heard.longitude)
    if heard.urgency != "unspecified" and (heard.intent == "request" or not draft.is_empty):
        draft.urgency = heard.urgency
        draft.scheduled_for = heard.scheduled_for.isoformat() if heard.scheduled_for else ""
    draft.media = [*draft.media, *heard.media][:MAX_MEDIA]
    if draft.to_slots() == before:
        return False
    if heard.text.strip() and not heard.choice:
        draft.description = f"{draft.description}\n{heard.text.strip()}".strip()[:STORY_LIMIT]
    return True


def _take_services(turn: Turn) -> None:
    heard, draft = turn.heard, turn.draft
    services = [service.slug for service in asking.offered_services(heard.services)]
    if not services or services == draft.services:
        return
    corrects = turn.step in {Step.CONFIRM, Step.CHANGE, Step.SERVICE} or fold(heard.text).startswith(CORRECTS)
    if not draft.services or corrects:
        draft.services, draft.ordered = services, False
    elif heard.intent == "request":
        draft.services = list(dict.fromkeys([*draft.services, *services]))


def take_location(draft: Draft, latitude: float, longitude: float) -> None:
    zone = geography.nearest_zone(latitude, longitude)
    if zone is None:
        return  # we do not work there: the question for the quarter stays
    draft.latitude, draft.longitude = latitude, longitude
    draft.zone = zone.slug
