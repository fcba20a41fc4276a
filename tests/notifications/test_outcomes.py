"""Did the message leave? Each thing that can happen to a call, with what it proves, and what becomes of the message.

The rows are those of the table in Twilio's contract (docs of twilio-python 9.13 and requests): what surely did not
leave is tried again by policy, everything else is looked up before anything is sent twice.
"""

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import pytest

from notifications import reconciliation, settlement, throttling, twilio_client
from notifications.channels import Accepted, Refused, Unknown
from notifications.channels.base import Answer, Envelope
from notifications.models import Account, Channel, Notification, Outcome, Status
from notifications.queue import claim, recover_leases
from tests.engine import a_message, later, point_at, someone, turn
from tests.raw_server import Answer as Words
from tests.raw_server import hangs_up, nobody_answers_the_door, raw_server, resets, says, says_bytes
from tests.simulator_process import SimulatorProcess, free_port

STRANGER: Final = Path(__file__).parent / "stranger.pem"  # a certificate that nobody vouches for; it guards nothing
HTML: Final = "<html><body>502 Bad Gateway</body></html>"
World = Callable[[SimulatorProcess, Any], AbstractContextManager[None]]


def fault(name: str, **facts: Any) -> World:
    """The simulator with one fault."""

    @contextmanager
    def world(simulator: SimulatorProcess, _settings: Any) -> Iterator[None]:
        simulator.fault(name, **facts)
        yield

    return world


