"""How many messages there are of a kind, counted no further than is cheap."""

from typing import Final

from django.db import connection

from .models import Status

MANY: Final = 1000  # more are said as "1000+"
BY_STATUS: Final = """
    SELECT status, (SELECT count(*) FROM (SELECT 1 FROM notification_queue AS message
        WHERE message.status = known.status ORDER BY id DESC LIMIT %s) AS few)
    FROM unnest(%s::text[]) AS known (status)
"""


def by_status() -> dict[str, int]:
    """Messages of each status, at most MANY + 1 of each."""
    with connection.cursor() as cursor:
        cursor.execute(BY_STATUS, [MANY + 1, list(Status.values)])
        return dict(cursor.fetchall())


def words(many: int) -> str:
    """A capped count as people read it."""
    return f"{MANY}+" if many > MANY else str(many)
