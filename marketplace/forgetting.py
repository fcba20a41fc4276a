"""Words, places and pictures of people, taken out of rows that stay: what is counted remains, what was said is gone."""

from collections.abc import Sequence
from typing import Final

from django.db.models import F, Func, JSONField, Q, QuerySet, Value

from marketplace.models import (
    ActionLink,
    Event,
    InboundMessage,
    InboundStatus,
    Job,
    MatchRun,
    Quote,
    Rating,
    ServiceRequest,
)

FREE_TEXT: Final = ("reason",)  # facts of an event that people wrote themselves
GONE: Final = "-"  # where a constraint demands a text


def requests_with_words() -> QuerySet[ServiceRequest]:
    """Requests that still hold something of what the customer said."""
    return ServiceRequest.objects.exclude(
        Q(description="", place_note="", call_number="", cancel_reason="", media=[])
        & Q(latitude__isnull=True, longitude__isnull=True)
    )


def empty_requests(keys: Sequence[int]) -> int:
    """Take the customer's words, place, number and pictures out of these requests and all that hangs on them."""
    emptied = ServiceRequest.objects.filter(pk__in=keys).update(
        description="",
        place_note="",
        call_number="",
        cancel_reason="",
        media=[],
        latitude=None,
        longitude=None,
    )
    MatchRun.objects.filter(request__in=keys).update(need={})
    _empty_events(Event.objects.filter(request__in=keys))
    empty_jobs(list(Job.objects.filter(request__in=keys).values_list("pk", flat=True)))
    return emptied


def _empty_events(events: QuerySet[Event]) -> None:
    for fact in FREE_TEXT:
        without = Func(
            F("facts"), Value(fact), template="(%(expressions)s)", arg_joiner=" - ", output_field=JSONField()
        )
        events.filter(facts__has_key=fact).update(facts=without)


def empty_jobs(keys: Sequence[int]) -> int:
    """Take what either side wrote out of these jobs, their quotes and their ratings; amounts and stars stay."""
    Quote.objects.filter(job__in=keys).update(description="")
    Rating.objects.filter(job__in=keys).update(comment="")
    return Job.objects.filter(pk__in=keys).update(end_reason="")


def empty_match_runs(keys: Sequence[int]) -> int:
    """Take the providers' names and the customer's place out of these runs; the level and the counts stay."""
    return MatchRun.objects.filter(pk__in=keys).update(chosen=[], near_misses=[], need={})


def inbound_with_words() -> QuerySet[InboundMessage]:
    """Messages that still hold something of what the person wrote."""
    return InboundMessage.objects.exclude(body="", payload={})


def empty_inbound(keys: Sequence[int]) -> int:
    """Take text and media out of these messages. The MessageSid stays: by it a late redelivery is known."""
    rows = InboundMessage.objects.filter(pk__in=keys)
    for pk, error in rows.filter(status=InboundStatus.FAILED).values_list("pk", "error"):
        # The kind of failure stays: by it an alert finds the messages that it is about.
        InboundMessage.objects.filter(pk=pk).update(error=error.partition(":")[0] + ": " + GONE)
    rows.exclude(status=InboundStatus.FAILED).update(error="")
    return rows.update(body="", payload={}, understood={})


def close_links(purpose: str, objects: Sequence[int]) -> int:
    """Delete the action links of these objects; returns how many."""
    return ActionLink.objects.filter(purpose=purpose, object_id__in=objects).delete()[0]
