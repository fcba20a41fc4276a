"""Child processes: started, listened to, restarted when they die, ended in order."""

import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TextIO

from django.conf import settings

START_LIMIT: Final = 60.0  # seconds until a child must be ready
LONGEST_REST: Final = 15.0  # seconds before a dead child is started again
GRACE: Final = 30.0  # seconds for the children to end by themselves


@dataclass
class Child:
    """A program that runs as long as the demo does: ready when `address` answers 200, or when it says `ready_words`."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    address: str = ""
    ready_words: str = ""
    has_said_so: bool = False
    process: subprocess.Popen[str] | None = None
    reader: threading.Thread | None = None
    deaths: int = 0
    start_again_at: float = 0.0
    started_at: float = field(default_factory=time.monotonic)

    @property
    def exit_code(self) -> int | None:
        return self.process.poll() if self.process else None

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Console:
    """Lines of several processes on one screen, each with its name before it."""

    def __init__(self, stream: TextIO, width: int) -> None:
        self.stream = stream
        self._width = width
        self._lock = threading.Lock()

    def say(self, text: str, name: str = "demo") -> None:
        """Print one or more lines under a name."""
        with self._lock:
            for line in text.splitlines() or [""]:
                self.stream.write(f"{name:<{self._width}} | {line}\n")
            self.stream.flush()

    def follow(self, child: Child) -> None:
        """Print all that the child says, from a thread of its own."""
        output = child.process.stdout if child.process else None
        if output is not None:
            child.reader = threading.Thread(target=self._copy, args=(output, child), daemon=True)
            child.reader.start()

    def _copy(self, output: TextIO, child: Child) -> None:
        with output:
            for line in output:
                self.say(line.rstrip("\n"), child.name)
                if child.ready_words and child.ready_words in line:
                    child.has_said_so = True


def start(child: Child, console: Console) -> None:
    """Start the child in a session of its own, so that Ctrl-C reaches the demo only, which ends it in order."""
    child.process = subprocess.Popen(  # noqa: S603  our own programs
        [sys.executable, "-m", "djobea.demo.leash", str(os.getpid()), *child.command],
        env=dict(child.environment),
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    child.started_at = time.monotonic()
    console.follow(child)


def wait_until_ready(child: Child, given_up: Callable[[], bool]) -> bool:
    """Wait until the child answers; false when it died, took too long, or `given_up()`."""
    end = time.monotonic() + START_LIMIT
    while time.monotonic() < end and child.is_running and not given_up():
        if child.has_said_so or (child.address and _answers(child.address)):
            return True
        time.sleep(0.1)
    return False


def keep_running(children: Sequence[Child], console: Console) -> None:
    """Start again what died, after a rest that grows with each death. Call it again and again."""
    now = time.monotonic()
    for child in children:
        if child.is_running:
            if child.deaths and now - child.started_at > START_LIMIT:
                child.deaths = 0
        elif child.process is not None:
            _signal(child, signal.SIGKILL)  # what it left behind would hold its port
            child.deaths += 1
            rest = min(2.0 ** (child.deaths - 1), LONGEST_REST)
            console.say(f"stopped ({_describe(child.exit_code)}); starting it again in {rest:.0f} s", child.name)
            child.process, child.start_again_at = None, now + rest
        elif now >= child.start_again_at:
            start(child, console)


def end(children: Sequence[Child], console: Console, hurry: Callable[[], bool]) -> None:
    """Ask the children to end, in the given order; kill what does not within `GRACE` seconds, or on `hurry()`."""
    for child in children:
        if child.is_running:
            _signal(child, signal.SIGTERM)
    limit = time.monotonic() + GRACE
    while any(child.is_running for child in children) and time.monotonic() < limit and not hurry():
        time.sleep(0.05)
    for child in children:
        if child.is_running:
            console.say("does not end; killed", child.name)
        if child.process:  # the whole group: nothing that the child started may stay behind
            _signal(child, signal.SIGKILL)
            child.process.wait()
        if child.reader:  # its last words
            child.reader.join(timeout=2)


def _signal(child: Child, number: signal.Signals) -> None:
    if child.process is None:
        return
    try:
        if number == signal.SIGKILL:
            os.killpg(child.process.pid, number)
        else:
            child.process.send_signal(number)
    except ProcessLookupError:
        return  # gone by itself, which is what we wanted


def _answers(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(address, timeout=2) as answer:
            return bool(answer.status == 200)  # noqa: PLR2004  OK
    except (urllib.error.URLError, OSError, ValueError):
        return False


def _describe(exit_code: int | None) -> str:
    if exit_code is not None and exit_code < 0:
        return f"signal {signal.Signals(-exit_code).name}"
    return f"exit code {exit_code}"
