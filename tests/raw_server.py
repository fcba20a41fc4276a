"""A server that answers with bytes, or not at all: for what no honest HTTP server does."""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

Answer = Callable[[socket.socket], None]
TLS_HELLO: Final = b"\x16"  # the first byte of a handshake, to a server that speaks none


class RawServer:
    """One answer for every connection that gets through; `requests` counts the requests that were read whole."""

    def __init__(self, answer: Answer, *, tls: ssl.SSLContext | None = None) -> None:
        self.requests = 0
        self._answer, self._tls = answer, tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def close(self) -> None:
        """Listen no more."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            with line, suppress(OSError):
                self._talk(line)

    def _talk(self, line: socket.socket) -> None:
        if self._tls is None:
            self._read_request(line)
            self._answer(line)
            return
        with self._tls.wrap_socket(line, server_side=True) as secret:
            self._read_request(secret)
            self._answer(secret)

    def _read_request(self, line: socket.socket) -> None:
        line.settimeout(5)
        read = b""
        while b"\r\n\r\n" not in read:
            if not (more := line.recv(65536)):
                return
            read += more
            if read.startswith(TLS_HELLO):
                return
        head, _, body = read.partition(b"\r\n\r\n")
        length = next(
            (int(h.split(b":")[1]) for h in head.split(b"\r\n") if h.lower().startswith(b"content-length")), 0
        )
        while len(body) < length:
            body += line.recv(65536)
        self.requests += 1


def says(status: str, body: str = "", *headers: str) -> Answer:
    """A whole answer, and the end of the line."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body.encode())}", "Connection: close", *headers]
    return lambda line: line.sendall(("\r\n".join(lines) + f"\r\n\r\n{body}").encode())


def says_bytes(text: bytes) -> Answer:
    """These bytes, whatever they mean, and the end of the line."""
    return lambda line: line.sendall(text)


def hangs_up(line: socket.socket) -> None:
    """Nothing more comes: the other side sees the end of the line."""
    line.shutdown(socket.SHUT_WR)


def resets(line: socket.socket) -> None:
    """The other side sees a reset."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")


@contextmanager
def raw_server(answer: Answer, *, tls: ssl.SSLContext | None = None) -> Iterator[RawServer]:
    """The server for as long as the block lasts."""
    server = RawServer(answer, tls=tls)
    try:
        yield server
    finally:
        server.close()


@contextmanager
def nobody_answers_the_door() -> Iterator[str]:
    """Host and port of a listener whose waiting room is full, so that connecting to it takes for ever."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        address = listener.getsockname()
        waiting = []
        for _ in range(8):
            line = socket.socket()
            line.settimeout(0)
            with suppress(BlockingIOError):
                line.connect(address)
            waiting.append(line)
        try:
            yield f"127.0.0.1:{address[1]}"
        finally:
            for line in waiting:
                line.close()
