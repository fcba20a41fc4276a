"""Which errors of the database pass by themselves, and which come again with the same row."""

import psycopg
import pytest
from django.db import DatabaseError, DataError, InterfaceError, OperationalError, connection, transaction

from notifications import database_faults

RAISE = "DO $$ BEGIN RAISE 'no' USING ERRCODE = '{code}'; END $$"


def raised(code: str) -> DatabaseError:
    """The error as Django raises it when PostgreSQL answers with this code."""
    with pytest.raises(DatabaseError) as caught, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(RAISE.format(code=code))
    return caught.value


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("40P01", True),  # deadlock
        ("40001", True),  # serialization failure
        ("55P03", True),  # lock not available
        ("25006", True),  # read-only
        ("53100", True),  # disk full
        ("57P01", True),  # shutting down
        ("22003", False),  # a number out of range
        ("23505", False),  # unique violation
        ("54000", False),  # a row too large: an OperationalError too, and it comes again
        ("P0001", False),  # a trigger refuses
    ],
)
def test_the_code_tells_whose_fault_it_is(code: str, passes: bool) -> None:
    assert database_faults.passes(raised(code)) == passes


def test_an_error_without_a_code_is_a_lost_connection_or_our_own_mistake() -> None:
    assert database_faults.passes(OperationalError("the connection is lost"))
    assert database_faults.passes(InterfaceError("the connection is closed"))
    assert database_faults.passes(psycopg.OperationalError("connection refused"))
    assert not database_faults.passes(DataError("no such text"))
    assert not database_faults.passes(KeyError("title"))


@pytest.mark.django_db
def test_logs_name_the_drivers_error() -> None:
    assert database_faults.name_of(raised("40P01")) == "DeadlockDetected"
    assert database_faults.name_of(KeyError("title")) == "KeyError"
