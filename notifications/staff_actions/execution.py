"""Doing it: batches of messages in short transactions, each with its trace, so that no size locks the queue.

Locks in one order: the action's own row, notifications by id, alerts last. Each batch stands on its own: what stops
in the middle goes on behind the last batch that was committed, in this process or another.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from notifications import database_faults, escalation, wake
from notifications.failures import refuse_in_transaction
from notifications.models import (
    ActionStatus,
    EscalationAlert,
    Notification,
    StaffAction,
    StaffActionLine,
    StaffDeed,
    Status,
    WaitingFor,
)

from .fates import Fate, Way, fate, may_duplicate
from .selection import Selection

logger = logging.getLogger(__name__)
BATCH: Final = 500
PATIENCE: Final = 2.0  # seconds in which a person's click does what it can; the worker does the rest
SHIFT: Final = 1.0  # seconds that the worker gives to actions before it looks after its other duties
DEAD_LETTER: Final = "dead-letter:"


def retry(selection: Selection, *, by: str, why: str, expected: int | None = None, at: datetime) -> StaffAction:
    """Send messages again: a new attempt on their channel, with all their retries; the old ones stay in history.

    Goes as far as PATIENCE allows; a worker goes on with the rest. Raises `RuntimeError` inside a transaction.
    """
    return _run(StaffDeed.RETRY, selection, by=by, why=why, expected=expected, at=at)


def move(
    selection: Selection, channel: str, *, by: str, why: str, expected: int | None = None, at: datetime
) -> StaffAction:
    """Send messages on another channel, even those that were sent but not seen to arrive; as `retry()` else."""
    return _run(StaffDeed.MOVE, selection, channel=channel, by=by, why=why, expected=expected, at=at)


def cancel(selection: Selection, *, by: str, why: str, expected: int | None = None, at: datetime) -> StaffAction:
    """Call back messages that have not left; as `retry()` else."""
    return _run(StaffDeed.CANCEL, selection, by=by, why=why, expected=expected, at=at)


def _run(deed: str, selection: Selection, **facts: Any) -> StaffAction:
    refuse_in_transaction("An action on many messages")
    action = _begin(deed, selection, **facts)
    ends = time.monotonic() + PATIENCE
    while advance(action.pk, facts["at"]) and time.monotonic() < ends:
        pass
    action.refresh_from_db()
    return action


def _begin(
    deed: str,
    selection: Selection,
    *,
    channel: str = "",
    by: str,
    why: str,
    expected: int | None,
    at: datetime,
) -> StaffAction:
    newest = Notification.objects.order_by("-pk").values_list("pk", flat=True).first()
    return StaffAction.objects.create(
        deed=deed,
        selection=selection.as_json(),
        channel=channel,
        by=by[:150],
        why=why.strip()[:300],
        expected=expected,
        begun_at=at,
        last_id=newest or 0,
    )


def advance_due(at: datetime) -> int:
    """Go on with the actions that are left to do, the oldest first, for SHIFT seconds; returns how many rows changed."""
    ends, changed = time.monotonic() + SHIFT, 0
    for pk in list(StaffAction.objects.filter(status=ActionStatus.RUNNING).order_by("pk").values_list("pk", flat=True)):
        while time.monotonic() < ends and (looked := advance(pk, at)):
            changed += looked
    return changed


def stop(action: StaffAction, *, by: str, at: datetime) -> bool:
    """Do no further batch; what is done stays done. False: it had ended."""
    return bool(
        StaffAction.objects.filter(pk=action.pk).move(
            ActionStatus.STOPPED, finished_at=at, note=f"stopped by {by}"[:200]
        )
    )


def advance(pk: int, at: datetime) -> int:
    """One batch of an action; returns how many messages were looked at, 0 at its end or while another has it.

    A batch that fails is undone as a whole and stops the action, which names the fault.
    """
    try:
        with transaction.atomic():
            return _batch(pk, at)
    except Exception as error:
        if database_faults.passes(error):
            raise  # the database is gone or was in a knot: the next turn tries again
        logger.exception("staff action %d failed and is stopped", pk)
        StaffAction.objects.filter(pk=pk).move(ActionStatus.STOPPED, finished_at=at, note=type(error).__name__)
        return 0


def _batch(pk: int, at: datetime) -> int:
    actions = StaffAction.objects.select_for_update(skip_locked=True, no_key=True)
    action = actions.filter(pk=pk, status=ActionStatus.RUNNING).first()
    if action is None:
        return 0
    rows = Selection.from_json(action.selection).rows().filter(pk__gt=action.cursor, pk__lte=action.last_id)
    ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
    fates = _do(action, ids, at)
    action.done_count += fates.pop(Fate.GO, 0)
    action.skipped = Counter(action.skipped) + Counter({str(name): count for name, count in fates.items()})
    action.cursor = ids[-1] if ids else action.cursor
    action.save(update_fields=["done_count", "skipped", "cursor"])
    if len(ids) < BATCH:
        StaffAction.objects.filter(pk=pk).move(ActionStatus.DONE, finished_at=at)
        transaction.on_commit(lambda: logger.info("staff action %d is done", pk))
    return len(ids)


def _do(action: StaffAction, ids: Sequence[int], at: datetime) -> Counter[Fate]:
    locked = Notification.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=ids)
    rows = list(locked.annotate(fate=fate(action.deed, Way(at, action.channel))).order_by("pk"))
    fates = [Fate(vars(row)["fate"]) for row in rows]
    going = [row for row, found in zip(rows, fates, strict=True) if found == Fate.GO]
    if going:
        DEEDS[action.deed](action, going, at)
        leave_trace(action, going)
        end_alerts({row.alert_id for row in going if row.alert_id}, by=action.by, at=at)
        wake.notify(wake.OUTBOX)
    return Counter(fates)


def leave_trace(action: StaffAction, rows: Sequence[Notification], old_values: Mapping[str, str] | None = None) -> None:
    """Note what locked messages were, as they were read before the change."""
    StaffActionLine.objects.bulk_create(
        StaffActionLine(
            action=action,
            notification=row,
            status_before=row.status,
            channel_before=row.channel,
            error_before=row.last_error_code,
            old_values=dict(old_values or {}),
        )
        for row in rows
    )


def end_alerts(ids: set[int], *, by: str, at: datetime) -> None:
    """End the alerts of dead letters that no dead letter points to any more.

    They are locked first and asked second: whoever buries a message locks its alert before it points to it.
    """
    alerts = EscalationAlert.objects.select_for_update(no_key=True).filter(
        pk__in=ids, fingerprint__startswith=DEAD_LETTER
    )
    fingerprints = {alert.pk: alert.fingerprint for alert in alerts.order_by("pk")}
    pointed_at = set(Notification.objects.filter(alert__in=fingerprints).values_list("alert", flat=True).distinct())
    for pk in sorted(set(fingerprints) - pointed_at):
        escalation.resolve(fingerprints[pk], by=by, at=at)


def _retry(_action: StaffAction, rows: Sequence[Notification], at: datetime) -> None:
    send(rows, at)


def _move(action: StaffAction, rows: Sequence[Notification], at: datetime) -> None:
    by_rest: dict[tuple[str, ...], list[Notification]] = {}
    for row in rows:
        by_rest.setdefault(tuple(row.channels_left), []).append(row)
    for rest, alike in by_rest.items():
        left = rest[rest.index(action.channel) + 1 :] if action.channel in rest else rest
        send(alike, at, channel=action.channel, channels_left=list(left))


def send(rows: Sequence[Notification], at: datetime, **facts: object) -> None:
    """Put locked messages back at the front of their queue: due now, with fresh retries, no longer dead letters.

    What became of them earlier is no news any more: the next end will be told instead.
    """
    mine = Notification.objects.filter(pk__in=[row.pk for row in rows])
    facts |= {
        "due_at": at,
        "retry_count": 0,
        "waiting_for": WaitingFor.NOTHING,
        "receipt_due_at": None,
        "settled_at": None,
        "news_due": None,
        "alert": None,
        "possible_duplicate": may_duplicate(),
    }
    mine.filter(status=Status.QUEUED).update(**facts)
    mine.filter(~Q(status=Status.QUEUED)).move(Status.QUEUED, **facts)


def _cancel(_action: StaffAction, rows: Sequence[Notification], at: datetime) -> None:
    mine = Notification.objects.filter(pk__in=[row.pk for row in rows])
    mine.move(Status.CANCELLED, settled_at=at, news_due=at, waiting_for=WaitingFor.NOTHING)


DEEDS: Final[Mapping[str, Callable[[StaffAction, Sequence[Notification], datetime], None]]] = {
    StaffDeed.RETRY: _retry,
    StaffDeed.MOVE: _move,
    StaffDeed.CANCEL: _cancel,
}
