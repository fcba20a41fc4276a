"""Dead letters grouped by what killed them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Count, Max

from notifications.failure_policy import Failure, failure_for
from notifications.models import Notification, Status

SHOWN: Final = 12


@dataclass(frozen=True)
class Cause:
    """One error code, how many dead letters it has, and its row of the policy."""

    code: str
    count: int
    newest: int  # the newest message that died of it
    newest_at: datetime | None
    failure: Failure


def of_dead_letters() -> list[Cause]:
    """The causes of all dead letters, the most frequent first."""
    groups = (
        Notification.objects.filter(status=Status.DEAD)
        .order_by()
        .values("last_error_code")
        .annotate(count=Count("pk"), newest=Max("pk"), newest_at=Max("settled_at"))
        .order_by("-count")[:SHOWN]
    )
    return [
        Cause(
            row["last_error_code"], row["count"], row["newest"], row["newest_at"], failure_for(row["last_error_code"])
        )
        for row in groups
    ]
