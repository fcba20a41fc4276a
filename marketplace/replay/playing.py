"""Play a saved conversation against today's code and say what differs from what happened."""

import difflib
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, Final

from django.db import connection, transaction

from marketplace import conversations, dispatch, inbox, jobs, service_requests
from marketplace.models import Customer, InboundMessage, InboundStatus, Job, Offer, ServiceRequest
from marketplace.models.job import LIVE_JOB
from marketplace.schedule import duties
from notifications.channels.base import Accepted
from notifications.models import Clock, Contact, Notification
from notifications.queue import claim
from notifications.receipts import Callback, receive
from notifications.settlement import Result, settle, tell_news
from providers import coverage
from providers.models import Availability, Provider, ProviderStatus, Service, Standing, Zone

from .disguise import CLIENT, Disguise
from .fixture import WRITER, Fixture, Line
from .saving import UNDERSTOOD, tell_request
from .world import world_apart

WRITERS_NUMBER: Final = "+237699001000"
WRITERS_HIDDEN_ID: Final = "CM.replay"
CUSTOMERS_NUMBER: Final = "+2376990000{:02d}"
PROVIDERS_NUMBER: Final = "+2376770000{:02d}"
OURS: Final = "whatsapp:+14155238886"
STEP: Final = timedelta(seconds=30)
LONG_STEP: Final = timedelta(minutes=10)
LOOKED_AFTER: Final = timedelta(minutes=2)  # played on after the last event, for what follows from it
SLOTS: Final = 50
MOST_ROUNDS: Final = 20
COMPARED: Final = tuple(name for name in UNDERSTOOD if name != "choice")


@dataclass(frozen=True)
class Difference:
    """One thing that went otherwise: when (seconds since the beginning), what, how it was and how it is now."""

    at: float
    what: str
    was: str
    now: str

    def __str__(self) -> str:
        return f"{self.at:8.1f} s  {self.what}\n    - {self.was}\n    + {self.now}"


def play(fixture: Fixture, *, words: bool = True) -> list[Difference]:
    """Play it in a world apart (see `world`), on its own clock; nothing leaves. Raises what the code under test raises
    outside the inbox's own care, and `KeyError` for zones or trades that are not known here. Without `words`, messages
    are compared by their purpose only, so that a text may be bettered without touching the fixture.
    """
    with world_apart():
        stage = _Stage(fixture)
        stage.run()
        return [*stage.differences, *_compare_sent(fixture, stage, words=words), *_compare_outcome(fixture, stage)]


