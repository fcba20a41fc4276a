"""Invariants of the queue, proved from the rows.

What is cheap by an index is looked at in whole; what would read every message is looked at within `Look`.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Count, Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from . import chains
from .audit_scope import Check, Look
from .failure_policy import Action, table
from .models import (
    Account,
    AlertState,
    Attempt,
    ChainLink,
    ChainStatus,
    Channel,
    Notification,
    Outcome,
    Receipt,
    StaffActionLine,
    StaffDeed,
    Status,
)
from .models.notification import UNCOUNTED
from .receipts import TRIED_FOR
from .throttling import DAY

PATIENCE: Final = timedelta(seconds=60)
LATELY: Final = timedelta(minutes=15)  # messages of any age that were tried within this time are looked at
SHOWN: Final = 100  # rows named a check
NEWEST: Final = 5000  # attempts of an account whose day is counted
WENT: Final = (Status.SENT, Status.DELIVERED, Status.READ)
LEFT: Final = ~Q(outcome=Outcome.NOT_SENT)
# Failures that are not the message's own cost it none of its retries.
FREE: Final = (Action.SLOW_DOWN, Action.WAIT_FOR_SLOT, Action.PAUSE)
SENDS_AGAIN: Final = (StaffDeed.RETRY, StaffDeed.EDIT, StaffDeed.MOVE)
Found = Iterator[tuple[int, str]]


def _in_turn(look: Look) -> Any:
    """The messages of this run: those whose turn it is, and those that were tried a moment ago."""
    tried: list[int] = []
    if not look.is_full:
        lately = Attempt.objects.filter(
            channel__in=Channel.objects.values("name"), started_at__gt=look.at - LATELY
        ).order_by("-started_at")
        tried = list(lately.values_list("notification", flat=True)[:NEWEST])
    return look.within(Notification.objects.order_by(), also=tried)


def sent_rows_have_an_attempt(look: Look) -> Found:
    """Whatever was sent has at least one attempt that left."""
    left = Attempt.objects.filter(LEFT, notification=OuterRef("pk"))
    for pk in _in_turn(look).filter(status__in=WENT).exclude(Exists(left)).values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Message %(row)d counts as sent, but no attempt of it left.") % {"row": pk}


def counters_equal_rows(look: Look) -> Found:
    """`attempt_count` is the number of attempts that left, in flight ones included."""
    left = Attempt.objects.filter(LEFT, notification=OuterRef("pk")).order_by().values("notification")
    # A subquery, not a join: grouping would read every attempt before it drops the messages whose turn it is not.
    counted = _in_turn(look).annotate(left=Coalesce(Subquery(left.annotate(many=Count("pk")).values("many")), 0))
    for pk, count, rows in counted.exclude(attempt_count=F("left")).values_list("pk", "attempt_count", "left")[:SHOWN]:
        facts = {"row": pk, "count": count, "left": rows}
        yield pk, _("Message %(row)d counts %(count)d attempts, but %(left)d left.") % facts


def attempts_are_bounded(look: Look) -> Found:
    """A message's own failures on one channel never exceed its first try and its retries (5).

    The faults of the channel or the account are not counted, and whenever staff send it again, it has all tries anew.
    """
    free = [failure.code for failure in table().values() if failure.action in FREE]
    own = Attempt.objects.filter(outcome__in=[Outcome.REFUSED, Outcome.UNKNOWN, Outcome.FAILED])
    suspects = _in_turn(look).filter(attempt_count__gt=F("max_retries") + 1)
    own = own.exclude(error_code__in=free).filter(notification__in=suspects.values("pk"))
    many = own.values("notification", "channel", tries=F("notification__max_retries") + 1).annotate(many=Count("pk"))
    for row in many.filter(many__gt=F("tries")).order_by("notification")[:SHOWN]:
        pk = row["notification"]
        by_staff = StaffActionLine.objects.filter(notification=pk, action__deed__in=SENDS_AGAIN).count()
        if row["many"] > row["tries"] * (1 + by_staff):
            facts = {"row": pk, "many": row["many"], "channel": row["channel"]}
            yield pk, _("Message %(row)d failed %(many)d times on %(channel)s.") % facts


def _those(condition: Q, sentence: Any) -> Found:
    for pk in Notification.objects.filter(condition).order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, sentence % {"row": pk}


def leases_end(look: Look) -> Found:
    """Nobody keeps a message longer than its lease."""
    late = Q(status=Status.SENDING, leased_until__lt=look.at - PATIENCE)
    yield from _those(late, _("Message %(row)d is leased beyond its lease."))


def lookups_happen(look: Look) -> Found:
    """Messages of unknown outcome are looked up when it is time."""
    late = Q(status=Status.UNCONFIRMED, due_at__lt=look.at - 2 * PATIENCE)
    yield from _those(late, _("Message %(row)d has an unknown outcome, and its look-up is overdue."))


def news_is_told(look: Look) -> Found:
    """Whoever waits to hear what became of a message hears it within a minute."""
    late = Q(news_due__isnull=False, news_due__lt=look.at - PATIENCE)
    yield from _those(late, _("Message %(row)d has news that nobody was told."))


def useless_messages_end(look: Look) -> Found:
    """What is no longer useful does not wait any more."""
    late = Q(status__in=[Status.QUEUED, Status.UNCONFIRMED], expires_at__lt=look.at - 2 * PATIENCE)
    yield from _those(late, _("Message %(row)d is no longer useful, but still waits."))


def dead_letters_have_their_alert(_look: Look) -> Found:
    """Staff know of every dead letter, but of those that the policy drops as harmless."""
    harmless = [failure.code for failure in table().values() if failure.action == Action.DROP]
    silent = Notification.objects.filter(status=Status.DEAD, alert__isnull=True).exclude(last_error_code__in=harmless)
    for pk, code in silent.order_by("-pk").values_list("pk", "last_error_code")[:SHOWN]:
        yield pk, _("Message %(row)d is dead (%(code)s), and no alert tells of it.") % {"row": pk, "code": code}


# Attempt number n and the one `limit` before it lie within one day: then `limit` + 1 left in that day.
OVERRUN: Final = """
    SELECT id FROM (
        SELECT id, started_at, lag(started_at, %(limit)s) OVER (ORDER BY started_at, id) AS before
        FROM (SELECT id, started_at FROM notifications_attempt
              WHERE account_id = %(account)s AND NOT outcome = ANY(%(uncounted)s) AND started_at > %(since)s
              ORDER BY started_at DESC, id DESC LIMIT %(newest)s) AS newest
    ) AS counted
    WHERE started_at > %(judged_since)s AND started_at - before < %(day)s
    ORDER BY started_at DESC LIMIT %(shown)s
