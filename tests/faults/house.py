"""A whole Djobea for fault stories: real processes, a real database, the simulator over HTTP, and a proof at the end."""

import contextlib
import itertools
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from django.db import connection, transaction

from notifications import clock
from notifications.models import Channel, Heartbeat, Notification
from tests.engine import a_message, someone
from tests.faults import accounting
from tests.simulator_process import ROOT, SimulatorProcess

LEASE: Final = 9  # seconds; the shortest that has room for a call and the margin
TIMEOUT: Final = 2
PATIENCE: Final = 90.0  # seconds; the machine may be very busy
_numbers = itertools.count(1)
# No proxy of the environment comes between a test and its web server.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Process:
    """A process of the house, as its parent sees it; `leads`: it has children of its own, which die with it."""

    def __init__(self, pid: int, poll: Callable[[], int | None], log: Path, *, leads: bool = False) -> None:
        self.pid, self.poll, self.log, self.leads = pid, poll, log, leads

    def kill(self) -> None:
        """`kill -9`, and wait until it is gone."""
        if self.leads:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._signal(signal.SIGKILL)

    def stop(self) -> int:
        """SIGTERM, and wait for the end; returns the exit code."""
        return self._signal(signal.SIGTERM)

    def ask_to_stop(self) -> None:
        """SIGTERM, without waiting."""
        os.kill(self.pid, signal.SIGTERM)

    def wait(self) -> int:
        """Wait for the end; returns the exit code, negative for a signal."""
        wait_for(lambda: self.poll() is not None, f"the end of process {self.pid}")
        code = self.poll()
        assert code is not None
        return code

    def output(self) -> str:
        """What it has written until now."""
        return self.log.read_text() if self.log.exists() else ""

    def _signal(self, number: signal.Signals) -> int:
        if self.poll() is None:
            os.kill(self.pid, number)
        return self.wait()


