"""What an urgency promises the customer, and how near a request is to breaking it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import Case, DateTimeField, ExpressionWrapper, F, QuerySet, Value, When

from marketplace.models import ServiceRequest, Urgency

# Of the request. Waves are shorter than that, so that several have had their chance (`wave_policy.WAVE_LASTS`).
FOUND_WITHIN: Final[Mapping[str, timedelta]] = {
    Urgency.EMERGENCY: timedelta(minutes=15),
    Urgency.TODAY: timedelta(minutes=30),
    Urgency.SCHEDULED: timedelta(minutes=75),
    Urgency.UNSPECIFIED: timedelta(minutes=75),
}
# At work within this time after the job was assigned; a visit on a day counts from the hour that was wanted.
AT_WORK_WITHIN: Final[Mapping[str, timedelta]] = {
    Urgency.EMERGENCY: timedelta(hours=1),
    Urgency.TODAY: timedelta(hours=8),
    Urgency.SCHEDULED: timedelta(hours=24),
    Urgency.UNSPECIFIED: timedelta(hours=24),
}
LATE_FOR_A_VISIT: Final = timedelta(minutes=30)
NEAR: Final = 0.6  # of the time promised: from here on somebody should look


class Keeping(StrEnum):
    """How a promise stands."""

    KEPT = "kept"
    NEAR = "near"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Promise:
    """A time that was promised, and since when the customer waits for it."""

    since: datetime
    due_at: datetime

    def keeping(self, at: datetime) -> Keeping:
        """How it stands at `at`."""
        if at >= self.due_at:
            return Keeping.BROKEN
        share = (at - self.since) / (self.due_at - self.since)
        return Keeping.NEAR if share >= NEAR else Keeping.KEPT


def of_search(request: ServiceRequest) -> Promise:
    """Somebody is found in time; counts from the first search, however often it began anew."""
    since = request.searching_since or request.created_at
    return Promise(since, since + FOUND_WITHIN[request.urgency])


def of_visit(request: ServiceRequest, assigned_at: datetime) -> Promise:
    """Somebody is at work in time: half an hour after the hour that was wanted, else as the urgency says."""
    wanted = request.scheduled_for
    if wanted is not None and wanted + LATE_FOR_A_VISIT > assigned_at:
        return Promise(assigned_at, wanted + LATE_FOR_A_VISIT)
    return Promise(assigned_at, assigned_at + AT_WORK_WITHIN[request.urgency])


def soonest_first(requests: QuerySet[ServiceRequest]) -> QuerySet[Any]:
    """Searching and waiting requests, the promise that breaks first in front (`found_due_at`)."""
    allowed = Case(*(When(urgency=urgency, then=Value(time)) for urgency, time in FOUND_WITHIN.items()))
    due = ExpressionWrapper(F("searching_since") + allowed, output_field=DateTimeField())
    return requests.annotate(found_due_at=due).order_by("found_due_at", "pk")
