"""What an operator, or bad luck, does to the database of a house."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.db import connection


@contextmanager
def line_of_an_operator(**changes: str) -> Iterator[psycopg.Connection]:
    """A line of somebody's own to the test's database, unless told otherwise; each statement is committed at once."""
    facts = connection.get_connection_params() | changes
    known = ("host", "port", "user", "password", "dbname")
    with psycopg.connect(**{name: facts[name] for name in known if facts.get(name)}, autocommit=True) as line:
        yield line


def hang_up(operator: psycopg.Connection) -> int:
    """Kill all connections but the test's own and the operator's; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        own = cursor.fetchone()[0]
    done = operator.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid NOT IN (pg_backend_pid(), %s)",
        [own],
    )
    return len(done.fetchall())


def who_waits() -> int:
    """The backend that waits for a row which another has locked; 0: nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        row = cursor.fetchone()
    return int(row[0]) if row else 0


@contextmanager
def database_setting(operator: psycopg.Connection, name: str, value: str) -> Iterator[None]:
    """A default of this database for new sessions; those that are open are ended, so that it holds for all processes."""
    database = connection.settings_dict["NAME"]
    operator.execute(f'ALTER DATABASE "{database}" SET {name} = {value}')
    try:
        hang_up(operator)
        yield
    finally:
        operator.execute(f'ALTER DATABASE "{database}" RESET {name}')
        hang_up(operator)
