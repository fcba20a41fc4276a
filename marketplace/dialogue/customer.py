"""The customer's side: put a request together, confirm it, start the search."""

from collections.abc import Callable
from typing import Any, Final

from django.db import transaction

from marketplace import degraded, jobs, service_requests
from marketplace.models import Customer, RequestStatus, ServiceRequest
from marketplace.understanding.folding import fold
from providers.phone_numbers import UnreadableNumber, normalise

from . import asking, command_replies, job_replies, outage_replies, quoting, replies, reports, resting, running
from .gathering import CORRECTS, gather, is_landmark
from .turn import NOTE_LIMIT, NOTHING_TO_ADD, Draft, Reply, Step, Turn

# What a second service of the same message needs of the first: it is in the same place.
PLACE: Final = ("zone", "place_note", "latitude", "longitude", "call_number", "phone_asked")
PATIENCE: Final = 3  # misunderstandings in a row before a person is offered


def answer(turn: Turn) -> Reply:
    """Answer whatever a customer may say."""
    for attempt in (running.answer_tap, quoting.answer, _answer_stale_tap, reports.answer, _answer_step):
        reply = attempt(turn)
        if reply is not None:
            turn.understood()
            return reply
    return not_understood(turn)


def _answer_step(turn: Turn) -> Reply | None:
    handler = HANDLERS.get(turn.step)
    if handler is not None and (reply := handler(turn)) is not None:
        return reply
    return _from_the_start(turn)


def _answer_stale_tap(turn: Turn) -> Reply | None:
    """A button of an older question: take it as a wish where it still makes sense."""
    choice = turn.heard.choice
    if not choice or any(choice == offered["id"] for offered in turn.choices):
        return None
    name, _colon, value = choice.partition(":")
    if name == "zone" and turn.draft.services and asking.zone_of(value):
        return _take_zone(turn, value)
    if name == "service" and asking.offered_services([value]):
        return _take_service(turn, value)
    if turn.draft.is_empty:
        return None
    return asking.next_question(turn)


def _from_the_start(turn: Turn) -> Reply | None:
    """Nothing in particular was asked, or the answer was about something else."""
    if turn.draft.is_empty:
        for attempt in (running.take_number, running.answer_rating, _add_to_running):
            if reply := attempt(turn):
                return reply
    if gather(turn):
        return _asked_twice(turn) or _introduce(turn, asking.next_question(turn))
    small_talk = SMALL_TALK.get(turn.heard.intent)
    return small_talk(turn) if small_talk else None


def _add_to_running(turn: Turn) -> Reply | None:
    heard = turn.heard
    is_wish = heard.intent in {"greeting", "thanks"} or (heard.intent == "request" and heard.zones)
    is_answer = turn.step == Step.PLACE and not heard.services and not is_wish
    names_place = is_answer or is_landmark(heard.text)
    if not names_place and (heard.services or heard.zones):
        return None
    return running.add_to_running(turn, note=heard.text if names_place and not heard.choice else "")


def _thank(turn: Turn) -> Reply:  # noqa: ARG001  one shape for all
    return command_replies.thanks()


def _greet(turn: Turn) -> Reply:
    if not turn.draft.is_empty:
        return asking.next_question(turn)
    if open_request := running.say_what_is_open(turn):
        return turn.ask(Step.MENU, open_request)
    resting.drop_unknown(turn)
    if turn.slots.get("resting"):
        return turn.ask(Step.MENU, replies.ask_resume(*resting.told(turn)))
    first_name = turn.contact.name.split()[0] if turn.contact.name.split() else ""
    zone = asking.known_zone(turn)
    return replies.greeting_back(first_name, zone) if zone else replies.greeting(first_name)


def _introduce(turn: Turn, question: Reply) -> Reply:
    """Tell what became of a photo or voice note before the next question."""
    if not turn.heard.media:
        return question
    return Reply(f"{replies.media_kept()}\n\n{question.text}", question.choices)


def _asked_twice(turn: Turn) -> Reply | None:
    """The same job in the same place runs already: tell of it instead of searching twice."""
    running_request = service_requests.current_for(turn.contact)
    if running_request is None or turn.draft.replaces or turn.slots.get("one_more"):
        return None
    same_service = turn.draft.services[:1] in ([], [running_request.service.slug])
    same_place = turn.draft.zone in {"", running_request.zone.slug}
    if not (same_service and same_place):
        return None
    turn.slots["postponed"] = turn.draft.to_slots()
    turn.draft = Draft()
    return turn.ask(Step.MENU, job_replies.already_running(running_request, jobs.live_job_for(running_request)))


