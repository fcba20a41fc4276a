"""A living worker asks the outside address; a failing one disturbs nobody and is not named in the log."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from djobea import dead_man, schedule
from tests.providers.factories import NOON

asked: list[str] = []


class Outside(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        asked.append(self.path)
        self.send_response(500 if "broken" in self.path else 200)
        self.end_headers()

    def log_message(self, *_args: object) -> None:
        """Nothing."""


@pytest.fixture
def outside() -> Iterator[str]:
    asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Outside)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_the_worker_pings_where_an_address_is_set(outside: str, settings: Any) -> None:
    (duty,) = [duty for duty in schedule.all_duties() if duty.name == "djobea.dead_man"]
    settings.DEAD_MAN_PING_URL = ""
    duty.run(NOON)
    assert asked == []
    settings.DEAD_MAN_PING_URL = f"{outside}/key"
    duty.run(NOON)
    assert asked == ["/key"]


def test_a_failing_address_is_logged_without_its_name(
    outside: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.DEAD_MAN_PING_URL = f"{outside}/broken-key"
    assert dead_man.ping(NOON) == 0
    told = [record.getMessage() for record in caplog.records if record.name == dead_man.__name__]
    assert len(told) == 1
    assert "broken-key" not in told[0]
