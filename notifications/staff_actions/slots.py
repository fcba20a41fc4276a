"""When a slot of an account's rolling day becomes free: each counted message frees its own 24 hours after it left."""

from datetime import datetime

from notifications import throttling
from notifications.models import Account, Attempt
from notifications.models.notification import UNCOUNTED


def free_at(account: Account, number: int, usable: int, at: datetime) -> datetime | None:
    """When the message that is the `number`th of the rolling day (counted from the oldest) finds a slot.

    `usable` is the number of slots that it may use. None: never. Messages that wait are taken to leave as soon as
    they can, so that a day's slots come round again a day later.
    """
    if usable <= 0:
        return None
    over = number - usable  # so many slots must become free first
    if over <= 0:
        return at
    counted = Attempt.objects.filter(account=account, started_at__gt=at - throttling.DAY)
    starts = counted.exclude(outcome__in=UNCOUNTED).order_by("started_at").values_list("started_at", flat=True)
    used = starts.count()
    days, place = divmod(over - 1, max(usable, used))
    start = starts[place : place + 1].first() if place < used else at
    return (start or at) + throttling.DAY * (1 + days)
