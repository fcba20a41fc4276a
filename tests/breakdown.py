"""Real failures of the database, planted where they strike in the middle of the work."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def integrity_error(table: str, allowed: str) -> Iterator[None]:
    """Until the block ends, writing a row of `table` that is not `allowed` (SQL) is an IntegrityError."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # PostgreSQL alters no table with checks left to do
        cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT breakdown CHECK ({allowed}) NOT VALID")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT breakdown")
