"""The failure outlives the rollback."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from . import database_faults


def in_transaction() -> bool:
    """Whether a transaction is open, apart from the one that a test case wraps around itself."""
    return any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks)


def refuse_in_transaction(deed: str) -> None:
    """Raise `RuntimeError` when a transaction is open: `deed` may take long, and locks must not."""
    if in_transaction():
        raise RuntimeError(f"{deed} inside a transaction would hold its locks for as long as it takes.")


@contextmanager
def recording_failure(record: Callable[[Exception], None]) -> Iterator[None]:
    """Run the block in one transaction; if it fails, roll back, record why in a transaction of its own, re-raise.

    The predecessor wrote its failure records inside the transaction that had failed, and so lost them.
    A fault of the database that passes (lost connection, deadlock, read-only) is not recorded, only raised: the work
    did not fail, it is to be done again.
    Raises `RuntimeError` when a transaction is already open.
    """
    try:
        with transaction.atomic(durable=True):
            yield
    except Exception as error:
        if database_faults.passes(error):
            raise
        with transaction.atomic(durable=True):
            record(error)
        raise