class Nursery:
    """The process of `tests.faults.nursery`, started at the first wish."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self._process: subprocess.Popen[str] | None = None

    def born(self, arguments: list[str], log: Path, clock_is_off_by: float = 0) -> Process:
        """A fresh `manage.py` with these arguments."""
        pid = int(self._ask(start=arguments, log=str(log), clock_is_off_by=clock_is_off_by)["pid"])
        return Process(pid, lambda: self._ask(poll=pid)["code"], log)

    def close(self) -> None:
        """End it, and all that were born there."""
        if self._process is not None:
            self._process.communicate(timeout=10)
            self._process = None

    def _ask(self, **wish: Any) -> dict[str, Any]:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.faults.nursery"],
                cwd=ROOT,
                env=self.environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class House:
    """Workers and web servers on the database of the test's own connection, pointed at the simulator.

    `web_port` is where `web()` listens and where the simulator's callbacks go, whether or not anybody is there.
    """

    def __init__(self, simulator: SimulatorProcess, folder: Path, web_port: int, nursery: Nursery) -> None:
        self.simulator, self.folder, self.web_port, self.nursery = simulator, folder, web_port, nursery
        self.processes: list[Process] = []
        self.offset = 0.0

    # --- processes ----------------------------------------------------------------------------------------------

    def worker(self, *, concurrency: int = 8, clock_is_off_by: float = 0, **environment: str) -> Process:
        """Start `manage.py worker` and wait until it lives; a changed environment takes a start from nothing."""
        if environment:
            command = [sys.executable, "manage.py", "worker", "--concurrency", str(concurrency)]
            process = self.spawn(command, environment)
        else:
            process = self.born(concurrency=concurrency, clock_is_off_by=clock_is_off_by)
        self.wait_for(lambda: self.is_heard(process), "the first heartbeat", process)
        return process

    def born(self, *, concurrency: int = 8, clock_is_off_by: float = 0) -> Process:
        """Start `manage.py worker` without waiting for its first word."""
        process = self.nursery.born(["worker", "--concurrency", str(concurrency)], self._log(), clock_is_off_by)
        self.processes.append(process)
        return process

    def workers(self, count: int, **options: Any) -> list[Process]:
        """Several of them."""
        return [self.worker(**options) for _ in range(count)]

    def web(self, **environment: str) -> Process:
        """Start the web server that the demo uses, and wait until it answers."""
        command = [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"]
        command += ["--port", str(self.web_port), "--blocking-threads", "4", "--no-ws", "djobea.wsgi:application"]
        process = self.spawn(command, environment)
        self.wait_for(lambda: self.get("/health/live/") == 200, "the web server", process)
        return process

    def get(self, path: str) -> int:
        """The status that the web server answers; 0: nobody is there."""
        return self.fetch(path)[0]

    def fetch(self, path: str) -> tuple[int, Any]:
        """Status and JSON (or text) of a page of the web server."""
        try:
            with _opener.open(f"http://127.0.0.1:{self.web_port}{path}", timeout=15) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read() or b"null")
        except OSError:
            return 0, None

    def is_heard(self, process: Process) -> bool:
        """Whether this worker has said that it lives."""
        return Heartbeat.objects.filter(worker__endswith=f":{process.pid}").exists()

    def close(self) -> None:
        """Kill whatever still runs, so that the database can be emptied."""
        for process in self.processes:
            process.kill()

    def spawn(self, command: list[str], environment: Mapping[str, str]) -> Process:
        """A process of this house: its own command, its surroundings and a little more."""
        log = self._log()
        with log.open("w") as output:
            popen = subprocess.Popen(
                command,
                cwd=ROOT,
                env={**self.nursery.environment, **environment},
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        process = Process(popen.pid, popen.poll, log, leads=True)
        self.processes.append(process)
        return process

    def _log(self) -> Path:
        return self.folder / f"{len(self.processes) + 1}.log"

    # --- time ---------------------------------------------------------------------------------------------------

    def advance(self, seconds: float) -> None:
        """Move Djobea's clock and the simulator's on. Leases of living workers run out too, if it is far enough."""
        self.offset += seconds
        clock.set_offset(self.offset)
        self.simulator.advance(seconds)

    def wait_for(self, ready: Callable[[], Any], what: str, *processes: Process, seconds: float = PATIENCE) -> Any:
        """Ask until the answer is true; fails at once when one of the processes ends meanwhile, with its last words."""

        def ready_or_dead() -> Any:
            for process in processes:
                code = process.poll()
                assert code is None, f"process {process.pid} ended with {code}:\n{process.output()[-3000:]}"
            return ready()

        try:
            return wait_for(ready_or_dead, what, seconds)
        except AssertionError as error:
            words = [f"process {process.pid} said:\n{process.output()[-2000:]}" for process in self.processes]
            raise AssertionError("\n".join([str(error), *words])) from None

    # --- messages -----------------------------------------------------------------------------------------------

    def enqueue(self, count: int = 1, **facts: Any) -> list[Notification]:
        """Commit messages, each to somebody else whose window is open, with a text of its own."""
        with transaction.atomic():
            return [
                a_message(someone(f"+2376{number:08}"), **({"body": f"Message {number}."} | facts))
                for number in itertools.islice(_numbers, count)
            ]

    def settle(self, *processes: Process, most: int = 12) -> None:
        """Let time pass, as far as it takes, until each message has had all its chances (a worker must be running)."""
        for step in itertools.chain((1.0, LEASE + 1.0, 31.0, 100.0), itertools.repeat(500.0, most)):
            if not accounting.unsettled():
                return
            self.advance(step)
            self.wait_for(lambda: not accounting.overdue(), "the work that is due", *processes)
        assert not accounting.unsettled(), f"still on their way: {accounting.described(accounting.unsettled())}"

    # --- the proof ----------------------------------------------------------------------------------------------

    def account_for_everything(self, *, duplicates: Iterable[str] = ()) -> None:
        """Prove that nothing was lost, forgotten, stuck or said twice without a word about it.

        `duplicates`: the numbers of those who may have got a message twice although no row says so (none, normally).
        """
        breaches = accounting.breaches(self.simulator, forgiven=frozenset(duplicates))
        assert not breaches, "\n".join(breaches)

    def sent_to(self, row: Notification) -> list[dict[str, Any]]:
        """The copies of this message that the simulator has."""
        return [
            m for m in self.simulator.messages(to=f"whatsapp:{row.phone_number}", limit=1000) if m["body"] == row.body
        ]


def wait_for(ready: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
    """Ask again and again until the answer is true, and return it. Raises `AssertionError` when time is over."""
    give_up = time.monotonic() + seconds
    while not (found := ready()):
        assert time.monotonic() < give_up, f"{what}: not within {seconds} s"
        time.sleep(0.02)
    return found


def environment_for(simulator: SimulatorProcess, web_port: int, **changes: str) -> dict[str, str]:
    """What the house's processes find in their environment: the test's database, the simulator, short leases."""
    own = {
        "DJANGO_SETTINGS_MODULE": "djobea.settings",
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "SECRET_KEY": "made-up-for-tests-" + "0" * 40,
        "DATABASE_URL": database_address(),
        "DATABASE_POOL_SIZE": "0",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{web_port}",
        "TWILIO_API_BASE_URL": simulator.base_url,
        "TWILIO_ACCOUNT_SID": simulator.account_sid,
        "TWILIO_AUTH_TOKEN": simulator.auth_token,
        "TWILIO_WHATSAPP_FROM": simulator.whatsapp_from,
        "TWILIO_SMS_FROM": simulator.sms_from,
        "TWILIO_TIMEOUT_SECONDS": str(TIMEOUT),
        "NOTIFICATION_LEASE_SECONDS": str(LEASE),
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "text",
        "PYTHONUNBUFFERED": "1",
    }
    return {**os.environ, **own, **changes}


def database_address(**changes: str) -> str:
    """DATABASE_URL of the database that the test's own connection uses."""
    facts = connection.get_connection_params() | changes
    login = quote(str(facts.get("user") or ""), safe="")
    if facts.get("password"):
        login += ":" + quote(str(facts["password"]), safe="")
    host, port = str(facts.get("host") or ""), facts.get("port")
    if host.startswith("/"):  # a socket's folder fits only into the query
        place = urlencode({"host": host} | ({"port": port} if port else {}))
        return f"postgres://{login}@/{facts['dbname']}?{place}"
    return f"postgres://{login}@{host}{f':{port}' if port else ''}/{facts['dbname']}"


def quick_channels() -> None:
    """No speed limit, which is another story."""
    Channel.objects.update(per_second=100_000)
