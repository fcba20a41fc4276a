"""The board: every request that needs somebody, by stage, coloured by how near its promise is to breaking."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import Prefetch, Q, QuerySet
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from marketplace import promises
from marketplace.models import Job, JobStatus, RequestStatus, ServiceRequest, Urgency
from marketplace.models.job import LIVE_JOB
from marketplace.promises import Keeping, Promise

SHOWN: Final = 40  # cards a column
ENDED_SHOWN: Final = 12
TONES: Final = {Keeping.KEPT: "good", Keeping.NEAR: "wait", Keeping.BROKEN: "bad"}
NOT_YET_THERE: Final = (JobStatus.ASSIGNED, JobStatus.CONFIRMED, JobStatus.ON_THE_WAY)


@dataclass(frozen=True)
class Card:
    """One request as the board shows it. `promise` is empty for what has ended."""

    row: ServiceRequest
    job: Job | None
    promise: Promise | None
    tone: str
    at: datetime

    @property
    def waited(self) -> str:
        """Since when the customer waits, in one unit."""
        return timesince(self.promise.since, self.at, depth=1) if self.promise else ""

    @property
    def margin(self) -> str:
        """What is left of the time that was promised, or how late it is."""
        if self.promise is None:
            return ""
        if self.at >= self.promise.due_at:
            return _("%(time)s late") % {"time": timesince(self.promise.due_at, self.at, depth=1)}
        return _("%(time)s left") % {"time": timeuntil(self.promise.due_at, self.at, depth=1)}


@dataclass(frozen=True)
class Column:
    """One stage. `has_more`: there are more than are shown."""

    name: str
    title: Any
    cards: Sequence[Card]
    link: str
    has_more: bool = False

    @property
    def count(self) -> str:
        return f"{len(self.cards)}{'+' if self.has_more else ''}"

    @property
    def late(self) -> int:
        """How many promises are broken."""
        return sum(card.tone == "bad" for card in self.cards)


def columns(at: datetime, urgency: str = "") -> list[Column]:
    """All stages, in the order of a request's life: a query or two each, whatever the table holds.

    `urgency` narrows to one of `Urgency`; anything else shows all.
    """
    rows = with_jobs(ServiceRequest.objects.select_related("service", "zone", "customer__contact"))
    if urgency in Urgency.values:
        rows = rows.filter(urgency=urgency)
    of_matched = rows.filter(status=RequestStatus.MATCHED)
    return [
        _column("waiting", gettext_lazy("Nobody found yet"), _searching(rows, RequestStatus.WAITING), at, "waiting"),
        _column(
            "searching", gettext_lazy("Asking providers"), _searching(rows, RequestStatus.SEARCHING), at, "searching"
        ),
        _column("matched", gettext_lazy("Somebody comes"), _with_job(of_matched, NOT_YET_THERE), at, "matched"),
        _column(
            "working",
            gettext_lazy("At work"),
            _with_job(of_matched, [JobStatus.STARTED]),
            at,
            "matched",
        ),
        _ended("done", gettext_lazy("Done"), [_newest(rows, RequestStatus.DONE)], at),
        _ended(
            "lost",
            gettext_lazy("Ended without help"),
            [_newest(rows, RequestStatus.EXPIRED), _newest(rows, RequestStatus.CANCELLED)],
            at,
        ),
    ]


def _searching(rows: QuerySet[ServiceRequest], status: str) -> Iterable[ServiceRequest]:
    return promises.soonest_first(rows.filter(status=status))[: SHOWN + 1]


def _with_job(rows: QuerySet[ServiceRequest], statuses: Iterable[str]) -> Iterable[ServiceRequest]:
    # Jobs are few while they live, so the oldest first is the one whose customer waits longest.
    return rows.filter(Q(jobs__status__in=statuses)).order_by("jobs__assigned_at", "pk")[: SHOWN + 1]


def _newest(rows: QuerySet[ServiceRequest], status: str) -> QuerySet[ServiceRequest]:
    return rows.filter(status=status).order_by("-pk")[:ENDED_SHOWN]


def _column(name: str, title: Any, rows: Iterable[ServiceRequest], at: datetime, status: str) -> Column:
    cards = [_card(row, at) for row in rows]
    return Column(name, title, cards[:SHOWN], f"?status__exact={status}", len(cards) > SHOWN)


def _ended(name: str, title: Any, parts: Sequence[Iterable[ServiceRequest]], at: datetime) -> Column:
    rows = sorted((row for part in parts for row in part), key=lambda row: -row.pk)
    cards = [Card(row, job_of(row), None, _end_tone(row), at) for row in rows[:ENDED_SHOWN]]
    status = RequestStatus.DONE if name == "done" else RequestStatus.EXPIRED
    return Column(name, title, cards, f"?status__exact={status}", len(rows) >= ENDED_SHOWN)


def _end_tone(row: ServiceRequest) -> str:
    return "wait" if row.status == RequestStatus.EXPIRED else "quiet"


def _card(row: ServiceRequest, at: datetime) -> Card:
    promise = promise_of(row, job_of(row))
    return Card(row, job_of(row), promise, TONES[promise.keeping(at)] if promise else "quiet", at)


def promise_of(row: ServiceRequest, job: Job | None) -> Promise | None:
    """What the customer was promised at this stage; nothing once somebody is at work or the request has ended."""
    if row.status in (RequestStatus.SEARCHING, RequestStatus.WAITING):
        return promises.of_search(row)
    if row.status == RequestStatus.MATCHED and job is not None and job.status in NOT_YET_THERE:
        return promises.of_visit(row, job.assigned_at)
    return None


def with_jobs(rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """The same rows, which bring their jobs along for `job_of`: one more query for all of them."""
    return rows.prefetch_related(
        Prefetch("jobs", Job.objects.select_related("provider").order_by("-pk"), to_attr="newest_jobs")
    )


def job_of(row: ServiceRequest) -> Job | None:
    """The live job, else the newest, of a row that came `with_jobs`."""
    jobs: list[Job] = row.newest_jobs  # type: ignore[attr-defined]  # of the prefetch
    return next((job for job in jobs if job.status in LIVE_JOB), jobs[0] if jobs else None)
