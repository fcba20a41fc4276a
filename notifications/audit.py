"""Invariants of the queue, proved from the rows. Each check yields one sentence a breach; none is good news."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, F, Q

from . import escalation
from .failure_policy import Action, failure_for
from .models import Attempt, Notification, Outcome, Severity, Status

Check = Callable[[datetime], Iterator[str]]
MOST_ATTEMPTS: Final = 6  # that count, on one channel: the first and five retries
PATIENCE: Final = timedelta(seconds=60)
SHOWN: Final = 20  # rows named a check


def sent_rows_have_an_attempt(_at: datetime) -> Iterator[str]:
    """Whatever was sent has at least one attempt that left."""
    sent = Notification.objects.filter(status__in=[Status.SENT, Status.DELIVERED, Status.READ])
    for pk in sent.filter(attempts__isnull=True).values_list("pk", flat=True)[:SHOWN]:
        yield f"notification {pk} counts as sent, but no attempt of it exists"


def counters_equal_rows(_at: datetime) -> Iterator[str]:
    """`attempt_count` is the number of attempts that left, in flight ones included."""
    left = Count("attempts", filter=~Q(attempts__outcome=Outcome.NOT_SENT))
    wrong = Notification.objects.annotate(left=left).exclude(attempt_count=F("left"))
    for pk, count, rows in wrong.values_list("pk", "attempt_count", "left")[:SHOWN]:
        yield f"notification {pk} counts {count} attempts, but {rows} left"


def attempts_are_bounded(_at: datetime) -> Iterator[str]:
    """A message's own failures never exceed five retries on one channel."""
    own = Attempt.objects.exclude(outcome__in=[Outcome.NOT_SENT]).filter(outcome=Outcome.FAILED)
    many = own.values("notification", "channel").annotate(many=Count("pk")).filter(many__gt=MOST_ATTEMPTS)
    for row in many[:SHOWN]:
        yield f"notification {row['notification']} failed {row['many']} times on {row['channel']}"


def nothing_is_stuck(at: datetime) -> Iterator[str]:
    """No lease, look-up or news is left lying for more than a minute."""
    late = at - PATIENCE
    stuck = (
        ("is leased beyond its lease", Q(status=Status.SENDING, leased_until__lt=late)),
        ("waits for a look-up that is overdue", Q(status=Status.UNCONFIRMED, due_at__lt=late - PATIENCE)),
        ("has news that nobody was told", Q(news_due__lt=late)),
    )
    for words, condition in stuck:
        for pk in Notification.objects.filter(condition).values_list("pk", flat=True)[:SHOWN]:
            yield f"notification {pk} {words}"


def dead_letters_have_their_alert(_at: datetime) -> Iterator[str]:
    """Staff know of every dead letter, but of those that the policy drops as harmless."""
    silent = Notification.objects.filter(status=Status.DEAD, alert__isnull=True)
    for pk, code in silent.values_list("pk", "last_error_code")[:1000]:
        if failure_for(code).action != Action.DROP:
            yield f"notification {pk} is dead ({code}) without an alert"


AUDITS: Final[tuple[Check, ...]] = (
    sent_rows_have_an_attempt,
    counters_equal_rows,
    attempts_are_bounded,
    nothing_is_stuck,
    dead_letters_have_their_alert,
)
FINGERPRINT: Final = "audit:breach"


def report(breaches: list[str], at: datetime) -> None:
    """Raise the alert about breaches, or end it when there are none."""
    if not breaches:
        escalation.resolve(FINGERPRINT, at=at)
        return
    escalation.raise_alert(
        fingerprint=FINGERPRINT,
        title=f"{len(breaches)} invariants are broken",
        cause="\n".join(breaches[:SHOWN]),
        remedy="Run `manage.py audit`, and show its lines to an engineer.",
        severity=Severity.CRITICAL,
        at=at,
    )
