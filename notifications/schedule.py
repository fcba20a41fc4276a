"""What of this app is done again and again, and how often. `djobea.worker` and Celery beat run this table."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Duty:
    """A function that may run at any time on any worker, and how long to rest between two runs.

    `run` takes the time and returns how many rows it changed; `slow` duties call other machines over HTTP, so they
    run beside the sending, never in its way.
    """

    name: str
    run: Callable[[datetime], int]
    every: timedelta
    slow: bool = False


def duties() -> list[Duty]:
    """The duties of this app."""
    from . import (  # noqa: PLC0415  the table is lowest
        budget,
        chains,
        channel_health,
        escalation,
        probing,
        queue,
        receipts,
        reconciliation,
        settlement,
        staff_actions,
        templates,
        waiting,
    )

    return [
        Duty("notifications.recover_leases", queue.recover_leases, timedelta(seconds=5)),
        Duty("notifications.expire", queue.expire, timedelta(seconds=10)),
        Duty("notifications.sort_new", waiting.sort_new, timedelta(seconds=1)),
        Duty("notifications.sort_again", waiting.sort_again, timedelta(seconds=30)),
        Duty("notifications.meet_deadlines", waiting.meet_deadlines, timedelta(seconds=5)),
        Duty("notifications.call_the_unknowing", waiting.call_the_unknowing, timedelta(seconds=10)),
        Duty("notifications.call_for_the_urgent", waiting.call_for_the_urgent, timedelta(seconds=5)),
        Duty("notifications.escalate", chains.escalate_due, timedelta(seconds=10)),
        Duty("notifications.watch_acknowledgements", escalation.watch_acknowledgements, timedelta(seconds=30)),
        Duty("notifications.fall_back_without_receipt", settlement.fall_back_without_receipt, timedelta(seconds=5)),
        Duty("notifications.apply_left_receipts", receipts.apply_left, timedelta(seconds=30)),
        Duty("notifications.tell_late_news", settlement.tell_news, timedelta(seconds=10)),
        Duty("notifications.reopen_channels", channel_health.reopen_channels, timedelta(seconds=5)),
        Duty("notifications.watch_failure_rates", channel_health.watch_failure_rates, timedelta(seconds=5)),
        Duty("notifications.watch_budgets", budget.watch, timedelta(seconds=5)),
        Duty("notifications.reconcile", reconciliation.reconcile_due, timedelta(seconds=5), slow=True),
        Duty("notifications.probe_channels", probing.probe_paused, timedelta(seconds=20), slow=True),
        Duty("notifications.advance_staff_actions", staff_actions.advance_due, timedelta(seconds=1), slow=True),
        Duty("notifications.create_templates", templates.create_missing, timedelta(seconds=20), slow=True),
    ]
