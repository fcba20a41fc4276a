"""While WhatsApp's circuit is open: news by SMS with a link, honest words, longer waits; and an end to it by itself."""

from datetime import datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace import degraded, jobs
from marketplace.models import Job, Rating, ServiceRequest, Urgency, Wave
from marketplace.wave_policy import WAVE_LASTS
from notifications import clock
from notifications.models import Channel, Notification
from notifications.rendering import for_channel
from providers.models import Provider

from .conftest import Phone

HALF_AN_HOUR = timedelta(minutes=30)
LEAK = "fuite d'eau à Bonamoussadi, urgent"


def shut_whatsapp(at: datetime, **facts: object) -> Channel:
    """The circuit opens."""
    defaults = {"is_configured": True, "paused_until": at + timedelta(days=1), "paused_at": at, "pause_code": "63007"}
    return Channel.objects.update_or_create(name="whatsapp", defaults=defaults | facts)[0]


def opens_again(channel: Channel) -> None:
    Channel.objects.filter(pk=channel.pk).update(paused_until=None, paused_at=None, pause_code="")


@pytest.fixture
def searching(customer: Phone, plumber: Provider) -> Phone:
    """A customer whose search runs since half an hour."""
    customer.writes(LEAK)
    customer.writes("oui")
    ServiceRequest.objects.update(created_at=customer.at)
    customer.at += HALF_AN_HOUR
    return customer


def sms_text(row: Notification) -> str:
    return for_channel(row, "sms", {}).body


def link_in(text: str) -> str:
    return "/go/" + text.rsplit("/go/", 1)[1].strip()


def test_it_begins_and_ends_with_the_channels_record(searching: Phone) -> None:
    assert degraded.outage(searching.at) is None
    assert degraded.slowness(searching.at) == 1
    channel = shut_whatsapp(searching.at)
    found = degraded.outage(searching.at)
    assert found is not None
    assert (found.since, found.code) == (searching.at, "63007")
    assert degraded.slowness(searching.at) == 2
    opens_again(channel)
    assert degraded.outage(searching.at) is None


def test_offers_stay_open_twice_as_long_while_it_lasts(customer: Phone, plumber: Provider) -> None:
    shut_whatsapp(customer.at)
    customer.writes(LEAK)
    customer.writes("oui")
    wave = Wave.objects.get()
    lasts = 2 * WAVE_LASTS[Urgency.EMERGENCY]
    assert wave.ends_at - wave.started_at == lasts
    offer = plumber.offers.get()
    assert offer.expires_at == wave.ends_at
    assert f"{lasts // timedelta(minutes=1)} min" in Notification.objects.get(purpose="offer").body


def test_an_sms_channel_or_one_that_is_not_set_up_is_no_outage(searching: Phone) -> None:
    shut_whatsapp(searching.at, is_configured=False)
    Channel.objects.create(
        name="sms", is_configured=True, paused_until=searching.at + timedelta(days=1), pause_code="30003"
    )
    assert degraded.outage(searching.at) is None


def test_people_with_a_running_request_are_told_once_by_sms(searching: Phone, client: Client) -> None:
    shut_whatsapp(searching.at)
    assert degraded.tell_waiting(searching.at + timedelta(minutes=1)) == 0
    assert degraded.tell_waiting(searching.at + timedelta(minutes=3)) == 1
    assert degraded.tell_waiting(searching.at + timedelta(minutes=4)) == 0
    news = searching.received()[-1]
    assert (news.channel, news.purpose) == ("sms", "outage_news")
    assert "panne" in news.body
    assert client.get(link_in(news.body)).status_code == 200


def test_short_breakdowns_and_ended_requests_trouble_nobody(searching: Phone) -> None:
    channel = shut_whatsapp(searching.at)
    opens_again(channel)
    assert degraded.tell_waiting(searching.at + timedelta(minutes=5)) == 0
    searching.writes("annuler")
    searching.writes("1")
    shut_whatsapp(searching.at)
    assert degraded.tell_waiting(searching.at + timedelta(minutes=5)) == 0


def test_nobody_whose_request_can_wait_is_woken(searching: Phone) -> None:
    night = searching.at.replace(hour=23)
    shut_whatsapp(night - timedelta(hours=1))
    ServiceRequest.objects.update(urgency="today")
    assert degraded.tell_waiting(night) == 0
    ServiceRequest.objects.update(urgency="emergency")
    assert degraded.tell_waiting(night) == 1


def test_who_opted_out_hears_nothing(searching: Phone) -> None:
    searching.writes("stop")
    shut_whatsapp(searching.at)
    assert degraded.tell_waiting(searching.at + timedelta(minutes=5)) == 0


def test_answers_say_honestly_that_it_takes_longer(searching: Phone) -> None:
    shut_whatsapp(searching.at)
    assert "panne" in searching.writes("suivi")
    other = Phone("+237699000002", searching.at)
    other.writes("fuite d'eau à Akwa, urgent")
    assert "panne" in other.writes("oui")


def test_a_question_by_sms_can_be_answered_in_the_chat(customer: Phone, settings: object) -> None:
    settings.TWILIO_WHATSAPP_FROM = "whatsapp:+14155238886"  # type: ignore[attr-defined]  # pytest-django's
    customer.writes("il me faut un plombier")
    text = sms_text(customer.received()[-1])
    assert text.endswith("https://wa.me/14155238886")
    customer.writes(LEAK)
    text = sms_text(customer.received()[-1])
    assert "Plomberie" in text
    assert "1 Oui, cherchez, 2 Modifier, 3 Annuler" in text
    assert text.endswith("https://wa.me/14155238886")


def test_each_news_of_a_request_carries_a_link_and_older_links_stay_good(
    searching: Phone, plumber: Provider, client: Client
) -> None:
    phone = Phone(plumber.phone_number, searching.at - HALF_AN_HOUR)
    phone.writes("1")
    phone.writes("je suis en route")
    told = [row for row in searching.received() if row.purpose in {"provider_found", "job_news"}]
    assert len(told) == 2
    for row in told:
        page = client.get(link_in(sms_text(row)))
        assert page.status_code == 200
        assert plumber.phone_number in page.content.decode()


def test_the_work_is_rated_on_the_page_behind_the_sms(searching: Phone, plumber: Provider, client: Client) -> None:
    phone = Phone(plumber.phone_number, searching.at - HALF_AN_HOUR)
    phone.writes("1")
    assert jobs.finish(Job.objects.get(), at=phone.at)
    link = link_in(sms_text(searching.received()[-1]))
    assert "⭐⭐⭐⭐⭐" in client.get(link).content.decode()
    assert Rating.objects.count() == 0
    for wrong in ("rate:9", "rate:x", "rate:"):
        client.post(link, {"act": wrong})
    assert Rating.objects.count() == 0
    client.post(link, {"act": "rate:4"})
    client.post(link, {"act": "rate:1"})
    assert Rating.objects.get().stars == 4


def test_staff_see_it_on_every_page_of_the_console(db: None, client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    page = reverse("admin:marketplace_servicerequest_changelist")
    said = "WhatsApp is down"
    assert said not in client.get(page, headers={"Accept-Language": "en"}).content.decode()
    channel = shut_whatsapp(clock.now())
    assert said in client.get(page, headers={"Accept-Language": "en"}).content.decode()
    opens_again(channel)
    assert said not in client.get(page, headers={"Accept-Language": "en"}).content.decode()
