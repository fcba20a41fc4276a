"""Starts the simulator as the process that it is, and speaks to its control API. For every test that needs Twilio."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlencode

from twilio.rest import Client

from djobea.simulator.options import MAIN_ACCOUNT_SID, MAIN_AUTH_TOKEN, SMS_SENDER, WHATSAPP_SENDER

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 15.0
# No proxy of the environment comes between a test and its simulator.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class SimulatorProcess:
    """A running simulator: its address, its credentials and its control API."""

    def __init__(self, process: subprocess.Popen[bytes], base_url: str, options: dict[str, Any]) -> None:
        self.process = process
        self.base_url = base_url
        self.account_sid = str(options.get("account_sid", MAIN_ACCOUNT_SID))
        self.auth_token = str(options.get("auth_token", MAIN_AUTH_TOKEN))
        self.whatsapp_from = _first(options.get("whatsapp_from"), WHATSAPP_SENDER)
        self.sms_from = _first(options.get("sms_from"), SMS_SENDER)

    def control(self, path: str, wish: object = None, *, method: str = "") -> Any:
        """Call the control API: GET without a wish, POST with one. Raises `AssertionError` with its words if it refuses."""
        data = None if wish is None else json.dumps(wish).encode()
        request = urllib.request.Request(  # noqa: S310 (the simulator's own address)
            f"{self.base_url}/control/{path}",
            data=data,
            headers={"Content-Type": "application/json"} if data else {},
            method=method or ("POST" if data else "GET"),
        )
        try:
            with _opener.open(request, timeout=10) as response:
                return json.loads(response.read())
        except urllib.error.HTTPError as error:
            with error:
                raise AssertionError(f"/control/{path}: {error.code} {error.read().decode()}") from None

    def client(self, account_sid: str = "", auth_token: str = "") -> Client:
        """The real Twilio client, pointed here."""
        return twilio_client(self.base_url, account_sid or self.account_sid, auth_token or self.auth_token)

    def fault(self, name: str, **parameters: Any) -> None:
        """Switch a fault on (`on=False`: off)."""
        self.control("faults", {"fault": name, **parameters})

    def clear_faults(self) -> None:
        """Switch all faults off and stop all scripts."""
        self.control("faults", method="DELETE")

    def reset(self, *keep: str) -> None:
        """As at the start, but for what `keep` names: contents, phones, clock."""
        self.control("reset", {"keep": list(keep)})

    def advance(self, seconds: float) -> None:
        """Move the simulator's clock on."""
        self.control("clock", {"advance_seconds": seconds})

    def phone(self, number: str, **switches: Any) -> dict[str, Any]:
        """Create a phone or turn its switches."""
        found: dict[str, Any] = self.control("phones", {"number": number, **switches})
        return found

    def write(self, phone: str, text: str = "", **wish: Any) -> dict[str, Any]:
        """Let a phone write (`button=`, `item=`, `location=`, `media=` for the other kinds)."""
        found: dict[str, Any] = self.control("inbound", {"phone": phone, "text": text, **wish})
        return found

    def read(self, phone: str) -> int:
        """Let the person look at the phone; returns how many messages were unread."""
        return int(self.control(f"phones/{quote(phone)}/read", {})["read"])

    def messages(self, **filters: Any) -> list[dict[str, Any]]:
        """Messages, the newest first (filters: to, from_, phone, status, direction, channel, body, since, limit ...)."""
        query = urlencode({name.rstrip("_"): value for name, value in filters.items()})
        found: list[dict[str, Any]] = self.control(f"messages?{query}")["messages"]
        return found

    def wait_for(self, ready: Callable[[], Any], seconds: float = 5.0) -> Any:
        """Ask again and again until the answer is true, and return it. Raises `AssertionError` when time is over."""
        deadline = time.monotonic() + seconds
        while not (found := ready()):
            assert time.monotonic() < deadline, (
                f"Not within {seconds} s; the log ends with {self.control('log')['log'][-3:]}"
            )
            time.sleep(0.02)
        return found

    def wait_for_status(self, sid: str, *statuses: str, seconds: float = 5.0) -> dict[str, Any]:
        """Wait until a message has one of these statuses, and return it."""

        def found() -> dict[str, Any] | None:
            message: dict[str, Any] = self.control(f"messages/{sid}")
            return message if message["status"] in statuses else None

        message: dict[str, Any] = self.wait_for(found, seconds)
        return message

    def stop(self) -> int:
        """Stop the process as an operator would, and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
        return self.process.wait(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()


def start_simulator(**options: Any) -> SimulatorProcess:
    """Start a simulator on a free port; `options` are those of its command line, with underscores.

    Unless told otherwise it is quick (`sent` after 20 ms, `delivered` 20 ms later). `webhook_url` is where phones' messages go;
    `no_window=True` switches the 24-hour rule off; lists repeat an option. It ends with the process that started it.
    """
    port = options.pop("port", None) or free_port()
    options = {"sent_after": 0.02, "delivered_after": 0.02} | options
    base_url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "djobea.simulator", "--port", str(port), "--parent-pid", str(os.getpid())]
    for name, value in options.items():
        command += list(_as_arguments(name, value))
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    simulator = SimulatorProcess(process, base_url, options)
    deadline = time.monotonic() + START_SECONDS
    while True:
        assert process.poll() is None, f"The simulator ended with code {process.returncode}: {' '.join(command)}"
        with contextlib.suppress(OSError), _opener.open(f"{base_url}/health", timeout=1):
            return simulator
        if time.monotonic() > deadline:
            simulator.stop()
            raise AssertionError("The simulator did not start.")
        time.sleep(0.02)


@contextlib.contextmanager
def running_simulator(**options: Any) -> Iterator[SimulatorProcess]:
    """A simulator for as long as the block lasts."""
    with start_simulator(**options) as simulator:
        yield simulator


def twilio_client(base_url: str, account_sid: str, auth_token: str, **http: Any) -> Client:
    """The real Twilio client whose api, messaging and content hosts are one address."""
    client = Client(account_sid, auth_token, **http)
    client.api.base_url = client.messaging.base_url = client.content.base_url = base_url
    return client


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _as_arguments(name: str, value: object) -> Iterator[str]:
    option = f"--{name.replace('_', '-')}"
    if value is True:
        yield option
    elif isinstance(value, (list, tuple)):
        for each in value:
            yield from (option, str(each))
    elif value is not None and value is not False:
        yield from (option, str(value))


def _first(value: Any, standard: str) -> str:
    return str(value[0] if isinstance(value, (list, tuple)) else value) if value else standard
