"""The proof after each fault story: every committed message and every call that left is accounted for."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from django.db.models import Q

from djobea.auditing import audit
from notifications import clock
from notifications.models import Attempt, Notification, Outcome, Status, WaitingFor
from tests.simulator_process import SimulatorProcess

TAKEN: Final = (Status.SENT, Status.DELIVERED, Status.READ)  # Twilio has it; a look-up may tell more than that


def breaches(simulator: SimulatorProcess, *, forgiven: frozenset[str] = frozenset()) -> list[str]:
    """What is not as it should be, one sentence each; `forgiven`: numbers that may have got a message twice."""
    at = clock.now()
    return [
        *audit(at),
        *_unaccounted(at),
        *_calls_without_attempt(simulator),
        *_said_twice(simulator, forgiven),
    ]


def unsettled() -> list[Notification]:
    """Messages that a worker still has something to do for, sooner or later, without anybody's help."""
    own_time = Q(status=Status.QUEUED, waiting_for__in=[WaitingFor.NOTHING, WaitingFor.RETRY])
    return list(Notification.objects.filter(Q(status__in=[Status.SENDING, Status.UNCONFIRMED]) | own_time))


def overdue() -> list[Notification]:
    """Messages that a worker should do something for now."""
    at = clock.now()
    queued = Q(status=Status.QUEUED, waiting_for__in=[WaitingFor.NOTHING, WaitingFor.RETRY], due_at__lte=at)
    return list(
        Notification.objects.filter(
            Q(status=Status.SENDING) | Q(status=Status.UNCONFIRMED, due_at__lte=at) | queued | Q(news_due__lte=at)
        )
    )


def described(rows: Iterable[Notification]) -> list[str]:
    """Rows in a few words, for the text of a failure."""
    return [f"{row.pk} {row.status} due {row.due_at:%H:%M:%S} {row.waiting_for} {row.last_error_code}" for row in rows]


def _unaccounted(at: datetime) -> Iterable[str]:
    """Every committed message is sent, or waits with a reason, or is dead with an alert, or ended visibly."""
    for row in Notification.objects.select_related("alert"):
        if row.status == Status.DEAD and row.alert is None:
            yield f"notification {row.pk} is dead ({row.last_error_code}) without an alert"
        if row.status == Status.QUEUED and not row.waiting_for and row.due_at <= at:
            yield f"notification {row.pk} waits since {row.due_at} without a reason"
        if row.status == Status.UNCONFIRMED and row.due_at < at - timedelta(seconds=5):
            yield f"notification {row.pk} waits for a look-up since {row.due_at}"
        if row.status == Status.SENDING and row.leased_until is not None and row.leased_until < at:
            yield f"notification {row.pk} is leased until {row.leased_until}, but it is {at}"
    if (
        open_calls := Attempt.objects.filter(outcome=Outcome.IN_FLIGHT)
        .exclude(notification__status=Status.SENDING)
        .count()
    ):
        yield f"{open_calls} attempts are in flight for ever"


def _calls_without_attempt(simulator: SimulatorProcess) -> Iterable[str]:
    """Each call that Twilio's stand-in saw has one Attempt of ours; what it created is named by exactly one."""
    created = Counter(attempt_of(message) for message in copies(simulator))
    known = {str(each) for each in Attempt.objects.values_list("public_id", flat=True)}
    for public_id, count in created.items():
        if public_id not in known:
            yield f"a call of attempt {public_id!r} left, but no such attempt was committed"
        if count > 1:
            yield f"{count} calls of attempt {public_id} left"
    seen = Counter(
        call["to"]
        for call in simulator.control("log?kind=api")["log"]
        if call["method"] == "POST" and call["path"].endswith("/Messages.json")
    )
    ours = Counter(Attempt.objects.exclude(outcome=Outcome.NOT_SENT).values_list("receiver", flat=True))
    for receiver, count in seen.items():
        if count > ours[receiver]:
            yield f"{count} calls to {receiver} left, but {ours[receiver]} attempts are known"
    sids = {message["sid"] for message in copies(simulator)}
    for sid in Attempt.objects.filter(provider_sid__startswith="SM").values_list("provider_sid", flat=True):
        if sid not in sids:
            yield f"{sid} stands in an attempt, but Twilio's stand-in knows no such message"


def _said_twice(simulator: SimulatorProcess, forgiven: frozenset[str]) -> Iterable[str]:
    """Nobody got the same message twice, unless the row says that this is possible."""
    owners = {str(a): n for a, n in Attempt.objects.values_list("public_id", "notification")}
    taken = Counter(
        owners.get(attempt_of(m)) for m in copies(simulator) if m["status"] not in ("failed", "undelivered")
    )
    rows = Notification.objects.in_bulk([pk for pk in taken if pk is not None])
    for pk, count in taken.items():
        if pk is None or count < 2:
            continue
        if not rows[pk].possible_duplicate and rows[pk].phone_number not in forgiven:
            yield f"{count} copies of notification {pk} were taken, but it is not flagged"


def copies(simulator: SimulatorProcess) -> list[dict[str, Any]]:
    """All messages that the API created. What it refused is in Twilio's list too, as `failed`, but nothing left."""
    listed = simulator.messages(direction="outbound-api", limit=100_000)
    return [message for message in listed if message["status_callback"] or message["status"] != "failed"]


def attempt_of(message: Mapping[str, Any]) -> str:
    """The id of the attempt that the message's callback address carries."""
    return "".join(parse_qs(urlsplit(message["status_callback"] or "").query).get("attempt", [""]))
