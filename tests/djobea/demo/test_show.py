"""`manage.py demo` gives the whole product with one command and takes all of it away again."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from djobea.postgres.server import DATABASE, EmbeddedServer

pytestmark = pytest.mark.restart
PATIENCE: Final = 90  # seconds; the machine may be busy


class Demo:
    """A demo with data, secrets and ports of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = two_free_ports()
        self.process: subprocess.Popen[str] | None = None

    def starts(self) -> str:
        """Start it, and return what it says until it runs."""
        strange = {name: "" for name in os.environ if name.startswith("TWILIO_")}
        own = {
            "DJANGO_SETTINGS_MODULE": "djobea.settings",
            "ENV_FILE": str(self.folder / ".env"),
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": "",
            "SECRET_KEY": "",
            "PORT": str(self.port),
        }
        environment = {name: value for name, value in (os.environ | own).items() if name not in strange and value}
        self.process = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=settings.BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self.process.stdout is not None
        said = ""
        limit = time.monotonic() + PATIENCE
        for line in self.process.stdout:
            said += line
            if "Ctrl-C stops everything" in line:
                return said
            assert time.monotonic() < limit, said
        pytest.fail(f"The demo did not start:\n{said}")

    def ends(self) -> str:
        """Ask it to stop, and return its last words."""
        assert self.process is not None
        self.process.terminate()
        said, _ = self.process.communicate(timeout=PATIENCE)
        return said

    def counts(self, table: str) -> int:
        """How many rows its database has in a table."""
        with psycopg.connect(host=EmbeddedServer(self.folder).host, user="postgres", dbname=DATABASE) as connection:
            row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        assert row is not None
        return int(row[0])

    def ask(self, path: str, offset: int = 0) -> int:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"http://127.0.0.1:{self.port + offset}{path}", timeout=10) as answer:
            return int(answer.status)


@pytest.fixture
def demo(open_folder: Path) -> Iterator[Demo]:
    made = Demo(open_folder)
    yield made
    if made.process is not None:
        if made.process.poll() is None:
            made.process.kill()
        made.process.communicate()
    eventually(lambda: EmbeddedServer(open_folder).stop(only_when_idle=True))


def two_free_ports() -> int:
    """A port that is free together with its next one."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = int(first.getsockname()[1])
            try:
                second.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            return port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def eventually(happens: Callable[[], bool]) -> bool:
    limit = time.monotonic() + 30
    while time.monotonic() < limit:
        if happens():
            return True
        time.sleep(0.05)
    return False


def test_the_demo_serves_all_its_faces_and_leaves_nothing_behind(demo: Demo) -> None:
    said = demo.starts()
    assert "password" in said
    assert [demo.ask("/health/ready/"), demo.ask("/admin/login/"), demo.ask("/", offset=1)] == [200, 200, 200]
    assert demo.ask("/simulator/") == 200, "leads to the simulator's page"
    farewell = demo.ends()
    assert demo.process is not None
    assert demo.process.returncode == 0, farewell
    assert "Stopped." in farewell
    assert is_free(demo.port)
    assert is_free(demo.port + 1)
    assert not EmbeddedServer(demo.folder).answers()


def test_the_second_start_keeps_data_and_password(demo: Demo) -> None:
    first = demo.starts()
    providers = demo.counts("providers_provider")
    demo.ends()
    second = demo.starts()
    assert demo.counts("providers_provider") == providers > 0
    assert "Applying" not in second
    assert password(first) == password(second)
    demo.ends()


def test_a_demo_that_is_killed_outright_blocks_no_port(demo: Demo) -> None:
    demo.starts()
    assert demo.process is not None
    demo.process.kill()
    assert eventually(lambda: is_free(demo.port) and is_free(demo.port + 1))


def test_a_taken_port_is_told_in_one_sentence(demo: Demo) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.port))
        taken.listen()
        with pytest.raises(pytest.fail.Exception, match=f"Port {demo.port} is taken") as failure:
            demo.starts()
    assert "Traceback" not in str(failure.value)


def password(said: str) -> str:
    return next(line.rsplit("password", 1)[1].strip() for line in said.splitlines() if "password" in line)
