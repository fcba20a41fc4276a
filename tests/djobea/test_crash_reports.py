"""Crashes reach Sentry without what is personal, and nothing is sent where no address is set."""

import json
from collections.abc import Iterator

import pytest
import sentry_sdk
from sentry_sdk.envelope import Envelope
from sentry_sdk.transport import Transport

from djobea import crash_reports

sent: list[Envelope] = []


class Kept(Transport):
    """Keeps what would have left."""

    def capture_envelope(self, envelope: Envelope) -> None:
        sent.append(envelope)


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    sent.clear()
    yield
    sentry_sdk.init()  # off again


def unreadable(number: str) -> None:
    raise ValueError(f"{number} could not be read at /go/abcdef0123456789/")


def crash() -> None:
    try:
        unreadable("+237699123456")
    except ValueError as error:
        sentry_sdk.capture_exception(error)


def test_a_crash_is_told_without_numbers_and_variables() -> None:
    assert crash_reports.start("http://key@127.0.0.1:9/1", transport=Kept)
    crash()
    (event,) = [envelope.get_event() for envelope in sent]
    text = json.dumps(event, default=str)
    assert "ValueError" in text
    assert "could not be read" in text
    assert all(word not in text for word in ("699123456", "abcdef0123456789", '"vars"'))
    assert event is not None
    assert "server_name" not in event


def test_without_an_address_nothing_is_begun() -> None:
    assert not crash_reports.start("", transport=Kept)
    crash()
    assert sent == []
