"""The words for customers, one function a reply: short, warm, and always with a next step."""

import re
from collections.abc import Sequence
from datetime import datetime
from textwrap import shorten
from typing import Final

from providers.models import Service, Zone

from .turn import Choice, Reply
from .words import day_and_hour, spoken
from .words import gettext as _

SMS_LENGTH: Final = 300  # letters of two parts at single price, and a little room
SHORTEST: Final = 60  # of the text, however many choices there are
PICTURES: Final = re.compile("[\U0001f000-\U0001faff\u2600-\u27bf\u2b50\ufe0f\u20e3]")  # they double the price


def choice(choice_id: str, title: str) -> Choice:
    return {"id": choice_id, "title": title}


def service_choice(service: Service) -> Choice:
    return choice(f"service:{service.slug}", service.name_in(spoken()))


def zone_choice(zone: Zone) -> Choice:
    return choice(f"zone:{zone.slug}", zone.name)


def star_choices(about: str, pk: int) -> tuple[Choice, ...]:
    """One to five stars, upwards: a typed 4 names the fourth choice."""
    return tuple(choice(f"{about}:{pk}:{stars}", "⭐" * stars) for stars in range(1, 6))


def human_choice() -> Choice:
    return choice("menu:human", _("Talk to a person"))


def restart_choice() -> Choice:
    return choice("menu:restart", _("New request"))


def as_sms(reply: Reply, ending: str) -> str:
    """The text, shortened if need be, with its choices as numbers and `ending` whole: two parts of an SMS at most."""
    numbered = ", ".join(f"{number} {offered['title']}" for number, offered in enumerate(reply.choices, 1))
    after = " ".join(filter(None, [numbered, ending]))
    text = f"Djobea: {PICTURES.sub('', reply.text)}"
    return f"{shorten(text, max(SMS_LENGTH - len(after), SHORTEST), placeholder='...')} {after}".strip()


def greeting(name: str) -> Reply:
    hello = _("Hello %(name)s!") % {"name": name} if name else _("Hello!")
    return Reply(
        f"{hello} "
        + _(
            "I am Djobea: I find you a plumber, an electrician, a cleaner and others nearby. "
            "What do you need, and in which quarter?"
        )
    )


def greeting_back(name: str, zone: Zone) -> Reply:
    hello = _("Hello %(name)s!") % {"name": name} if name else _("Hello!")
    return Reply(f"{hello} " + _("Good to see you again. What do you need, in %(zone)s or elsewhere?") % {"zone": zone})


def ask_service(common: Sequence[Service]) -> Reply:
    return Reply(
        _("What do you need? Choose, or tell me the problem in your own words."),
        tuple(service_choice(service) for service in common),
    )


def ask_which_first(services: Sequence[Service]) -> Reply:
    return Reply(
        _("I heard several jobs. Which one first? I keep the others for afterwards."),
        tuple(service_choice(service) for service in services),
    )


def ask_zone(service: Service, known: Zone | None) -> Reply:
    what = service.name_in(spoken())
    if known is None:
        return Reply(
            _("%(service)s, understood. In which quarter? You can also send your location.") % {"service": what}
        )
    return Reply(
        _("%(service)s, understood. Is it in %(zone)s, as last time? Or tell me another quarter.")
        % {"service": what, "zone": known},
        (zone_choice(known),),
    )


def ask_quarter(city: Zone) -> Reply:
    return Reply(
        _("In which quarter of %(city)s? You can also send your location.") % {"city": city},
        (choice(f"zone:{city.slug}", _("Anywhere in %(city)s") % {"city": city}),),
    )


def nearest_names(zones: Sequence[Zone]) -> Reply:
    return Reply(
        _("I do not know this quarter. Is it one of these? Or write a known quarter nearby, or send your location."),
        tuple(zone_choice(zone) for zone in zones),
    )


def zone_unknown() -> Reply:
    return Reply(
        _("I do not know this quarter yet. Write a known quarter nearby (Akwa, Bonamoussadi…) or send your location.")
    )


def out_of_reach() -> Reply:
    return Reply(_("This place is outside the towns where we work. Write the name of a quarter in Douala or Yaoundé."))


def ask_phone(known: str) -> Reply:
    """`known`: the number that was named last time, if any."""
    again = [choice(f"phone:{known}", known)] if known else []
    return Reply(
        _("Your number is hidden. Which number can the professional call?"),
        (*again, choice("phone:skip", _("Without a number"))),
    )