"""


def budgets_are_kept(look: Look) -> Found:
    """In no rolling 24 hours that ended within the last 24 did an account send more than its limit of today.

    A limit that staff or Twilio lower is overrun by what had left before, which is no fault: only what left since the
    limit was known is judged by it.
    """
    for account in Account.objects.filter(daily_limit__isnull=False).order_by("pk"):
        limit = account.daily_limit or 0
        facts: dict[str, Any] = {
            "limit": limit,
            "account": account.pk,
            "uncounted": [str(outcome) for outcome in UNCOUNTED],
            "day": DAY,
            "judged_since": max(look.at - DAY, account.limit_since or look.at - DAY),
            "since": look.at - 2 * DAY,
            "newest": NEWEST + limit,
            "shown": SHOWN,
        }
        with connection.cursor() as cursor:
            cursor.execute(OVERRUN, facts)
            attempts = [pk for (pk,) in cursor.fetchall()]
        for pk in attempts:
            yield (
                pk,
                _("Attempt %(row)d left although account %(account)s had used its %(limit)d messages of 24 hours.")
                % {"row": pk, "account": account, "limit": limit},
            )


def sids_are_unique(look: Look) -> Found:
    """One message at Twilio belongs to one attempt."""
    same = Attempt.objects.filter(provider_sid=OuterRef("provider_sid")).order_by().values("provider_sid")
    mine = look.within(Attempt.objects.filter(provider_sid__isnull=False).order_by())
    # Counted row by row through the index: PostgreSQL would answer an EXISTS here by reading the whole table.
    counted = mine.annotate(many=Subquery(same.annotate(many=Count("pk")).values("many")))
    for pk in counted.filter(many__gt=1).values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Attempt %(row)d has a SID that another attempt has too.") % {"row": pk}


def messages_carry_their_own_sid(look: Look) -> Found:
    """The SID of a message is that of one of its attempts."""
    own = Attempt.objects.filter(notification=OuterRef("pk"), provider_sid=OuterRef("provider_sid"))
    strangers = _in_turn(look).filter(provider_sid__isnull=False).exclude(Exists(own))
    for pk in strangers.values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Message %(row)d has a SID that none of its attempts has.") % {"row": pk}


def known_receipts_are_applied(look: Look) -> Found:
    """A callback whose message we know does not wait, unless it failed: then it is tried for a day, with its own alert."""
    known = Attempt.objects.filter(provider_sid=OuterRef("provider_sid"))
    late = Receipt.objects.filter(applied_at__isnull=True, received_at__lt=look.at - 2 * PATIENCE)
    late = late.exclude(failures__gt=0, received_at__gt=look.at - TRIED_FOR)
    for pk in late.filter(Exists(known)).order_by("pk").values_list("pk", flat=True)[:SHOWN]:
        yield pk, _("Receipt %(row)d waits, although its message is known.") % {"row": pk}


def steps_are_taken(look: Look) -> Found:
    """Each step of an open alert's chain is taken when it is time, and what was told did leave."""
    late = ChainLink.objects.filter(
        status=ChainStatus.PLANNED, due_at__lt=look.at - 2 * PATIENCE, alert__state=AlertState.OPEN
    ).select_related("alert")
    for step in late.order_by("due_at")[:SHOWN]:
        if not chains.quiet_until(step.alert, look.at):
            yield step.pk, _("Step %(row)d of alert %(alert)d is overdue.") % {"row": step.pk, "alert": step.alert_id}
    told = ChainLink.objects.filter(status=ChainStatus.TOLD, alert__state=AlertState.OPEN)
    alive = [status for status in Status.values if status not in (Status.DEAD, Status.CANCELLED, Status.EXPIRED)]
    reached = ChainLink.objects.filter(pk=OuterRef("pk"), messages__status__in=alive)
    for pk, alert in told.exclude(Exists(reached)).order_by("pk").values_list("pk", "alert")[:SHOWN]:
        yield pk, _("Step %(row)d of alert %(alert)d reached nobody.") % {"row": pk, "alert": alert}


