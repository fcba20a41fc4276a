"""A web server that stands where Djobea would: it takes webhooks and remembers them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl

EMPTY_TWIML = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


@dataclass
class Call:
    """One webhook as it came."""

    method: str
    url: str
    headers: dict[str, str]
    fields: dict[str, str]
    at: float


@dataclass
class Reply:
    """How the next webhooks are answered."""

    status: int = 200
    body: str = EMPTY_TWIML
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "text/xml"})


class Receiver:
    """Listens on a free port; `calls` is what came; `reply` what is answered."""

    def __init__(self, port: int = 0) -> None:
        self.calls: list[Call] = []
        self.reply: Callable[[Call], Reply] = lambda _call: Reply()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                fields = dict(parse_qsl(body.decode(), keep_blank_values=True))
                url = receiver.base_url + self.path
                call = Call(self.command, url, dict(self.headers), fields, time.monotonic())
                reply = receiver.reply(call)
                receiver.calls.append(call)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body.encode())))
                self.end_headers()
                self.wfile.write(reply.body.encode())

            def do_GET(self) -> None:
                self.do_POST()

            def log_message(self, *_arguments: Any) -> None:
                """Be quiet."""

        return Handler

    def statuses(self, sid: str) -> list[str]:
        """The statuses that came for a message, in their order."""
        return [call.fields["MessageStatus"] for call in self.calls if call.fields.get("MessageSid") == sid]

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