def phone_unreadable(why: str) -> Reply:
    return Reply(
        _("I could not read this number (%(why)s). Write it like 677 12 34 56.") % {"why": why.rstrip(".")},
        (choice("phone:skip", _("Without a number")),),
    )


def summary(service: Service, zone: Zone, when: str, place: str) -> str:
    lines = [f"🔧 {service.name_in(spoken())}", f"📍 {zone}" + (f" ({place})" if place else ""), f"🕑 {when}"]
    return "\n".join(lines)


def when_text(urgency: str, scheduled_for: datetime | None) -> str:
    if scheduled_for is not None:
        return day_and_hour(scheduled_for)
    known = {"emergency": _("urgent, right now"), "today": _("today"), "scheduled": _("on a day to be agreed")}
    return known.get(urgency, _("as soon as possible"))


def confirm(text: str, *, advice: str, asks_landmark: bool) -> Reply:
    parts = [text]
    if advice:
        parts.append(f"⚠️ {advice}")
    if asks_landmark:
        parts.append(_("A landmark helps (crossroads, pharmacy, gate colour): you may write it here."))
    parts.append(_("Is this right? Shall I search?"))
    return Reply(
        "\n\n".join(parts),
        (
            choice("confirm:yes", _("Yes, search")),
            choice("confirm:change", _("Change")),
            choice("confirm:cancel", _("Cancel it")),
        ),
    )


def advice_for(service: str, urgency: str) -> str:
    """What to do until the professional comes, where waiting is dangerous."""
    if urgency != "emergency":
        return ""
    return {
        "plomberie": _("Meanwhile, close the main water valve."),
        "electricite": _("Meanwhile, switch off the main breaker and touch nothing wet."),
        "electromenager": _("If you smell gas, close the bottle, open the windows and light nothing."),
    }.get(service, "")


def ask_change() -> Reply:
    return Reply(
        _("What shall I change? Choose, or simply write the right thing."),
        (
            choice("change:service", _("The service")),
            choice("change:zone", _("The quarter")),
            choice("change:time", _("The time")),
            choice("change:place", _("The landmark")),
        ),
    )


def ask_time() -> Reply:
    return Reply(
        _("When? For example: tomorrow morning, Saturday at 10."),
        (
            choice("time:emergency", _("Right now")),
            choice("time:today", _("Today")),
            choice("time:unspecified", _("No hurry")),
        ),
    )


def time_unclear() -> Reply:
    return Reply(_("I did not get the time. Write for example: tomorrow at 8, or choose."), ask_time().choices)


def ask_landmark() -> Reply:
    return Reply(
        _("Which landmark? For example: opposite the pharmacy, blue gate."), (choice("place:skip", _("No landmark")),)
    )


def searching(service: Service, zone: Zone, *, asks_landmark: bool) -> Reply:
    text = _("I am looking for somebody for %(service)s in %(zone)s. I write to you as soon as someone accepts.") % {
        "service": service.name_in(spoken()),
        "zone": zone,
    }
    if asks_landmark:
        text += "\n" + _("Meanwhile you can send a landmark, a photo or your location.")
    return Reply(text)


def next_service(service: Service) -> str:
    return _("And %(service)s afterwards: write SUIVANT when you want to go on with it.") % {
        "service": service.name_in(spoken())
    }


def service_not_offered() -> Reply:
    return Reply(_("We do not offer this service yet. Write AIDE to see what we do."))


def media_kept() -> str:
    return _("I keep your photo or voice note for the professional; I cannot listen to it myself.")


def ask_resume(service: Service, zone: Zone | None) -> Reply:
    what = {"service": service.name_in(spoken()), "zone": zone}
    text = (
        _("Last time you were about to ask for %(service)s in %(zone)s. Shall we go on with it?")
        if zone
        else _("Last time you were about to ask for %(service)s. Shall we go on with it?")
    )
    return Reply(text % what, (choice("menu:resume", _("Yes, go on")), restart_choice()))


def reminder() -> Reply:
    return Reply(
        _("Your request is not sent yet. Shall we go on?"),
        (choice("menu:go_on", _("Yes, go on")), choice("confirm:cancel", _("Cancel it"))),
    )
