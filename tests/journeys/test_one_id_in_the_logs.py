"""One id leads through the logs, from the webhook that brought a message to the receipt of each answer."""

import io
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from marketplace import dispatch
from marketplace.models import InboundMessage, Offer, ServiceRequest, Wave
from notifications.models import Notification
from tests.phones import Phone
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db(transaction=True)
WEBHOOK = "POST /webhooks/twilio/inbound/"


class Log:
    """The JSON lines of a story, to be asked by their id."""

    def __init__(self, stream: io.StringIO) -> None:
        self.lines = [json.loads(line) for line in stream.getvalue().splitlines()]

    def webhooks(self) -> list[str]:
        """The ids of the requests that brought messages, the oldest first."""
        return [line["request_id"] for line in self.lines if line.get("request") == WEBHOOK]

    def under(self, trace: str) -> list[str]:
        """What happened under this id, in order."""
        return [line["event"] for line in self.lines if line.get("request_id") == trace]


def steps_of(row: Notification) -> list[str]:
    attempt = row.attempts.get()
    return [
        f"attempt {attempt.pk} of notification {row.pk} on whatsapp: Accepted {attempt.provider_sid}",
        f"notification {row.pk} has the receipt delivered of attempt {attempt.pk}",
    ]


def test_the_id_of_the_webhook_is_in_the_log_of_each_step(
    customer: Phone, work: Callable[[], None], log: io.StringIO
) -> None:
    other = Phone(customer.simulator, "+237699000002", "Paul Biyong")
    for phone in (customer, other):
        phone.writes("bonjour")
        work()
    told = Log(log)
    ids = told.webhooks()
    assert len(set(ids)) == 2
    for trace, phone in zip(ids, (customer, other), strict=True):
        message = InboundMessage.objects.get(contact__phone_number=phone.number)
        answer = Notification.objects.get(phone_number=phone.number)
        assert {message.trace, answer.trace} == {trace}
        lines = told.under(trace)
        assert lines[:2] == ["request_finished", f"inbound message {message.pk} is answered at try 1"]
        assert set(steps_of(answer)) <= set(lines)
        assert f"notification {answer.pk} " not in str(told.under(next(each for each in ids if each != trace)))


def test_offers_are_followed_under_the_message_that_began_the_request(
    customer: Phone, work: Callable[[], None], log: io.StringIO
) -> None:
    plumber = Phone(customer.simulator, "+237677000001", "Jean-Pierre Mbarga")
    plumber.writes("bonjour")
    customer.writes("J'ai une fuite d'eau à Bonamoussadi, c'est urgent")
    work()
    customer.writes("1")
    work()
    request = ServiceRequest.objects.get()
    told = Log(log)
    assert request.trace == told.webhooks()[-1]
    mine = Offer.objects.get(provider__phone_number=plumber.number)
    offer = Notification.objects.get(purpose="offer", reference=f"offer:{mine.pk}")
    assert set(steps_of(offer)) <= set(told.under(request.trace))


def test_the_wave_that_a_duty_sends_later_is_followed_under_it_too(customer: Phone, work: Callable[[], None]) -> None:
    customer.writes("J'ai une fuite d'eau à Bonamoussadi, c'est urgent")
    work()
    customer.writes("1")
    work()
    request = ServiceRequest.objects.get()
    wave = Wave.objects.get()
    a_provider()
    assert dispatch.expire_offers(wave.ends_at + timedelta(seconds=1)) == 1
    later = Offer.objects.exclude(wave=wave)
    assert later
    rows = Notification.objects.filter(reference__in=[f"offer:{offer.pk}" for offer in later])
    assert set(rows.values_list("trace", flat=True)) == {request.trace}
