"""The guard against calls inside transactions sees what is planted, and leaves everything else alone."""

import smtplib
import socket
from collections.abc import Callable
from contextlib import suppress

import pytest
import requests
from django.db import transaction

from notifications import clock, contacts, settlement
from notifications.models import Contact, Notification, Status
from notifications.signals import notification_settled
from tests.quiet_transactions import CalledInsideTransactionError, expecting_offences
from tests.raw_server import raw_server, says

pytestmark = pytest.mark.django_db


def by_http(host: str, port: int) -> None:
    requests.post(f"http://{host}:{port}/", data={"a": "b"}, timeout=2)


def by_mail(host: str, port: int) -> None:
    smtplib.SMTP(host, port, timeout=2)


def by_name(host: str, port: int) -> None:
    socket.getaddrinfo("localhost", port)


def by_socket(host: str, port: int) -> None:
    with socket.socket() as line:
        line.connect((host, port))


@pytest.mark.parametrize("call", [by_http, by_mail, by_name, by_socket])
def test_a_call_inside_a_transaction_is_refused_before_anything_leaves(call: Callable[[str, int], None]) -> None:
    with raw_server(says("200 OK")) as server, expecting_offences() as found:
        host, _colon, port = server.address.partition(":")
        with transaction.atomic(), pytest.raises(CalledInsideTransactionError):
            call(host, int(port))
        with transaction.atomic(), suppress(AssertionError):  # swallowed, yet seen
            call(host, int(port))
        assert server.requests == 0
    assert len(found) == 2


def test_a_line_that_was_open_before_is_refused_too() -> None:
    with raw_server(says("200 OK")) as server, expecting_offences() as found:
        host, _colon, port = server.address.partition(":")
        with socket.create_connection((host, int(port))) as line, transaction.atomic():
            for say in (line.send, line.sendall):
                with pytest.raises(CalledInsideTransactionError):
                    say(b"GET / HTTP/1.1\r\n\r\n")
            with pytest.raises(CalledInsideTransactionError):
                line.recv(1)
    assert len(found) == 3


def test_a_call_after_the_commit_or_in_the_tests_own_transaction_is_nobodys_business() -> None:
    with raw_server(says("200 OK")) as server:
        host, _colon, port = server.address.partition(":")
        with transaction.atomic():
            contacts.for_number("+237699000001")
        by_http(host, int(port))
        assert server.requests == 1


def test_a_receiver_of_news_that_calls_another_machine_is_caught() -> None:
    """News are told inside a transaction, so this is where a careless successor would call."""
    contact = Contact.objects.create(phone_number="+237699000001")
    row = Notification.objects.create(
        purpose="offer", contact=contact, phone_number=contact.phone_number or "", body="x", channel="whatsapp",
        status=Status.DELIVERED, attempt_count=1, due_at=clock.now(), news_due=clock.now(),
    )  # fmt: skip

    with raw_server(says("200 OK")) as server, expecting_offences() as found:
        host, _colon, port = server.address.partition(":")

        def careless(**_facts: object) -> None:
            by_http(host, int(port))

        notification_settled.connect(careless)
        try:
            assert settlement.tell_news(clock.now()) == 0
        finally:
            notification_settled.disconnect(careless)
        assert server.requests == 0
    assert found
    row.refresh_from_db()
    assert row.news_due is not None, "it is told again later"