def _answer_service(turn: Turn) -> Reply | None:
    name, _colon, slug = turn.heard.choice.partition(":")
    return _take_service(turn, slug) if name == "service" else None


def _take_service(turn: Turn, slug: str) -> Reply | None:
    if not asking.offered_services([slug]):
        return None
    turn.draft.services = [slug, *(other for other in turn.draft.services if other != slug and turn.step == Step.ORDER)]
    turn.draft.ordered = True
    return asking.next_question(turn)


def _answer_zone(turn: Turn) -> Reply | None:
    name, _colon, slug = turn.heard.choice.partition(":")
    if name == "zone":
        return _take_zone(turn, slug)
    heard = turn.heard
    if heard.has_location:
        gather(turn)
        return asking.next_question(turn) if turn.draft.zone else turn.ask(Step.ZONE, replies.out_of_reach())
    if heard.zones or heard.services or heard.number is not None or heard.intent in {"greeting", "thanks", "request"}:
        return None
    near = asking.nearest_names(heard.text)
    if not near:
        return None
    turn.draft.place_note = turn.draft.place_note or heard.text.strip()[:NOTE_LIMIT]
    return turn.ask(Step.ZONE, replies.nearest_names(near))


def _take_zone(turn: Turn, slug: str) -> Reply | None:
    zone = asking.zone_of(slug)
    if zone is None:
        return None
    turn.slots["city_is_enough"] = zone.is_whole_city
    turn.draft.zone = slug
    return asking.next_question(turn)


def _answer_phone(turn: Turn) -> Reply | None:
    name, _colon, known = turn.heard.choice.partition(":")
    if turn.heard.choice == "phone:skip":
        turn.draft.phone_asked = True
        return asking.next_question(turn)
    try:
        number = normalise(known if name == "phone" else turn.heard.text)
    except UnreadableNumber as problem:
        if turn.missed() >= PATIENCE:
            turn.draft.phone_asked = True
            return asking.next_question(turn)
        return turn.ask(Step.PHONE, replies.phone_unreadable(str(problem)))
    turn.draft.phone_asked = True
    turn.draft.call_number = number.e164
    return asking.next_question(turn)


def _answer_confirm(turn: Turn) -> Reply | None:
    choice, heard = turn.heard.choice, turn.heard
    if choice:
        return {"confirm:yes": _start_search, "confirm:change": _ask_change}.get(choice, _no_answer)(turn)
    if is_landmark(heard.text) and not fold(heard.text).startswith(CORRECTS):
        return _take_landmark(turn)
    if gather(turn):  # "oui, mais à Akwa": what is new is read before the yes
        return _introduce(turn, asking.next_question(turn))
    if heard.intent in {"accept", "decline"}:
        return _start_search(turn) if heard.intent == "accept" else _ask_change(turn)
    if heard.text.strip() and heard.intent in {"other", "request"} and heard.number is None:
        return _take_landmark(turn)
    return None


def _ask_change(turn: Turn) -> Reply:
    return turn.ask(Step.CHANGE, replies.ask_change())


def _no_answer(turn: Turn) -> None:
    """The choice belongs to another question."""


def _start_search(turn: Turn) -> Reply | None:
    draft = turn.draft
    services, zone = asking.offered_services(draft.services), asking.zone_of(draft.zone)
    if not services or zone is None:
        return asking.next_question(turn)
    customer, _made = Customer.objects.get_or_create(contact=turn.contact)
    customer.zone = zone
    customer.save(update_fields=["zone"])
    with transaction.atomic():
        _cancel_replaced(turn)
        request = service_requests.open_request(
            customer=customer,
            conversation=turn.conversation,
            service=services[0],
            zone=zone,
            urgency=draft.urgency,
            description=draft.description,
            place_note=draft.place_note[:NOTE_LIMIT],
            call_number=draft.call_number,
            latitude=draft.latitude,
            longitude=draft.longitude,
            scheduled_for=asking.visit_time(draft),
            media=tuple(draft.media),
            at=turn.at,
        )
    place = {name: getattr(draft, name) for name in PLACE}
    return _tell_search(turn, request, [service.slug for service in services[1:]], place)


