"""The embedded PostgreSQL starts when needed, is shared, survives being killed, and stops when asked."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.conf import settings

from djobea.postgres import places
from djobea.postgres.errors import EmbeddedServerError
from djobea.postgres.places import User
from djobea.postgres.server import DATABASE, EmbeddedServer

pytestmark = pytest.mark.restart
FAST = {"fsync": "off"}


@pytest.fixture
def folder(open_folder: Path) -> Iterator[Path]:
    """A folder with a blank and an accent in its name; what runs there is stopped."""
    path = open_folder / "data à moi"
    yield path
    EmbeddedServer(path).stop()


def connect(server: EmbeddedServer) -> psycopg.Connection:
    return psycopg.connect(host=server.host, user="postgres", dbname=DATABASE, autocommit=True)


def test_the_first_start_lays_out_the_data_and_the_next_one_joins(folder: Path) -> None:
    assert EmbeddedServer(folder, FAST).start() is True
    server = EmbeddedServer(folder, FAST)
    assert server.start() is False
    with connect(server) as connection:
        row = connection.execute("SELECT current_setting('server_encoding'), current_setting('fsync')").fetchone()
    assert row == ("UTF8", "off")


def test_the_data_outlive_a_stop(folder: Path) -> None:
    server = EmbeddedServer(folder, FAST)
    server.start()
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (word text)")
        connection.execute("INSERT INTO kept VALUES ('là')")
    assert server.stop() is True
    assert server.answers() is False
    server.start()
    with connect(server) as connection:
        assert connection.execute("SELECT word FROM kept").fetchone() == ("là",)


def test_six_processes_that_start_at_once_share_one_server(folder: Path) -> None:
    command = [sys.executable, "-m", "djobea.postgres", "start", "--data-dir", str(folder)]
    processes = [subprocess.Popen(command, cwd=settings.BASE_DIR) for _ in range(6)]
    assert [process.wait(60) for process in processes] == [0] * 6
    with connect(EmbeddedServer(folder)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_killed_server_comes_back_with_its_data(folder: Path) -> None:
    server = EmbeddedServer(folder)  # with fsync: the write must survive
    server.start()
    with connect(server) as connection:
        connection.execute("CREATE TABLE kept (number int)")
    main_process = server.process_id()
    assert main_process is not None
    os.kill(main_process, signal.SIGKILL)
    assert server.start() is True
    with connect(server) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_first_start_that_was_cut_short_is_begun_anew(folder: Path) -> None:
    server = EmbeddedServer(folder, FAST)
    (server.places.data / "new" / "base").mkdir(parents=True)
    (server.places.data / "global").mkdir()
    assert server.start() is True


def test_a_server_with_clients_is_left_running(folder: Path) -> None:
    server = EmbeddedServer(folder, FAST)
    server.start()
    with connect(server):
        assert server.is_idle() is False
        assert server.stop(only_when_idle=True) is False
        assert server.answers() is True
    for _ in range(50):  # the server learns of the goodbye a moment later
        if server.is_idle():
            break
        time.sleep(0.02)
    assert server.stop(only_when_idle=True) is True
    assert server.answers() is False


def test_a_folder_deep_down_gets_a_short_way_to_its_socket(open_folder: Path) -> None:
    deep = open_folder / ("long" * 20) / ("way" * 20)
    server = EmbeddedServer(deep, FAST)
    try:
        assert server.start() is True
        assert len(server.host) < places.LONGEST_SOCKET_FOLDER
        assert Path(server.host).stat().st_mode & 0o077 == 0
    finally:
        server.stop()


def test_a_server_that_cannot_start_says_why_in_one_sentence(folder: Path) -> None:
    server = EmbeddedServer(folder, {"port": "no-number"}, patience=0.0)
    with pytest.raises(EmbeddedServerError, match="DATABASE_URL"):
        server.start()


def test_below_a_closed_folder_the_data_move_to_a_shared_place_only_for_root(open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "djobea", FAST)
    try:
        assert server.start() is True
        is_below = server.places.data.is_relative_to(closed)
        assert is_below is (os.geteuid() != 0)
    finally:
        server.stop()
        shutil.rmtree(server.places.data.parent)


def test_only_what_is_open_all_the_way_can_be_lent(open_folder: Path) -> None:
    stranger = User(uid=54321, gid=54321)
    inner = open_folder / "inner"
    inner.mkdir(mode=0o755)
    assert places.is_open_to(stranger, inner)
    inner.chmod(0o711)
    assert not places.is_open_to(stranger, inner)
    open_folder.chmod(0o711)
    inner.chmod(0o755)
    assert places.is_open_to(stranger, inner), "passing through needs no reading"
    open_folder.chmod(0o700)
    assert not places.is_open_to(stranger, inner)


def test_the_programs_can_be_copied_for_another_user(open_folder: Path) -> None:
    copy = places.copied(places.installed(), open_folder)
    assert places.copied(places.installed(), open_folder) == copy, "made once"
    assert places.is_open_to(User(54321, 54321), copy / "bin" / "postgres")
    for program in ("postgres", "initdb", "pg_ctl", "pg_isready"):
        subprocess.run([copy / "bin" / program, "--version"], capture_output=True, text=True, check=True)
    done = subprocess.run([copy / "bin" / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL" in done.stdout


def test_a_shared_place_that_others_may_write_is_refused(open_folder: Path) -> None:
    trap = open_folder / f"djobea-{os.geteuid()}"
    trap.mkdir()
    trap.chmod(0o777)
    with pytest.raises(EmbeddedServerError, match="belongs to somebody else"):
        places.copied(places.installed(), open_folder)
