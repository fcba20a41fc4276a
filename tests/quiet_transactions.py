"""Nobody calls another machine while a transaction is open: every socket of Python's refuses it, wherever it is used.

The database's own line is libpq's, not Python's, so nothing needs to be let through. The transaction that a test case
wraps around itself does not count (`notifications.failures.in_transaction`).
"""

import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, Final

import pytest

from notifications.failures import in_transaction

CALLS: Final[tuple[tuple[Any, str], ...]] = (
    *((socket.socket, name) for name in ("connect", "connect_ex", "send", "sendall", "sendmsg", "sendto", "recv", "recv_into")),
    *((ssl.SSLSocket, name) for name in ("send", "sendall", "recv", "recv_into", "do_handshake")),
    (socket, "getaddrinfo"),  # asking for a name is a call too
)  # fmt: skip
offences: list[str] = []  # also those that somebody's `except` has swallowed


class CalledInsideTransactionError(AssertionError):
    """Another machine was called while locks were held."""


def _refusing(owner: Any, name: str) -> Callable[..., Any]:
    call = getattr(owner, name)

    @wraps(call)
    def refused(*args: Any, **kwargs: Any) -> Any:
        if in_transaction():
            offence = f"{owner.__name__}.{name}() inside a transaction"
            offences.append(offence)
            raise CalledInsideTransactionError(offence)
        return call(*args, **kwargs)

    return refused


def install() -> None:
    """Let every socket of this process refuse to work inside a transaction."""
    for owner, name in CALLS:
        setattr(owner, name, _refusing(owner, name))


@contextmanager
def expecting_offences() -> Iterator[list[str]]:
    """For the guard's own tests: what is planted inside the block is listed and forgiven."""
    found: list[str] = []
    before = len(offences)
    yield found
    found += offences[before:]
    del offences[before:]


@pytest.fixture(autouse=True)
def _no_calls_inside_transactions() -> Iterator[None]:
    """Fail the test in which a call was made, even if the code under test swallowed the refusal."""
    offences.clear()
    yield
    assert not offences, f"Called while a transaction was open: {sorted(set(offences))}"