class _Stage:
    """The world apart with its people, and the clock that moves on."""

    def __init__(self, fixture: Fixture) -> None:
        self.fixture = fixture
        self.began = self.now = fixture.started_at
        self.differences: list[Difference] = []
        self.customers = 0
        self.sids = (f"SMreplay{number:025d}" for number in itertools.count(1))
        self.duties = [duty for duty in duties() if not duty.slow]
        self._at(self.began)
        self.providers = dict(map(self._provider, fixture.providers, itertools.count(1)))
        self.writer = self._writer()

    def run(self) -> None:
        """Everything in the order of time, and a little longer."""
        for event in self.fixture.events:
            self._pass_time(self.began + timedelta(seconds=event["at"]))
            {"message": self._message, "deed": self._deed, "request": self._request}[event["kind"]](event)
            self._work()
        self._pass_time(self.now + LOOKED_AFTER)

    def seconds(self, at: datetime) -> float:
        """Since the beginning."""
        return round((at - self.began).total_seconds(), 1)

    def _at(self, at: datetime) -> None:
        """Set the clock of this world, by which database defaults go too."""
        self.now = at
        real = _real_now()
        Clock.objects.update_or_create(pk=1, defaults={"offset_seconds": (at - real).total_seconds()})

    def _pass_time(self, until: datetime) -> None:
        while self.now < until:
            step = STEP if Offer.objects.filter(status="open").exists() else LONG_STEP
            self._at(min(until, self.now + step))
            self._work()

    def _work(self) -> None:
        """What a worker does at this moment, until nothing is left to do."""
        for duty in self.duties:
            duty.run(self.now)
        for _round in range(MOST_ROUNDS):
            while inbox.process_next(worker="replay", at=self.now):
                pass
            if not self._deliver():
                return

    def _deliver(self) -> int:
        """Take what is due from the queue; every message is said to have arrived, though none leaves."""
        claimed = claim("replay", SLOTS, self.now)
        results = [Result(envelope, claimed.lease, Accepted(next(self.sids))) for envelope in claimed.envelopes]
        settle(results, self.now)
        for result in results:
            if isinstance(result.answer, Accepted) and result.answer.sid:
                receive(Callback(result.answer.sid, "delivered"), at=self.now)
        tell_news(self.now)
        return len(results)

    def _message(self, line: Line) -> None:
        payload = {**line.get("payload", {}), "MessageSid": next(self.sids), "Body": line["text"], "To": OURS}
        number = self.writer.phone_number
        payload["From"] = f"whatsapp:{number or self.writer.whatsapp_id}"
        payload["ProfileName"] = self.writer.name
        inbox.receive(payload, at=self.now)
        self._work()
        message = InboundMessage.objects.order_by("-pk")[0]
        if message.status != InboundStatus.PROCESSED:
            self._differ(f"“{line['text']}”", "answered", message.error or message.status)
        was, now = line.get("understood", {}), message.understood
        for name in COMPARED:
            if name in was and was[name] != now.get(name):
                self._differ(f"“{line['text']}” {name}", was[name], now.get(name))

    def _request(self, line: Line) -> None:
        """A customer of whom nothing else is told."""
        self.customers += 1
        contact = Contact.objects.create(
            phone_number=CUSTOMERS_NUMBER.format(self.customers), name=CLIENT, last_inbound_at=self.now
        )
        service_requests.open_request(
            customer=Customer.objects.create(contact=contact),
            conversation=None,
            service=_by_slug(Service, line["service"]),
            zone=_by_slug(Zone, line["zone"]),
            urgency=line["urgency"],
            at=self.now,
        )

    def _deed(self, line: Line) -> None:
        """What a provider did beside this talk; that it is not possible any more is a difference."""
        provider, what = self.providers[line["who"]], line["what"]
        if what in {"accepted", "declined"}:
            offer = Offer.objects.still_open(self.now).filter(provider=provider).select_related("request").first()
            done = offer is not None and _answer(offer, what, self.now)
        else:
            job = Job.objects.filter(provider=provider, status__in=LIVE_JOB).select_related("request").first()
            done = job is not None and JOB_STEPS[what](job, self.now)
        if not done:
            self._differ(f"{line['who']} {what}", "possible", "not possible")

    def _differ(self, what: str, was: Any, now: Any) -> None:
        self.differences.append(Difference(self.seconds(self.now), what, str(was), str(now)))

    def _writer(self) -> Contact:
        talk = self.fixture.talk
        if talk.get("writer"):
            return Contact.objects.get(phone_number=self.providers[talk["writer"]].phone_number)
        address = {"whatsapp_id": WRITERS_HIDDEN_ID} if talk.get("hides_number") else {"phone_number": WRITERS_NUMBER}
        writer = Contact.objects.create(
            **address, name=CLIENT, language=talk.get("language") or "fr", last_inbound_at=self.now
        )
        if talk.get("is_known"):  # somebody who has talked to us before
            with transaction.atomic():
                conversation, _new = conversations.open_for(writer, at=self.now - timedelta(days=7))
            conversations.close(conversation, at=self.now - timedelta(days=6))
            zone = Zone.objects.filter(slug=talk.get("zone") or "").first()
            Customer.objects.create(contact=writer, zone=zone)
        return writer

    def _provider(self, line: Line, number: int) -> tuple[str, Provider]:
        facts = ("language", "is_verified", "takes_emergencies", "daily_capacity", "radius_km")
        provider = Provider.objects.create(
            name=line["name"],
            phone_number=PROVIDERS_NUMBER.format(number),
            status=ProviderStatus.ACTIVE,
            base_zone=_by_slug(Zone, line["base_zone"]) if line.get("base_zone") else None,
            **{name: line[name] for name in facts if name in line},
        )
        provider.services.set([_by_slug(Service, slug) for slug in line["services"]])
        provider.zones.set([_by_slug(Zone, slug) for slug in line["zones"]])
        for weekday, opens, closes in line.get("hours", ()):
            Availability.objects.create(
                provider=provider, weekday=weekday, opens=time.fromisoformat(opens), closes=time.fromisoformat(closes)
            )
        Standing.objects.update_or_create(provider=provider, defaults=line.get("standing", {}))
        coverage.refresh(provider)
        # He wrote to us lately, so that WhatsApp may reach him.
        Contact.objects.create(
            phone_number=provider.phone_number, name=line["name"], language=provider.language, last_inbound_at=self.now
        )
        return line["name"], provider


