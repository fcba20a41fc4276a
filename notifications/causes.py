"""Dead letters grouped by what killed them: counted from the index of dead letters alone, however many messages wait.

The codes are found by jumping from one to the next along the index, and each is counted up to MANY, so that a million
dead letters cost no more than a hundred thousand.
"""

from dataclasses import dataclass
from typing import Final

from django.db import connection

from .failure_policy import Failure, failure_for
from .models import Notification, Status

MANY: Final = 10_000  # dead letters of one cause; more are said as "10000+"
MOST_CAUSES: Final = 60
CODES: Final = """
    WITH RECURSIVE codes AS (
        (SELECT last_error_code AS code FROM notification_queue
         WHERE status = 'dead' ORDER BY last_error_code LIMIT 1)
        UNION ALL
        SELECT (SELECT last_error_code FROM notification_queue
                WHERE status = 'dead' AND last_error_code > codes.code ORDER BY last_error_code LIMIT 1)
        FROM codes WHERE codes.code IS NOT NULL
    )
    SELECT code FROM codes WHERE code IS NOT NULL LIMIT %s
"""
COUNTS: Final = """
    SELECT code,
        (SELECT count(*) FROM (SELECT 1 FROM notification_queue
            WHERE status = 'dead' AND last_error_code = code LIMIT %s) AS few),
        (SELECT max(id) FROM notification_queue WHERE status = 'dead' AND last_error_code = code)
    FROM unnest(%s::text[]) AS code
"""


@dataclass(frozen=True)
class Cause:
    """One error code, how many dead letters it has, and its row of the policy."""

    code: str
    count: int  # at most MANY + 1
    newest: Notification  # the newest message that died of it
    failure: Failure

    @property
    def many(self) -> str:
        """The count as people read it."""
        return f"{MANY}+" if self.count > MANY else str(self.count)


def codes_of_dead_letters() -> list[str]:
    """The codes that dead letters died of, in their order."""
    with connection.cursor() as cursor:
        cursor.execute(CODES, [MOST_CAUSES])
        return [code for (code,) in cursor.fetchall()]


def of_dead_letters() -> list[Cause]:
    """The causes of all dead letters, the most frequent first."""
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, [MANY + 1, codes_of_dead_letters()])
        counted = cursor.fetchall()
    rows = Notification.objects.filter(status=Status.DEAD).in_bulk([newest for _code, _count, newest in counted])
    causes = [Cause(code, count, rows[newest], failure_for(code)) for code, count, newest in counted if newest in rows]
    return sorted(causes, key=lambda cause: (-cause.count, cause.code))
