"""The embedded PostgreSQL server: made and started when first needed, joined when it runs, stopped on demand.

It listens on a Unix socket only, in a folder that nobody else may enter. All processes of Djobea on this machine
share one server; a lock on a file makes sure that only one of them starts or stops it.
"""

import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

from . import places
from .errors import EmbeddedServerError

DATABASE: Final = "djobea"
SUPERUSER: Final = "postgres"
STANDARD: Final = {"listen_addresses": "''", "max_connections": "200", "timezone": "'UTC'", "log_timezone": "'UTC'"}

logger = logging.getLogger(__name__)


class EmbeddedServer:
    """The server whose data lie in `folder`.

    `options` are PostgreSQL's own, such as {"fsync": "off"}; `patience` is how long, in seconds, a start is tried while
    what a killed server left behind goes away.
    """

    def __init__(self, folder: Path, options: Mapping[str, str] | None = None, patience: float = 10.0) -> None:
        self.patience = patience
        self.folder = folder
        self.options = dict(options or {})
        self.places = places.choose(folder)

    @property
    def host(self) -> str:
        """What clients name as their host: the socket's folder."""
        return str(self.places.socket)

    def start(self) -> bool:
        """Make sure that the server and its database are there; tell whether this call started it.

        Raises `EmbeddedServerError` with one sentence when it cannot start.
        """
        with self._locked():
            started = not self.answers()
            if started:
                self._create()
                self._launch()
            self._create_database()
        return started

    def answers(self) -> bool:
        """Whether the server takes connections."""
        return self._run("pg_isready", "-q", "-h", self.host, "-t", "5").returncode == 0

    def is_idle(self) -> bool:
        """Whether nobody is connected."""
        with self._connected() as connection:
            query = "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
            row = connection.execute(query).fetchone()
        return row is not None and row[0] == 0

    def stop(self, *, only_when_idle: bool = False) -> bool:
        """Stop the server; tell whether it is down now. With `only_when_idle`, other clients keep it running."""
        with self._locked():
            if not self.answers():
                return True
            if only_when_idle and not self.is_idle():
                return False
            done = self._run("pg_ctl", "-w", "-t", "60", "-m", "fast", "-D", str(self.places.data), "stop")
        return done.returncode == 0

    def process_id(self) -> int | None:
        """The id of the server's main process, or None when it does not run."""
        try:
            return int((self.places.data / "postmaster.pid").read_text().split()[0])
        except (FileNotFoundError, IndexError):
            return None

    def _create(self) -> None:
        data = self.places.data
        if (data / "PG_VERSION").exists():
            return
        for leftover in data.iterdir():  # of a first start that was cut short: initdb wants an empty folder
            _remove(leftover)
        fresh = data / "new"
        arguments = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-instructions")
        locale = ("--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        done = self._run("initdb", *arguments, *locale, "-D", str(fresh))
        if done.returncode:
            raise EmbeddedServerError(f"PostgreSQL could not lay out {data}: {_last_line(done.stderr)}")
        lines = "".join(f"{name} = {value}\n" for name, value in STANDARD.items())
        with (fresh / "postgresql.conf").open("a") as configuration:
            configuration.write(f"\n# Djobea\n{lines}")
        for part in sorted(
            fresh.iterdir(), key=lambda path: path.name == "PG_VERSION"
        ):  # PG_VERSION last: it says "whole"
            part.rename(data / part.name)
        fresh.rmdir()

    def _launch(self) -> None:
        """Start the server. A server that was just killed holds its files for a moment: try again for a while."""
        data, log = self.places.data, self.places.data / "server.log"
        options = " ".join([f"-k '{self.host}'", *(f"-c {name}={value}" for name, value in self.options.items())])
        end = time.monotonic() + self.patience
        while True:
            done = self._run("pg_ctl", "-w", "-t", "60", "-D", str(data), "-l", str(log), "-o", options, "start")
            if done.returncode == 0:
                logger.debug("embedded PostgreSQL started in %s", data)
                return
            if time.monotonic() > end:
                raise EmbeddedServerError(
                    f"The embedded PostgreSQL does not start: {_last_line(log.read_text() if log.exists() else done.stderr)} "
                    f"(its log: {log}). Name another server in DATABASE_URL, or another folder in DATA_DIR."
                )
            time.sleep(0.2)

    def _create_database(self) -> None:
        with self._connected() as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if known is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")

    @contextmanager
    def _connected(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(host=self.host, user=SUPERUSER, dbname="postgres", autocommit=True) as connection:
            yield connection

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.folder / "postgres.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [str(self.places.programs / program), *arguments]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
        user = self.places.user
        return subprocess.run(  # noqa: S603  our own programs with our own arguments
            command,
            cwd="/",
            env=environment | {"LC_ALL": "C"},
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
            umask=0o077,
        )


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        for part in path.iterdir():
            _remove(part)
        path.rmdir()
    else:
        path.unlink()


def _last_line(text: str) -> str:
    """The line that says most: the last fatal one, else the last."""
    lines = [line for line in text.splitlines() if line.strip()]
    fatal = [line for line in lines if "FATAL" in line]
    return (fatal or lines or ["no reason given"])[-1]
