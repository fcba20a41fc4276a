"""What runs how often on this installation: the duties of all apps, and which of them is due."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import marketplace.schedule
import notifications.schedule
from djobea import auditing, dead_man, morning_report, purging, selftests, watching
from notifications import audit_scope
from notifications.models import ScheduledRun
from notifications.schedule import Duty


def all_duties() -> list[Duty]:
    """Every duty of every app, and those that span all of them."""
    return [*notifications.schedule.duties(), *marketplace.schedule.duties(), *_own_duties()]


def _own_duties() -> list[Duty]:
    return [
        Duty("djobea.audit", auditing.audit_a_part, audit_scope.EVERY, slow=True),
        Duty("djobea.dead_man", dead_man.ping, dead_man.EVERY, slow=True),
        Duty("djobea.watch", watching.watch, watching.EVERY, slow=True),
        Duty("djobea.self_tests", selftests.run_as_duty, selftests.EVERY, slow=True),
        Duty("djobea.morning_report", morning_report.mail, morning_report.EVERY, slow=True),
        Duty("djobea.purge", purging.purge_a_portion, timedelta(minutes=1), slow=True),
    ]


def take_due(duties: list[Duty], at: datetime) -> Iterator[Duty]:
    """The duties that are due now; of several workers, one gets each (a conditional update that counts)."""
    last = dict(ScheduledRun.objects.values_list("name", "last_at"))
    for duty in duties:
        if duty.name not in last:
            ScheduledRun.objects.bulk_create([ScheduledRun(name=duty.name, last_at=at)], ignore_conflicts=True)
            yield duty
            continue
        begun, due = last[duty.name], at - duty.every
        if begun is not None and begun > due:
            continue  # most duties, most of the time: one query has told of all of them
        if ScheduledRun.objects.filter(name=duty.name, last_at__lte=due).update(last_at=at):
            yield duty
