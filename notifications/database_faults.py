"""Whose fault a database error is: the database's, which passes, or the work's own, which will fail again.

Source: PostgreSQL, Appendix A, "PostgreSQL Error Codes". An error without a code never reached the server or lost it.
"""

from typing import Final

import psycopg
from django.db import Error, InterfaceError, OperationalError

# Connection lost, transaction rolled back, resources used up, an operator stepped in, the machine itself.
PASSING_CLASSES: Final = ("08", "40", "53", "57", "58")
PASSING_CODES: Final = (
    "25006",  # the database is read-only
    "25P03",  # idle in a transaction for too long
    "25P04",  # a transaction took too long
    "55P03",  # a lock was not to be had in time
)


def passes(error: BaseException) -> bool:
    """Whether the same work may succeed later, since the database and not the work was at fault."""
    code = _code(error)
    if code:
        return code.startswith(PASSING_CLASSES) or code in PASSING_CODES
    return isinstance(error, (OperationalError, InterfaceError, psycopg.OperationalError, psycopg.InterfaceError))


def name_of(error: BaseException) -> str:
    """The most telling name, for logs: that of the driver's error where there is one."""
    return type(_driver_error(error)).__name__


def _code(error: BaseException) -> str:
    cause = _driver_error(error)
    return (cause.sqlstate or "") if isinstance(cause, psycopg.Error) else ""


def _driver_error(error: BaseException) -> BaseException:
    is_wrapped = isinstance(error, Error) and isinstance(error.__cause__, psycopg.Error)
    return error.__cause__ if is_wrapped and error.__cause__ is not None else error
