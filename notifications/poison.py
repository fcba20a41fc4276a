"""Messages that cannot even be prepared: each becomes a dead letter with an alert, so that it holds up no other."""

import logging
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from . import consequences, database_faults, permission
from .failure_policy import failure_for
from .models import Channel, Notification

logger = logging.getLogger(__name__)


def bury(rows: Sequence[Notification], channel: Channel, channels: dict[str, Channel], at: datetime) -> int:
    """Try locked, queued rows one by one (channels are locked too); those that fail die. Returns how many did.

    Raises the database's error when the database is at fault.
    """
    alerts = consequences.Alerts()
    buried = 0
    for row in rows:
        try:
            with transaction.atomic():
                permission.sort_out([row], channel, channels, at)
        except Exception as error:
            if database_faults.passes(error):
                raise
            logger.exception("notification %d cannot be prepared", row.pk)
            consequences.die(row, failure_for("internal"), type(error).__name__, alerts, at)
            buried += 1
    alerts.raise_all(at)
    return buried
