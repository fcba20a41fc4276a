"""The demo from its first line to its last."""

import errno
import signal
import socket
import sys
import time
from collections.abc import Mapping
from types import FrameType
from typing import Final

from django.conf import settings
from django.core.management.base import CommandError

from djobea.postgres.base import embedded_server
from djobea.postgres.errors import EmbeddedServerError
from djobea.postgres.server import EmbeddedServer

from . import cast, phones, secrets_file
from .cast import HOST, Stage
from .children import Child, Console, end, keep_running, start, wait_until_ready
from .preparation import PHONES_NOTE

WIDTH: Final = len("simulator")
SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Show:
    """One run of the demo. `run()` returns when somebody asked it to stop."""

    def __init__(self, port: int) -> None:
        self.stage = Stage(port)
        self.console = Console(sys.stdout, WIDTH)
        self.children: list[Child] = []
        self.server: EmbeddedServer | None = None
        self.asked_to_stop = 0  # how often: the second time, nobody waits any more

    def run(self) -> None:
        """Play until Ctrl-C or SIGTERM. Raises `CommandError` when something cannot start."""
        for number in SIGNALS:
            signal.signal(number, self._stop)
        _require_free_ports(self.stage)
        secrets = secrets_file.ensure(settings.ENV_FILE)
        surroundings = cast.environment(self.stage, secrets)
        try:
            self._start_database()
            self._prepare(cast.preparation(surroundings))
            if not self.asked_to_stop:
                noted = phones.read(settings.DATA_DIR / PHONES_NOTE)
                self._enter(cast.simulator(self.stage, surroundings, noted))
            self._enter(cast.web(self.stage, surroundings))
            self._enter(cast.worker(surroundings))
            self._greet(secrets)
            while not self.asked_to_stop:
                keep_running(self.children, self.console)
                time.sleep(0.2)
        finally:
            self._close()

    def _start_database(self) -> None:
        if settings.DATABASES["default"]["ENGINE"] != "djobea.postgres":
            self.console.say("PostgreSQL: the server named in DATABASE_URL")
            return
        self.console.say("PostgreSQL: starting the embedded server (the first start lays out its data) ...")
        try:
            self.server = embedded_server()
            self.server.start()
        except EmbeddedServerError as error:
            raise CommandError(str(error)) from error
        self.console.say(f"PostgreSQL: ready, its data are in {self.server.places.data}")

    def _prepare(self, child: Child) -> None:
        self.console.say("Preparing tables, first data and the admin user ...")
        start(child, self.console)
        while child.is_running:
            if self.asked_to_stop:
                end([child], self.console, self._in_a_hurry)
            time.sleep(0.05)
        if child.exit_code and not self.asked_to_stop:
            raise CommandError("Preparing failed; the lines above say why.")

    def _enter(self, child: Child) -> None:
        if self.asked_to_stop:
            return
        self.console.say(f"Starting {child.name} ...")
        self.children.append(child)
        start(child, self.console)
        if not wait_until_ready(child, lambda: bool(self.asked_to_stop)) and not self.asked_to_stop:
            raise CommandError(f"{child.name} does not start; its lines above say why.")

    def _greet(self, secrets: Mapping[str, str]) -> None:
        if self.asked_to_stop:
            return
        user, password = secrets[secrets_file.ADMIN_USER], secrets[secrets_file.ADMIN_PASSWORD]
        self.console.say(
            "\n".join(
                (
                    "",
                    "Djobea runs.",
                    f"  Phones   {self.stage.simulator}/   write as a customer, answer as a provider",
                    f"  Console  {self.stage.web}/admin/   name {user}   password {password}",
                    "Ctrl-C stops everything; your data stay.",
                    "",
                )
            )
        )

    def _close(self) -> None:
        self.console.say("Stopping ...")
        # The web server first, so that nothing new comes in; the simulator last, so that the worker can finish.
        order = sorted(self.children, key=lambda child: ("web", "worker", "simulator").index(child.name))
        end(order[:-1] if len(order) > 1 else [], self.console, self._in_a_hurry)
        end(order, self.console, self._in_a_hurry)
        if self.server is not None and not self.server.stop(only_when_idle=True):
            self.console.say("PostgreSQL has other clients and keeps running: python -m djobea.postgres stop")
        self.console.say("Stopped.")

    def _stop(self, _number: int, _frame: FrameType | None) -> None:
        self.asked_to_stop += 1

    def _in_a_hurry(self) -> bool:
        return self.asked_to_stop > 1


def _require_free_ports(stage: Stage) -> None:
    for port in stage.ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                why = "is taken by another program" if error.errno == errno.EADDRINUSE else f"cannot be used ({error})"
                raise CommandError(
                    f"Port {port} {why}: stop it, or take other ports with `make demo PORT={stage.port + 1000}`."
                ) from error
