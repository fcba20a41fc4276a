"""What runs how often on this installation: the duties of all apps, and which of them is due."""

from collections.abc import Iterator
from datetime import datetime

import marketplace.schedule
import notifications.schedule
from notifications.models import ScheduledRun
from notifications.schedule import Duty


def all_duties() -> list[Duty]:
    """Every duty of every app."""
    return [*notifications.schedule.duties(), *marketplace.schedule.duties()]


def take_due(duties: list[Duty], at: datetime) -> Iterator[Duty]:
    """The duties that are due now; of several workers, one gets each (a conditional update that counts)."""
    for duty in duties:
        row = ScheduledRun.objects.filter(name=duty.name)
        if row.filter(last_at__lte=at - duty.every).update(last_at=at):
            yield duty
        elif not row.exists():
            ScheduledRun.objects.bulk_create([ScheduledRun(name=duty.name, last_at=at)], ignore_conflicts=True)
            yield duty