JOB_STEPS: Final[Mapping[str, Callable[[Job, datetime], bool]]] = {
    "confirmed": lambda job, at: jobs.confirm(job, at=at),
    "on_the_way": lambda job, at: jobs.set_out(job, at=at),
    "started": lambda job, at: jobs.begin(job, at=at),
    "done": lambda job, at: jobs.finish(job, at=at),
}


def _answer(offer: Offer, what: str, at: datetime) -> bool:
    if what == "accepted":
        return dispatch.accept(offer, at=at) == dispatch.Acceptance.WON
    return dispatch.decline(offer, at=at)


def _by_slug(model: type[Any], slug: str) -> Any:
    row = model.objects.filter(slug=slug).first()
    if row is None:
        raise KeyError(f"{model.__name__} {slug!r} is not known here.")
    return row


def _real_now() -> datetime:
    """The database's time without any offset."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


def _compare_sent(fixture: Fixture, stage: _Stage, *, words: bool) -> Iterator[Difference]:
    """What the writer was told, in its order; times may differ."""
    disguise = Disguise({})
    rows = Notification.objects.filter(contact=stage.writer).order_by("created_at", "pk")
    now = [(row.purpose, disguise.text(row.body), stage.seconds(row.created_at)) for row in rows]
    was = [(line["purpose"], line["text"], line["at"]) for line in fixture.sent if line["to"] == WRITER]
    shown = 2 if words else 1
    pairs = difflib.SequenceMatcher(a=[row[:shown] for row in was], b=[row[:shown] for row in now], autojunk=False)
    for tag, a, b, c, d in pairs.get_opcodes():
        if tag == "equal":
            continue
        for old, new in itertools.zip_longest(was[a:b], now[c:d]):
            at = (old or new)[2] if (old or new) else 0.0
            yield Difference(at, "sent", _said(old), _said(new))


def _said(row: tuple[str, str, float] | None) -> str:
    return f"{row[0]}: {row[1]}" if row else "(nothing)"


def _compare_outcome(fixture: Fixture, stage: _Stage) -> Iterator[Difference]:
    """What became of the requests."""
    names = {provider.pk: name for name, provider in stage.providers.items()}
    requests = ServiceRequest.objects.select_related("service", "zone")
    now: Sequence[Mapping[str, Any]] = [
        tell_request(request, [(names[offer.provider_id], offer) for offer in request.offers.all()])
        for request in requests.order_by("pk")
    ]
    nothing: Mapping[str, Any] = {}
    pairs = itertools.zip_longest(fixture.outcome["requests"], now, fillvalue=nothing)
    for number, (old, new) in enumerate(pairs, start=1):
        for name in sorted({*old, *new}):
            if old.get(name) != new.get(name):
                at = stage.seconds(stage.now)
                yield Difference(at, f"request {number} {name}", str(old.get(name)), str(new.get(name)))
