"""One timeline of a request: what was said and understood, who was looked at, what left and arrived, how it ended."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace.models import Event, InboundMessage, Job, MatchRun, Offer, ServiceRequest, Urgency
from notifications.admin.story import OUTCOME_TONES, RECEIPT_TONES, purpose_label
from notifications.models import Attempt, Notification, Outcome, Receipt, Status
from providers.matching import Level
from providers.models import Provider

from . import chat

SAID_BEFORE: Final = 6  # messages that led to the request
SAID_SINCE: Final = 40
MESSAGES: Final = 200  # that left about one request
KINDS: Final = (
    ("said", gettext_lazy("What was said"), "forum"),
    ("search", gettext_lazy("Searches"), "manage_search"),
    ("event", gettext_lazy("Events"), "flag"),
    ("sent", gettext_lazy("Messages and receipts"), "send"),
)
TONES: Final = {
    Status.DEAD: "bad",
    Status.EXPIRED: "wait",
    Status.CANCELLED: "quiet",
    Status.DELIVERED: "good",
    Status.READ: "good",
}
EVENTS: Final = {
    "opened": gettext_lazy("Request opened"),
    "details_added": gettext_lazy("Details added"),
    "wave_sent": gettext_lazy("Offers sent"),
    "wave_ended": gettext_lazy("Wave of offers ended"),
    "nobody_found": gettext_lazy("Nobody found"),
    "searching_again": gettext_lazy("Searching again"),
    "widened": gettext_lazy("Search widened"),
    "assigned_by_hand": gettext_lazy("Assigned by hand"),
    "accepted": gettext_lazy("Offer accepted"),
    "declined": gettext_lazy("Offer declined"),
    "offer_not_delivered": gettext_lazy("Offer not delivered"),
    "handed_over": gettext_lazy("Both sides know each other"),
    "confirmed": gettext_lazy("Confirmed"),
    "on_the_way": gettext_lazy("On the way"),
    "started": gettext_lazy("Work started"),
    "done": gettext_lazy("Work done"),
    "cancelled": gettext_lazy("Cancelled"),
    "no_show": gettext_lazy("Did not come"),
    "rated": gettext_lazy("Rated"),
    "outage_told": gettext_lazy("Told by SMS that WhatsApp is out of order"),
    "quote_proposed": gettext_lazy("Quote sent to the customer"),
    "quote_approved": gettext_lazy("Quote approved"),
    "quote_refused": gettext_lazy("Quote refused"),
    "expired": gettext_lazy("Search ended without success"),
}
EVENT_TONES: Final = {
    **dict.fromkeys(["accepted", "handed_over", "done", "rated", "quote_approved", "assigned_by_hand"], "good"),
    **dict.fromkeys(["opened", "wave_sent", "on_the_way", "started", "searching_again", "widened"], "busy"),
    **dict.fromkeys(["nobody_found", "expired", "no_show", "offer_not_delivered"], "bad"),
}
FACTS: Final = {
    "number": gettext_lazy("wave"),
    "level": gettext_lazy("level"),
    "offers": gettext_lazy("offers"),
    "usual": gettext_lazy("planned"),
    "withheld": gettext_lazy("withheld because the message budget is nearly spent:"),
    "reason": gettext_lazy("reason"),
    "stars": gettext_lazy("stars"),
    "code": gettext_lazy("error"),
    "urgency": gettext_lazy("urgency"),
    "amount": gettext_lazy("FCFA"),
}

RECEIPTS: Final = {  # Twilio's words
    "queued": gettext_lazy("queued"),
    "sent": gettext_lazy("sent"),
    "delivered": gettext_lazy("delivered"),
    "read": gettext_lazy("read"),
    "undelivered": gettext_lazy("undelivered"),
    "failed": gettext_lazy("failed"),
}
VALUES: Final[Mapping[str, Any]] = {"level": dict(Level.choices), "urgency": dict(Urgency.choices)}


@dataclass(frozen=True)
class Step:
    """A call that left, or a callback, below the message it belongs to."""

    at: datetime
    what: Any
    tone: str


@dataclass(frozen=True)
class Entry:
    """One line. `is_private`: `what` was written by a person."""

    at: datetime
    kind: str
    what: Any
    who: str = ""
    detail: str = ""
    tone: str = "quiet"
    link: str = ""
    steps: tuple[Step, ...] = ()
    is_private: bool = False


def tell(
    request: ServiceRequest, offers: Sequence[Offer], runs: Iterable[MatchRun], jobs: Iterable[Job]
) -> list[Entry]:
    """Every line, in the order of time: seven queries, whatever happened. Offers bring providers, jobs quotes."""
    events = list(request.events.order_by("pk"))
    names = _with_names({offer.provider_id: str(offer.provider) for offer in offers}, events)
    entries = [
        *_said(request),
        *(_of_run(run) for run in runs),
        *(_of_event(event, names) for event in events),
        *_sent(request, offers, jobs, names),
    ]
    return sorted(entries, key=lambda entry: entry.at)


def _said(request: ServiceRequest) -> list[Entry]:
    """What the customer wrote around this request, with what the machine made of it."""
    if request.conversation_id is None:
        return []
    talk = InboundMessage.objects.filter(conversation=request.conversation_id)
    before = talk.filter(received_at__lte=request.created_at).order_by("-pk")[:SAID_BEFORE]
    since = talk.filter(received_at__gt=request.created_at).order_by("pk")[:SAID_SINCE]
    rows = [*before, *since]
    names = chat.names_in(row.understood for row in rows)
    return [
        Entry(
            row.received_at,
            "said",
            row.body or f"[{row.message_type}]",
            _("customer"),
            chat.understood_in_words(row.understood, names),
            link=reverse("admin:marketplace_inboundmessage_change", args=[row.pk]),
            is_private=True,
        )
        for row in rows
    ]


def _of_run(run: MatchRun) -> Entry:
    found, near = len(run.chosen), len(run.near_misses)
    return Entry(
        run.ran_at,
        "search",
        _("Looked for providers: %(level)s") % {"level": dict(Level.choices).get(run.level, run.level)},
        _("system"),
        _("%(found)d chosen, %(near)d came near") % {"found": found, "near": near},
        "good" if found else "bad",
        link=f"#run-{run.pk}",
    )


def _of_event(event: Event, names: Mapping[int, str]) -> Entry:
    facts = " · ".join(
        f"{FACTS[name]} {VALUES.get(name, {}).get(value, value)}"
        for name, value in event.facts.items()
        if name in FACTS and value not in ("", None)
    )
    return Entry(
        event.happened_at,
        "event",
        EVENTS.get(event.name, event.name),
        actor_in_words(event.actor, names),
        facts,
        EVENT_TONES.get(event.name, "quiet"),
    )


def actor_in_words(actor: str, names: Mapping[int, str]) -> str:
    """ "provider:7" as the provider's name, "staff:awa" as a person of the team."""
    kind, _colon, who = actor.partition(":")
    if kind == "provider" and who.isdecimal():
        return names.get(int(who), actor)
    if kind == "staff":
        return _("%(name)s (staff)") % {"name": who}
    return {"customer": _("customer"), "system": _("system")}.get(actor, actor)