AUDITS: Final = (
    Check("sent-has-attempt", gettext_lazy("A message counts as sent without an attempt"), sent_rows_have_an_attempt),
    Check("attempt-count", gettext_lazy("A message miscounts its attempts"), counters_equal_rows),
    Check("attempts-bounded", gettext_lazy("A message was tried too often"), attempts_are_bounded),
    Check("lease", gettext_lazy("A message is stuck in sending"), leases_end),
    Check("look-up", gettext_lazy("An unknown outcome is not looked up"), lookups_happen),
    Check("news", gettext_lazy("The news of a message is not told"), news_is_told),
    Check("expiry", gettext_lazy("A useless message still waits"), useless_messages_end),
    Check("dead-letter-alert", gettext_lazy("A dead letter has no alert"), dead_letters_have_their_alert),
    Check("budget", gettext_lazy("More messages left than the daily limit allows"), budgets_are_kept),
    Check("sid-unique", gettext_lazy("Two attempts share a SID"), sids_are_unique),
    Check("sid-own", gettext_lazy("A message carries a strange SID"), messages_carry_their_own_sid),
    Check("escalation", gettext_lazy("A step of an escalation was not executed"), steps_are_taken),
    Check("receipt", gettext_lazy("A known receipt is not applied"), known_receipts_are_applied),
)
