"""What the queue forgets by itself. `purge` runs the list of each app.

Dead letters stay, and so do open alerts: a person must look at them. Attempts and the lines of staff actions go with
their message. A message that was sent and never confirmed counts as ended when it was sent.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from .ageing import Kind
from .models import (
    ActionStatus,
    AlertState,
    Attempt,
    EscalationAlert,
    Heartbeat,
    Notification,
    Receipt,
    ScheduledRun,
    StaffAction,
    Status,
    UnreachableMark,
)

ENDED: Final = (Status.SENT, Status.DELIVERED, Status.READ, Status.CANCELLED, Status.EXPIRED)


def _messages(before: datetime) -> QuerySet[Any]:
    ended = Notification.objects.filter(status__in=ENDED, news_due__isnull=True)
    return ended.annotate(aged_at=Coalesce("settled_at", "sent_at", "created_at")).filter(aged_at__lt=before)


def _forget_messages(keys: Sequence[int]) -> None:
    sids = Attempt.objects.filter(notification__in=keys, provider_sid__isnull=False).values("provider_sid")
    # A callback locks its receipt first and its message second: what it holds now goes with the receipts without one.
    receipts = Receipt.objects.filter(provider_sid__in=sids).select_for_update(skip_locked=True)
    Receipt.objects.filter(pk__in=list(receipts.values_list("pk", flat=True))).delete()
    Notification.objects.filter(pk__in=keys).delete()


def _receipts(before: datetime) -> QuerySet[Any]:
    by_sid = Attempt.objects.filter(provider_sid=OuterRef("provider_sid"))
    by_id = Attempt.objects.filter(public_id=OuterRef("attempt_public_id"))
    lonely = Receipt.objects.filter(~Exists(by_sid), ~Exists(by_id), received_at__lt=before)
    return lonely.annotate(aged_at=F("received_at"))


def _alerts(before: datetime) -> QuerySet[Any]:
    pointing = Notification.objects.filter(alert=OuterRef("pk"))
    done = EscalationAlert.objects.filter(~Exists(pointing), state=AlertState.RESOLVED, resolved_at__lt=before)
    return done.annotate(aged_at=F("resolved_at"))


def _staff_actions(before: datetime) -> QuerySet[Any]:
    done = StaffAction.objects.exclude(status=ActionStatus.RUNNING).filter(finished_at__lt=before)
    return done.annotate(aged_at=F("finished_at"))


def _marks(before: datetime) -> QuerySet[Any]:
    return UnreachableMark.objects.filter(until__lt=before).annotate(aged_at=F("until"))


def _heartbeats(before: datetime) -> QuerySet[Any]:
    return Heartbeat.objects.filter(seen_at__lt=before).annotate(aged_at=F("seen_at"))


def _runs(before: datetime) -> QuerySet[Any]:
    return ScheduledRun.objects.filter(last_at__lt=before).annotate(aged_at=F("last_at"))


def _deletes(model: Any) -> Any:
    def forget(keys: Sequence[Any]) -> None:
        model.objects.filter(pk__in=keys).delete()

    return forget


KINDS: Final = (
    Kind("messages", _("Settled messages, with attempts and receipts"), _messages, _forget_messages, "created_at"),
    Kind("receipts", _("Receipts without a message"), _receipts, _deletes(Receipt), "received_at"),
    Kind("alerts", _("Resolved alerts to which no message points"), _alerts, _deletes(EscalationAlert)),
    Kind("staff_actions", _("What staff did with messages"), _staff_actions, _deletes(StaffAction)),
    Kind("unreachable_marks", _("Marks of unreachable addresses that have ended"), _marks, _deletes(UnreachableMark)),
    Kind("heartbeats", _("Heartbeats of dead workers"), _heartbeats, _deletes(Heartbeat)),
    Kind("scheduled_runs", _("Runs of duties that exist no more"), _runs, _deletes(ScheduledRun)),
)
