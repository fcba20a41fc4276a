"""Every answer that the talk can give, in every language, filled with the facts of a made-up day.

The functions are found by themselves and called with samples by the types of their parameters, so that an answer that
is new is shown without anybody listing it. Nothing is read from or written to the database.
"""

import inspect
import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import ModuleType
from typing import Any, Final, get_type_hints

from django.utils import translation

from marketplace.models import Customer, Job, JobStatus, Offer, Quote, QuoteStatus, RequestStatus, ServiceRequest
from notifications.models import Contact
from providers.models import Provider, Service, Zone

from . import (
    command_replies,
    job_replies,
    joining_replies,
    outage_replies,
    privacy_replies,
    provider_replies,
    quote_replies,
    replies,
)
from .turn import Reply
from .words import LANGUAGES

MODULES: Final = (
    replies,
    command_replies,
    job_replies,
    quote_replies,
    provider_replies,
    joining_replies,
    privacy_replies,
    outage_replies,
)
# Parts of other answers, which say nothing by themselves.
PIECES: Final = frozenset({"fcfa", "as_sms", "with_ways_out", "offer_line"})
MOST_VARIANTS: Final = 6
VISIT: Final = datetime(2026, 11, 25, 7, 30, tzinfo=UTC)

PLUMBING: Final = Service(slug="plomberie", name_fr="Plomberie", name_en="Plumbing")
WIRING: Final = Service(slug="electricite", name_fr="Électricité", name_en="Electrical work")
HOME: Final = Zone(slug="bonamoussadi", name="Bonamoussadi")
AWAY: Final = Zone(slug="akwa", name="Akwa")
JEAN: Final = Provider(name="Jean Mbarga", phone_number="+237677000001")
AWA: Final = Contact(name="Awa Ngono", phone_number="+237699000001")


@dataclass(frozen=True)
class Preview:
    """One answer with one set of facts: what is said in each language, in the order of `LANGUAGES`."""

    name: str
    said: tuple[Reply, ...]


def _request(status: str, visit: datetime | None = None) -> ServiceRequest:
    return ServiceRequest(
        pk=1, customer=Customer(contact=AWA), service=PLUMBING, zone=HOME, status=status, scheduled_for=visit
    )


def _job(status: str) -> Job:
    return Job(pk=1, request=_request(RequestStatus.MATCHED, VISIT), provider=JEAN, status=status)


def _quote(status: str, *, is_extra: bool) -> Quote:
    return Quote(
        pk=1, job=_job(JobStatus.STARTED), amount=25000, description="siphon", status=status, is_extra=is_extra
    )


JOBS: Final = tuple(_job(status) for status in (JobStatus.ASSIGNED, JobStatus.ON_THE_WAY, JobStatus.STARTED))
OFFERS: Final = (
    Offer(pk=1, request=_request(RequestStatus.SEARCHING), provider=JEAN),
    Offer(pk=2, request=ServiceRequest(pk=2, service=WIRING, zone=AWAY), provider=JEAN),
)
# By the parameter's name where the type says too little, else by its type.
BY_NAME: Final[dict[str, Sequence[Any]]] = {
    "name": ("Awa Ngono", ""),
    "urgency": ("emergency", "today", "scheduled", "unspecified"),
    "service": ("plomberie", "electricite", "electromenager"),
    "verb": ("accept", "decline"),
    "stars": (5, 1),
    "wish": ("copy", "erase"),
    "number": ("+237677123456",),
    "known": ("", "+237677123456"),
    "why": ("12",),
    "when": ("demain",),
    "place": ("en face de la pharmacie", ""),
    "advice": ("",),
    "text": ("🔧 Plomberie\n📍 Bonamoussadi",),
    "code": ("123456",),
    "link": ("https://djobea.example/go/AbCdEfGh12345678/",),
}
SPECIAL: Final[dict[str, Sequence[Any]]] = {"city": (Zone(slug="douala", name="Douala", is_whole_city=True),)}
BY_TYPE: Final[dict[Any, Sequence[Any]]] = {
    bool: (True, False),
    Service: (PLUMBING,),
    Zone: (HOME,),
    Zone | None: (HOME, None),
    Sequence[Service]: ((PLUMBING, WIRING),),
    Sequence[Zone]: ((HOME, AWAY),),
    ServiceRequest: (_request(RequestStatus.SEARCHING), _request(RequestStatus.WAITING)),
    Job: JOBS,
    Job | None: (*JOBS, None),
    Sequence[Job]: (JOBS, ()),
    Offer: OFFERS[:1],
    Sequence[Offer]: (OFFERS, OFFERS[:1]),
    Quote: (
        _quote(QuoteStatus.APPROVED, is_extra=False),
        _quote(QuoteStatus.REFUSED, is_extra=True),
    ),
    datetime: (VISIT,),
    datetime | None: (VISIT, None),
    Reply | None: (None,),
}


def previews(module: ModuleType) -> Iterator[Preview]:
    """What the functions of one module say, each with a few sets of facts; what is said twice is shown once."""
    for name, function in _answers(module):
        shown: set[str] = set()
        for facts in itertools.islice(_samples(function), MOST_VARIANTS * 4):
            said = tuple(_said(partial(function, **facts), language) for language in LANGUAGES)
            if said[0].text and said[0].text not in shown and len(shown) < MOST_VARIANTS:
                shown.add(said[0].text)
                yield Preview(name, said)


def _answers(module: ModuleType) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name, function in inspect.getmembers(module, inspect.isfunction):
        if function.__module__ != module.__name__ or name.startswith("_") or name in PIECES:
            continue
        if get_type_hints(function)["return"] in (Reply, str):
            yield name, function


def _samples(function: Callable[..., Any]) -> Iterator[dict[str, Any]]:
    """Raises `KeyError` for a parameter that has no sample."""
    types = {name: kind for name, kind in get_type_hints(function).items() if name != "return"}
    chosen = [SPECIAL.get(name) or BY_TYPE.get(kind) or BY_NAME[name] for name, kind in types.items()]
    for values in itertools.product(*chosen):
        yield dict(zip(types, values, strict=True))


def _said(answer: Callable[[], Any], language: str) -> Reply:
    with translation.override(language):
        said = answer()
    return said if isinstance(said, Reply) else Reply(said)