def wire(words: Words, *, scheme: str = "http", tls: Callable[[], ssl.SSLContext] | None = None) -> World:
    """A server that says these bytes."""

    @contextmanager
    def world(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
        with raw_server(words, tls=tls() if tls else None) as server:
            point_at(simulator, settings, TWILIO_API_BASE_URL=f"{scheme}://{server.address}")
            yield
            if scheme == "http":
                assert server.requests == 1, "one call, and none of it repeated by a library"

    return world


@contextmanager
def no_such_host(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    point_at(simulator, settings, TWILIO_API_BASE_URL="http://no-such-host.invalid")
    yield


@contextmanager
def nobody_listens(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    point_at(simulator, settings, TWILIO_API_BASE_URL=f"http://127.0.0.1:{free_port()}")
    yield


@contextmanager
def connecting_takes_for_ever(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    with nobody_answers_the_door() as address, pytest.MonkeyPatch.context() as patch:
        patch.setattr(twilio_client, "CONNECT_TIMEOUT", 0.2)
        point_at(simulator, settings, TWILIO_API_BASE_URL=f"http://{address}")
        yield


@contextmanager
def the_answer_never_comes(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    released = threading.Event()

    def says_nothing(_line: socket.socket) -> None:
        released.wait(5)

    with raw_server(says_nothing) as server:
        point_at(simulator, settings, TWILIO_API_BASE_URL=f"http://{server.address}", TWILIO_TIMEOUT_SECONDS=0.2)
        yield
        released.set()


@contextmanager
def a_proxy_that_is_not_there(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    _api, http = twilio_client.client()
    assert http.session is not None
    http.session.proxies = {"http": f"http://127.0.0.1:{free_port()}"}
    yield
    twilio_client.forget_clients()


@contextmanager
def no_credentials(simulator: SimulatorProcess, settings: Any) -> Iterator[None]:
    settings.TWILIO_ACCOUNT_SID = settings.TWILIO_AUTH_TOKEN = ""
    twilio_client.forget_clients()
    yield


def a_strangers_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(STRANGER)
    return context


def half_a_chunk(line: socket.socket) -> None:
    line.sendall(b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nhalf of it")


class Row(NamedTuple):
    """One thing that can happen, and the answer that it must be taken for."""

    happens: World
    answer: type[Answer]
    code: str = ""


REFUSED_JSON: Final = '{"code": 21211, "message": "Invalid To", "more_info": "", "status": 400}'
ROWS: Final[dict[str, Row]] = {
    # surely not sent
    "the name is not found": Row(no_such_host, Refused, "network"),
    "the connection is refused": Row(nobody_listens, Refused, "network"),
    "connecting takes for ever": Row(connecting_takes_for_ever, Refused, "network"),
    "the certificate is a stranger's": Row(
        wire(hangs_up, scheme="https", tls=a_strangers_certificate), Refused, "network"
    ),
    "there are no credentials": Row(no_credentials, Refused, "20003"),
    "400 with Twilio's code": Row(fault("error", code=21211, where="answer"), Refused, "21211"),
    "401 with Twilio's code": Row(fault("bad_credentials"), Refused, "20003"),
    "429 with Twilio's code": Row(fault("too_many_requests", retry_after=2), Refused, "20429"),
    "429 with 63038": Row(fault("daily_limit", limit=0), Refused, "63038"),
    "a code nobody knows": Row(fault("error", code=69999, where="answer"), Refused, "69999"),
    # unknown
    "429 without Twilio's code": Row(wire(says("429 Too Many Requests", "slow down")), Unknown, "429"),
    "429 with a code that is not Twilio's": Row(wire(says("429 Too Many Requests", '{"code": 7}')), Unknown, "7"),
    "403 from a proxy": Row(wire(says("403 Forbidden", HTML)), Unknown, "403"),
    "404 from a CDN": Row(wire(says("404 Not Found", HTML)), Unknown, "404"),
    "a redirection": Row(wire(says("307 Temporary Redirect", "", "Location: /elsewhere")), Unknown, "307"),
    "the answer never comes": Row(the_answer_never_comes, Unknown, "lost"),
    "the line ends after the request": Row(wire(hangs_up), Unknown, "lost"),
    "the line is reset after the request": Row(wire(resets), Unknown, "lost"),
    "the line ends in the middle of the answer": Row(wire(half_a_chunk), Unknown, "lost"),
    "the answer is not HTTP": Row(wire(says_bytes(b"\x15\x03\x01 what?\r\n\r\n")), Unknown, "lost"),
    "the TLS handshake breaks": Row(wire(says_bytes(b"no TLS here\r\n"), scheme="https"), Unknown, "lost"),
    "the proxy is gone": Row(a_proxy_that_is_not_there, Unknown, "lost"),
    "cut before acceptance": Row(fault("cut_before"), Unknown, "lost"),
    "cut after acceptance": Row(fault("cut_after"), Unknown, "lost"),
    "500": Row(fault("server_error", http_status=500), Unknown, "20500"),
    "500, yet created": Row(fault("server_error", http_status=500, created=True), Unknown, "20500"),
    "502 in HTML": Row(fault("server_error", http_status=502, html=True), Unknown, "502"),
    "503": Row(fault("server_error", http_status=503), Unknown, "20503"),
    "504": Row(wire(says("504 Gateway Timeout", HTML)), Unknown, "504"),
    "500 with a code of the 400s": Row(wire(says("500 Internal Server Error", REFUSED_JSON)), Unknown, "21211"),
    "201 without anything": Row(fault("empty_answer", body="empty"), Unknown, "lost"),
    "201 with an empty object": Row(fault("empty_answer", body="object"), Unknown, "lost"),
    "201 that is no JSON": Row(wire(says("201 Created", "thank you")), Unknown),
    "201 with a list": Row(wire(says("201 Created", "[]")), Unknown),
    "201 with null": Row(wire(says("201 Created", "null")), Unknown),
}


@pytest.fixture
def row(simulator: SimulatorProcess) -> Notification:
    return a_message(someone(), purpose="news")


@pytest.mark.parametrize("happening", ROWS)
def test_what_happens_to_a_call_says_whether_the_message_left(
    simulator: SimulatorProcess, settings: Any, row: Notification, happening: str
) -> None:
    happens, answer, code = ROWS[happening]
    with happens(simulator, settings):
        assert turn() == 1
    attempt = row.attempts.get()
    row.refresh_from_db()
    account = Account.objects.get(sid=simulator.account_sid)
    if answer is Refused:
        assert (attempt.outcome, attempt.error_code) == (Outcome.REFUSED, code)
        assert row.status in (Status.QUEUED, Status.DEAD), "the policy decides at once"
        assert row.possible_duplicate is False
        assert throttling.used_slots(account, at=later(seconds=1)) == 0, "it takes nothing from the daily limit"
    else:
        assert attempt.outcome == Outcome.UNKNOWN
        assert code in ("", attempt.error_code)
        assert row.status == Status.UNCONFIRMED, "it is looked up before anything is sent again"
        assert throttling.used_slots(account, at=later(seconds=1)) == 1, "it may count at Twilio, so it counts here"
    assert attempt.finished_at is not None
    assert row.attempt_count == 1


def test_a_sound_answer_is_none_of_these(simulator: SimulatorProcess, row: Notification) -> None:
    turn()
    row.refresh_from_db()
    assert (row.status, row.attempts.get().outcome) == (Status.SENT, Outcome.ACCEPTED)


def test_a_worker_that_died_with_a_lease_leaves_its_message_unknown(
    simulator: SimulatorProcess, row: Notification
) -> None:
    claim("dies", 1, later())
    assert recover_leases(later(seconds=61)) == 1
    row.refresh_from_db()
    assert (row.status, row.attempts.get().outcome) == (Status.UNCONFIRMED, Outcome.UNKNOWN)


def test_what_surely_did_not_leave_is_tried_again_within_half_a_minute(
    simulator: SimulatorProcess, settings: Any, row: Notification
) -> None:
    with nobody_listens(simulator, settings):
        turn()
    point_at(simulator, settings)
    turn(at=later(seconds=31))
    row.refresh_from_db()
    assert (row.status, row.attempt_count, row.possible_duplicate) == (Status.SENT, 2, False)


def test_retry_after_and_the_request_id_are_kept(simulator: SimulatorProcess, settings: Any) -> None:
    envelope = Envelope(0, 0, "whatsapp", simulator.whatsapp_from, "whatsapp:+237699000001", "Bonjour")
    words = says(
        "429 Too Many Requests", '{"code": 20429, "message": "slow"}', "Retry-After: 7", "Twilio-Request-Id: RQ1"
    )
    with raw_server(words) as server:
        point_at(simulator, settings, TWILIO_API_BASE_URL=f"http://{server.address}")
        answer = twilio_client.create_message(envelope, account="main")
    assert isinstance(answer, Refused)
    assert (answer.retry_after, answer.request_id, answer.http_status) == (7.0, "RQ1", 429)
    point_at(simulator, settings)
    accepted = twilio_client.create_message(envelope, account="main")
    assert isinstance(accepted, Accepted)
    assert accepted.request_id.startswith("RQ")
    with nobody_listens(simulator, settings):
        lost = twilio_client.create_message(envelope, account="main")
    assert isinstance(lost, Refused)
    assert lost.request_id == "", "the headers of an earlier answer are not this one's"


def test_429_waits_as_long_as_twilio_asks_slows_the_channel_and_costs_no_retry(
    simulator: SimulatorProcess, row: Notification
) -> None:
    simulator.fault("too_many_requests", retry_after=40, count=1)
    turn()
    row.refresh_from_db()
    assert (row.status, row.retry_count) == (Status.QUEUED, 0)
    assert later(seconds=35) < row.due_at < later(seconds=41)
    channel = Channel.objects.get(name="whatsapp")
    assert throttling.speed(channel, later()) == pytest.approx(channel.per_second / 10)
    assert turn(at=later(seconds=34)) == 0
    assert turn(at=later(seconds=41)) == 1
    row.refresh_from_db()
    assert row.status == Status.SENT


def test_a_look_up_that_fails_is_made_again_and_nothing_is_sent_for_it(
    simulator: SimulatorProcess, settings: Any, row: Notification
) -> None:
    simulator.fault("cut_after", count=1)
    turn()
    with nobody_listens(simulator, settings):
        assert reconciliation.reconcile_due(later(minutes=11)) == 0
    row.refresh_from_db()
    assert row.status == Status.UNCONFIRMED
    point_at(simulator, settings)
    assert reconciliation.reconcile_due(later(minutes=12)) == 1
    row.refresh_from_db()
    assert row.status in (Status.SENT, Status.DELIVERED)
    assert row.attempt_count == 1
    assert settlement.tell_news(later()) == 0
