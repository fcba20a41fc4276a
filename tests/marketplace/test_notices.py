"""What our messages say, in whose language, and whether an SMS carries them at single price."""

from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import transaction

from marketplace import dispatch, jobs, notices
from marketplace.models import Job, Offer, Urgency
from marketplace.wave_policy import WAVE_LASTS
from notifications.models import Notification, Priority
from notifications.rendering import for_channel
from tests.factories import a_customer, a_job, a_request, a_silent_request, an_inbound, messages_to, offers_to
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db
# GSM 03.38, the basic set: one septet each.
GSM_7: Final = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
TWO_SEGMENTS: Final = 306


def the_offer(language: str = "fr", **facts: Any) -> Notification:
    plumber = a_provider(language=language)
    a_request(**facts)
    return messages_to(plumber.phone_number, "offer")[0]


def test_an_offer_says_what_where_and_until_when_and_carries_two_buttons() -> None:
    row = the_offer(urgency=Urgency.EMERGENCY)
    offer = Offer.objects.get()
    minutes = WAVE_LASTS[Urgency.EMERGENCY] // timedelta(minutes=1)
    for words in ("Plomberie", "Bonamoussadi", "URGENT", f"{minutes} min", "une fuite sous l'évier"):
        assert words in row.body
    assert row.choices == [
        {"id": f"offer:{offer.pk}:accept", "title": "Accepter"},
        {"id": f"offer:{offer.pk}:decline", "title": "Refuser"},
    ]
    assert (row.expires_at, row.reference, row.priority) == (offer.expires_at, f"offer:{offer.pk}", Priority.URGENT)


def test_an_offer_by_sms_carries_a_link_instead_of_asking_for_an_answer() -> None:
    row = the_offer()
    assert "/go/" in row.sms_body
    assert len(row.sms_body) <= TWO_SEGMENTS


def test_an_offer_keeps_the_customers_name_and_number_to_itself() -> None:
    row = the_offer(customer=a_customer(phone_number="+237699123456", name="Awa Ngono"))
    for text in (row.body, row.sms_body):
        assert "699123456" not in text
        assert "Ngono" not in text


@pytest.mark.parametrize(("language", "title"), [("fr", "Accepter"), ("en", "Accept"), ("pcm", "Take am")])
def test_each_provider_reads_the_own_language(language: str, title: str) -> None:
    assert the_offer(language).choices[0]["title"] == title


def test_the_match_brings_both_sides_together() -> None:
    job = a_job()
    customer = job.request.customer.contact
    (found,) = messages_to(customer.phone_number, "provider_found")
    (won,) = messages_to(job.provider.phone_number, "offer_won")
    for text in (found.body, found.sms_body):
        assert job.provider.name in text
        assert job.provider.phone_number in text
    for text in (won.body, won.sms_body):
        assert "Awa" in text
        assert str(customer.phone_number) in text
        assert "derrière la pharmacie" in text
    assert (found.reference, won.reference) == (f"job:{job.pk}:customer", f"job:{job.pk}:provider")
    assert "/go/" in found.sms_body
    assert "/go/" in won.sms_body


def test_a_customer_who_hides_the_number_is_not_shown_as_a_blank() -> None:
    a_provider()
    customer = a_customer(phone_number=None, whatsapp_id="CM.1", name="")
    request = a_request(customer=customer)
    dispatch.accept(request.offers.get(), at=NOON)
    (won,) = messages_to(Job.objects.get().provider.phone_number, "offer_won")
    assert "None" not in won.body
    assert "numéro" in won.body


def test_a_shared_location_becomes_a_map_link_for_the_winner_only() -> None:
    job = a_job(latitude=4.0891, longitude=9.7402)
    assert "maps.google.com/?q=4.08910,9.74020" in messages_to(job.provider.phone_number, "offer_won")[0].body
    assert "maps" not in messages_to(job.provider.phone_number, "offer")[0].body


def test_everything_that_an_sms_may_carry_is_written_in_its_cheap_alphabet() -> None:
    service, zone = a_service("maçonnerie"), a_zone("forêt-bar")
    customer = a_customer(name="Gaël Noël", language="fr")
    for _ in range(3):
        a_provider(name="Françoise d\u2019Œuvre", services=[service], zones=[zone])
    request = a_request(
        customer=customer, service=service, zone=zone, place_note="près de l\u2019hôtel, à côté du château"
    )
    first, *_others = request.offers.order_by("pk")
    dispatch.accept(first, at=NOON)
    job = Job.objects.get()
    jobs.set_out(job, at=NOON)
    jobs.cancel(job, reason="", by="provider", at=NOON)
    expired = a_silent_request(customer=customer)
    with transaction.atomic():
        notices.tell_expired(expired, at=NOON)
        notices.tell_withdrawn(offers_to(expired, [a_provider()])[0], at=NOON)
    texts = [for_channel(row, "sms", {}).body for row in Notification.objects.all()]
    assert len(texts) >= 8
    for text in texts:
        assert not set(text) - GSM_7, text


def test_a_scheduled_visit_is_told_in_local_time() -> None:
    row = the_offer(urgency=Urgency.SCHEDULED, scheduled_for=NOON + timedelta(days=1))
    assert "25/11 12:00" in row.body


def test_the_same_news_is_told_once() -> None:
    job = a_job()
    for _ in range(2):
        with transaction.atomic():
            notices.tell_match(job, at=NOON)
            notices.ask_rating(job, at=NOON)
            notices.tell_on_the_way(job, at=NOON)
    purposes = [row.purpose for row in messages_to(job.request.customer.contact.phone_number)]
    assert purposes == ["provider_found", "rating_request", "job_news"]


def test_a_reply_is_bound_to_its_message_and_carries_its_choices() -> None:
    message = an_inbound(a_customer().contact)
    choices = [{"id": "menu:1", "title": "Plomberie"}]
    rows = []
    for _ in range(2):
        with transaction.atomic():
            rows.append(
                notices.reply(message.contact, text="Bonjour", choices=choices, language="fr", message=message, at=NOON)
            )
    assert rows[0] == rows[1]
    assert (rows[0].choices, rows[0].reference) == (choices, f"inbound:{message.pk}")