def _with_names(known: dict[int, str], events: Iterable[Event]) -> dict[int, str]:
    """The names of providers whom events tell of, too: asked for only where an offer does not bring them."""
    ids = {int(found[1]) for event in events if (found := re.fullmatch(r"provider:(\d{1,18})", event.actor))}
    unknown = ids - known.keys()
    return known | ({row.pk: str(row) for row in Provider.objects.filter(pk__in=unknown)} if unknown else {})


def _sent(
    request: ServiceRequest, offers: Iterable[Offer], jobs: Iterable[Job], names: Mapping[int, str]
) -> list[Entry]:
    """The messages about this request, each with its calls and callbacks."""
    whom = {f"offer:{offer.pk}": names[offer.provider_id] for offer in offers}
    whom |= {f"request:{request.pk}": _("customer")}
    for job in jobs:
        whom |= {f"job:{job.pk}:customer": _("customer")}
        whom |= {f"job:{job.pk}:provider": names.get(job.provider_id, ""), f"job:{job.pk}": ""}
        whom |= {f"quote:{quote.pk}": _("customer") for quote in job.quotes.all()}
    rows = list(Notification.objects.filter(~Q(purpose="staff_alert"), reference__in=whom).order_by("-pk")[:MESSAGES])
    attempts: dict[int, list[Attempt]] = {}
    for attempt in Attempt.objects.filter(notification__in=rows).order_by("pk"):
        attempts.setdefault(attempt.notification_id, []).append(attempt)
    receipts: dict[str, list[Receipt]] = {}
    sids = [attempt.provider_sid for of_one in attempts.values() for attempt in of_one if attempt.provider_sid]
    for receipt in Receipt.objects.filter(provider_sid__in=sids).order_by("pk"):
        receipts.setdefault(receipt.provider_sid, []).append(receipt)
    return [_of_message(row, whom[row.reference], attempts.get(row.pk, []), receipts) for row in rows]


def _of_message(
    row: Notification, whom: str, attempts: Iterable[Attempt], receipts: Mapping[str, list[Receipt]]
) -> Entry:
    steps = []
    for attempt in attempts:
        said = f"{attempt.channel} · {attempt.get_outcome_display()}"
        tone = OUTCOME_TONES[Outcome(attempt.outcome)]
        steps.append(Step(attempt.started_at, f"{said} {attempt.error_code}".strip(), tone))
        steps += [
            Step(
                receipt.received_at,
                RECEIPTS.get(receipt.status, receipt.status),
                RECEIPT_TONES.get(receipt.status, "quiet"),
            )
            for receipt in receipts.get(attempt.provider_sid or "", [])
        ]
    return Entry(
        row.created_at,
        "sent",
        purpose_label(row.purpose),
        whom,
        str(row.get_status_display()),
        TONES.get(Status(row.status), "busy"),
        reverse("admin:notifications_notification_change", args=[row.pk]),
        tuple(sorted(steps, key=lambda step: step.at)),
    )
