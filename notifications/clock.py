"""What time it is: the database's clock, so that all machines agree, plus an offset that only tests and drills write."""

from datetime import datetime

from django.conf import settings
from django.db import connection

from .models import Clock

NOW = (
    "SELECT clock_timestamp() + make_interval(secs => "
    "COALESCE((SELECT offset_seconds FROM notifications_clock WHERE id = 1), 0))"
)


def now() -> datetime:
    """Ask the database what time it is (one short query)."""
    with connection.cursor() as cursor:
        cursor.execute(NOW)
        moment: datetime = cursor.fetchone()[0]
    return moment


def set_offset(seconds: float) -> None:
    """Shift Djobea's clock by `seconds`. Raises `RuntimeError` in production, where time must not be played with."""
    if not settings.DEBUG:
        raise RuntimeError("The clock can be shifted only when DEBUG is on.")
    Clock.objects.update_or_create(pk=1, defaults={"offset_seconds": seconds})
