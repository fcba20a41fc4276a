"""The next question: one at a time, and only for what is missing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from rapidfuzz import fuzz, process

from marketplace.models import Customer, ServiceRequest, VocabularyEntry
from marketplace.understanding.folding import fold, sound
from providers.models import Service, Zone

from . import replies
from .turn import Draft, Reply, Step, Turn

# What most people ask for; the list that is shown when somebody does not know what to say.
COMMON_SERVICES: Final = (
    "plomberie",
    "electricite",
    "menage",
    "climatisation",
    "electromenager",
    "serrurerie",
    "menuiserie",
    "maconnerie",
    "peinture",
    "informatique",
)
NEAR_ENOUGH: Final = 60  # of 100
NAMES_SHOWN: Final = 4
LONGEST_NAME: Final = 60  # characters; a longer text is a story, not the name of a quarter


def offered_services(slugs: Iterable[str]) -> list[Service]:
    """The services of these slugs that we offer, in the order of the slugs."""
    wanted = list(dict.fromkeys(slugs))
    found = {service.slug: service for service in Service.objects.filter(slug__in=wanted, is_active=True)}
    return [found[slug] for slug in wanted if slug in found]


def common_services() -> list[Service]:
    return offered_services(COMMON_SERVICES) or list(Service.objects.filter(is_active=True)[: len(COMMON_SERVICES)])


def zone_of(slug: str) -> Zone | None:
    return Zone.objects.select_related("city").filter(slug=slug).first() if slug else None


def known_zone(turn: Turn) -> Zone | None:
    """The zone of this person's last request."""
    customer = Customer.objects.select_related("zone").filter(contact=turn.contact).first()
    return customer.zone if customer else None


def next_question(turn: Turn) -> Reply:
    """Ask for the first thing that is missing; when nothing is, ask whether all is right."""
    draft = turn.draft
    _forget_past_visit(turn)
    services = offered_services(draft.services)
    if not services:
        return turn.ask(Step.SERVICE, replies.ask_service(common_services()))
    if len(services) > 1 and not draft.ordered:
        return turn.ask(Step.ORDER, replies.ask_which_first(services[:10]))
    zone = zone_of(draft.zone)
    if zone is None:
        return turn.ask(Step.ZONE, replies.ask_zone(services[0], known_zone(turn)))
    if zone.is_whole_city and not draft.has_location and not turn.slots.get("city_is_enough"):
        return turn.ask(Step.ZONE, replies.ask_quarter(zone))
    if not turn.contact.phone_number and not draft.phone_asked:
        return turn.ask(Step.PHONE, replies.ask_phone(_named_before(turn)))
    return turn.ask(Step.CONFIRM, _confirmation(draft, services[0], zone))


def _named_before(turn: Turn) -> str:
    """The number to call of this person's last request, whose own is hidden."""
    named = ServiceRequest.objects.filter(customer__contact=turn.contact).exclude(call_number="").order_by("-pk")
    return named.values_list("call_number", flat=True).first() or ""


def _forget_past_visit(turn: Turn) -> None:
    """The hour of a draft that lay about for long may be over."""
    visit = visit_time(turn.draft)
    if visit is not None and visit <= turn.at:
        turn.draft.scheduled_for, turn.draft.urgency = "", "unspecified"


def _confirmation(draft: Draft, service: Service, zone: Zone) -> Reply:
    text = replies.summary(service, zone, replies.when_text(draft.urgency, visit_time(draft)), draft.place_note)
    return replies.confirm(
        text,
        advice=replies.advice_for(service.slug, draft.urgency),
        asks_landmark=not draft.place_note and not draft.has_location,
    )


def visit_time(draft: Draft) -> datetime | None:
    return datetime.fromisoformat(draft.scheduled_for) if draft.scheduled_for else None


def nearest_names(text: str) -> list[Zone]:
    """The zones whose names look or sound most like `text`, best first; empty: none comes near."""
    said = fold(text)
    if not said or len(text) > LONGEST_NAME:
        return []
    aliases = VocabularyEntry.objects.in_use().filter(kind=VocabularyEntry.Kind.ZONE_ALIAS)
    names = [(fold(name), pk) for pk, name in Zone.objects.values_list("pk", "name")]
    names += [(folded, pk) for folded, pk in aliases.values_list("folded", "zone_id") if pk is not None]
    looks = process.extract(said, [name for name, _pk in names], scorer=fuzz.WRatio, limit=12, score_cutoff=NEAR_ENOUGH)
    sounds = process.extract(
        sound(said), [sound(name) for name, _pk in names], scorer=fuzz.ratio, limit=12, score_cutoff=NEAR_ENOUGH
    )
    best: dict[int, float] = {}
    for _name, score, index in (*looks, *sounds):
        pk = names[index][1]
        best[pk] = max(best.get(pk, 0), score)
    nearest = sorted(best, key=lambda pk: -best[pk])[:NAMES_SHOWN]
    zones = Zone.objects.in_bulk(nearest)
    return [zones[pk] for pk in nearest if pk in zones]
