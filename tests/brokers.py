"""Real brokers on ports of their own: started from nothing, stopped, started again with all forgotten."""

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

from tests.simulator_process import free_port

PATIENCE: Final = 90.0  # seconds; RabbitMQ on a busy machine


class Broker:
    """One broker. `start()` waits until it takes connections; `stop()` kills it with all that it holds."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, free_port()
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir()

    @property
    def url(self) -> str:
        """CELERY_BROKER_URL."""
        raise NotImplementedError

    def start(self) -> None:
        """Run it and wait until it listens."""
        command, environment = self._command()
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, env={**os.environ, **environment}, stdout=log, stderr=log, start_new_session=True
            )
        give_up = time.monotonic() + PATIENCE
        while not self._is_up():
            said = (self.folder / "log").read_text(errors="replace")[-2000:]
            assert self._process.poll() is None, f"the broker ended:\n{said}"
            assert time.monotonic() < give_up, f"the broker is not up:\n{said}"
            time.sleep(0.1)

    def stop(self) -> None:
        """`kill -9`, children too."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def _is_up(self) -> bool:
        with socket.socket() as line:
            line.settimeout(1)
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def _command(self) -> tuple[list[str], dict[str, str]]:
        raise NotImplementedError


class Redis(Broker):
    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _command(self) -> tuple[list[str], dict[str, str]]:
        program = shutil.which("redis-server") or "redis-server"
        facts = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", str(self.folder))
        return [program, *facts], {}


class RabbitMQ(Broker):
    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    def _command(self) -> tuple[list[str], dict[str, str]]:
        # The package's own wrapper changes the user; the program behind it runs as whoever starts it.
        inner = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        program = str(inner) if inner.exists() else "rabbitmq-server"
        settings = self.folder / "rabbitmq.conf"
        settings.write_text(f"listeners.tcp.1 = 127.0.0.1:{self.port}\n")
        return [program], {
            "HOME": str(self.folder),  # its cookie
            "RABBITMQ_NODENAME": f"djobea{self.port}@localhost",
            "RABBITMQ_CONFIG_FILE": str(settings),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "none"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_MNESIA_BASE": str(self.folder / f"data-{time.monotonic_ns()}"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "no_plugins"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none",
        }
