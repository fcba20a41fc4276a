"""The demo's programs are started, restarted when they die, and never left behind."""

import io
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings

from djobea.demo.children import Child, Console, end, keep_running, start, wait_until_ready

SLEEPER = (sys.executable, "-c", "import time; print('here is ready', flush=True); time.sleep(60)")
STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(15, signal.SIG_IGN); print('is ready', flush=True); time.sleep(60)",
)
ONE_SHOT = (sys.executable, "-c", "print('bye')")


@pytest.fixture
def console() -> Console:
    return Console(io.StringIO(), 8)


@pytest.fixture
def children(console: Console) -> Iterator[list[Child]]:
    """Children that are ended after the test, whatever happened."""
    made: list[Child] = []
    yield made
    end(made, console, lambda: True)


def a_child(command: tuple[str, ...]) -> Child:
    return Child("child", command, dict(os.environ), ready_words="is ready")


def lines(console: Console) -> list[str]:
    stream = console.stream
    assert isinstance(stream, io.StringIO)
    return stream.getvalue().splitlines()


def eventually(happens: Callable[[], bool]) -> bool:
    limit = time.monotonic() + 10
    while time.monotonic() < limit:
        if happens():
            return True
        time.sleep(0.02)
    return False


def test_a_child_is_ready_when_it_says_so_and_its_lines_bear_its_name(console: Console, children: list[Child]) -> None:
    children.append(a_child(SLEEPER))
    start(children[0], console)
    assert wait_until_ready(children[0], lambda: False)
    assert lines(console) == ["child    | here is ready"]


def test_a_child_that_dies_before_it_is_ready_is_noticed_at_once(console: Console, children: list[Child]) -> None:
    children.append(a_child(ONE_SHOT))
    start(children[0], console)
    assert not wait_until_ready(children[0], lambda: False)


def test_a_dead_child_is_started_again_and_told_of(console: Console, children: list[Child]) -> None:
    child = a_child(SLEEPER)
    children.append(child)
    start(child, console)
    assert wait_until_ready(child, lambda: False)
    assert child.process is not None
    first = child.process.pid
    os.kill(first, signal.SIGKILL)

    def again() -> bool:
        keep_running(children, console)
        return child.process is not None and child.process.pid != first and child.is_running

    assert eventually(again)
    assert any("SIGKILL" in line and "starting it again" in line for line in lines(console))


def test_children_end_when_asked(console: Console, children: list[Child]) -> None:
    children.append(a_child(SLEEPER))
    start(children[0], console)
    assert wait_until_ready(children[0], lambda: False)
    end(children, console, lambda: False)
    assert children[0].exit_code == -signal.SIGTERM


def test_a_child_that_does_not_listen_is_killed_in_a_hurry(console: Console, children: list[Child]) -> None:
    children.append(a_child(STUBBORN))
    start(children[0], console)
    assert wait_until_ready(children[0], lambda: False)
    end(children, console, lambda: True)
    assert children[0].exit_code == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_children_of_a_killed_demo_end_with_it() -> None:
    parent_code = (
        "import subprocess, sys, os, time\n"
        "child = subprocess.Popen([sys.executable, '-m', 'djobea.demo.leash', str(os.getpid()), 'sleep', '60'])\n"
        "time.sleep(0.7)\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", parent_code], cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True
    )
    with parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        parent.kill()
    assert eventually(lambda: not _runs(child))


def _runs(process_id: int) -> bool:
    try:
        with open(f"/proc/{process_id}/stat") as file:  # noqa: PTH123
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False