def _cancel_replaced(turn: Turn) -> None:
    if turn.draft.replaces is None:
        return
    old = ServiceRequest.objects.filter(pk=turn.draft.replaces, customer__contact=turn.contact).first()
    if old is not None:
        service_requests.cancel(old, reason="changed by the customer", by="customer", at=turn.at)


def _tell_search(turn: Turn, request: ServiceRequest, later: list[str], place: dict[str, Any]) -> Reply:
    is_waiting = request.status == RequestStatus.WAITING
    asks_landmark = not is_waiting and not request.place_note and request.latitude is None
    reply = replies.searching(request.service, request.zone, asks_landmark=asks_landmark)
    if degraded.outage(turn.at):
        reply = Reply(f"{reply.text}\n{outage_replies.takes_longer()}")
    turn.rest()
    for name in ("one_more", "postponed", "city_is_enough", "resting"):
        turn.slots.pop(name, None)
    if later:
        turn.slots["later"] = later
        turn.slots["later_place"] = place
        next_one = asking.offered_services(later)[0]
        reply = Reply(f"{reply.text}\n\n{replies.next_service(next_one)}")
    if is_waiting:
        return NOTHING_TO_ADD  # nobody to ask: the notice has said so
    return turn.ask(Step.PLACE if asks_landmark else Step.START, reply)


def _answer_change(turn: Turn) -> Reply | None:
    choice = turn.heard.choice
    if choice == "change:service":
        turn.draft.services, turn.draft.ordered = [], False
        return turn.ask(Step.SERVICE, replies.ask_service(asking.common_services()))
    if choice == "change:zone":
        turn.draft.zone, turn.draft.latitude, turn.draft.longitude = "", None, None
        return asking.next_question(turn)
    if choice == "change:time":
        return turn.ask(Step.TIME, replies.ask_time())
    if choice == "change:place":
        return turn.ask(Step.PLACE, replies.ask_landmark())
    return None


def _answer_time(turn: Turn) -> Reply | None:
    name, _colon, urgency = turn.heard.choice.partition(":")
    if name == "time":
        turn.draft.urgency, turn.draft.scheduled_for = urgency, ""
        return asking.next_question(turn)
    if gather(turn):
        return asking.next_question(turn)
    if turn.missed() >= PATIENCE:
        return None
    return turn.ask(Step.TIME, replies.time_unclear())


def _answer_place(turn: Turn) -> Reply | None:
    if turn.draft.is_empty:
        return running.take_number(turn) or _add_to_running(turn)
    if turn.heard.choice == "place:skip":
        turn.draft.place_note = ""
        return asking.next_question(turn)
    if turn.heard.text.strip() and not turn.heard.choice:
        return _take_landmark(turn)
    return None


def _take_landmark(turn: Turn) -> Reply:
    turn.draft.place_note = turn.heard.text.strip()[:NOTE_LIMIT]
    return asking.next_question(turn)


def not_understood(turn: Turn) -> Reply:
    """Say so, repeat the open question; after three times in a row offer a person."""
    if turn.missed() >= PATIENCE:
        turn.understood()
        return turn.ask(Step.MENU if turn.draft.is_empty else turn.step, command_replies.offer_human())
    if not turn.draft.is_empty:
        return command_replies.not_understood(asking.next_question(turn))
    if open_request := running.say_what_is_open(turn):
        return command_replies.not_understood(turn.ask(Step.MENU, open_request))
    return turn.ask(Step.MENU, command_replies.not_understood(None))


SMALL_TALK: Final[dict[str, Callable[[Turn], Reply]]] = {
    "greeting": _greet,
    "thanks": _thank,
    "request": asking.next_question,
}
HANDLERS: Final[dict[str, Callable[[Turn], Reply | None]]] = {
    Step.SERVICE: _answer_service,
    Step.ORDER: _answer_service,
    Step.ZONE: _answer_zone,
    Step.PHONE: _answer_phone,
    Step.CONFIRM: _answer_confirm,
    Step.CHANGE: _answer_change,
    Step.TIME: _answer_time,
    Step.PLACE: _answer_place,
    Step.CANCEL: running.answer_cancel,
}
