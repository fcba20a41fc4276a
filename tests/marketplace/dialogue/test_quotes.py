"""A price named in the chat, and the customer's yes or no to it."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from marketplace import quotes
from marketplace.dialogue.quoting import amount_in
from marketplace.models import Job, JobStatus, Quote, QuoteStatus
from providers.models import Provider

from .conftest import Phone

LEAK = "fuite d'eau à Bonamoussadi, urgent"


@pytest.fixture
def working(customer: Phone, plumber: Provider, plumber_phone: Phone) -> Phone:
    """A plumber with a job of the customer's."""
    customer.writes(LEAK)
    customer.writes("oui")
    plumber_phone.at = customer.at
    plumber_phone.writes("1")
    customer.at = plumber_phone.at
    return plumber_phone


def asks(working: Phone, customer: Phone, text: str = "devis 25000 siphon et main d'œuvre") -> Quote:
    """The plumber names a price, and the customer has read it."""
    working.writes(text)
    customer.at = max(customer.at, working.at)
    return Quote.objects.latest("pk")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("devis 25000 siphon", (25000, "siphon")),
        ("Devis : 25 000 FCFA pour le siphon", (25000, "le siphon")),
        ("devis 25.000f", (25000, "")),
        ("devis 25k", (25000, "")),
        ("supplément 3 mille pour le joint", (3000, "le joint")),
        ("2 robinets 18000", (18000, "2 robinets")),
        ("prix c'est 15000 frs", (15000, "")),
        ("my price na 12000", (12000, "na")),
    ],
)
def test_amounts_are_read_as_people_write_them(text: str, found: tuple[int, str]) -> None:
    assert amount_in(text) == found


@pytest.mark.parametrize("text", ["devis", "devis 0", "99", "677123456 c'est mon numéro", "", "devis 2 robinets"])
def test_what_is_no_price_is_not_taken_for_one(text: str) -> None:
    assert amount_in(text) is None


def test_a_quote_reaches_the_customer_with_two_buttons(working: Phone, customer: Phone) -> None:
    said = working.writes("devis 25000 siphon")
    assert "25\u00a0000\u00a0FCFA" in said
    question = customer.received()[-1]
    quote = Quote.objects.get()
    assert "Jean Mbarga" in question.body
    assert "siphon" in question.body
    assert [choice["id"] for choice in question.choices] == [f"quote:{quote.pk}:approve", f"quote:{quote.pk}:refuse"]
    assert "/go/" in question.sms_body


@pytest.mark.parametrize("yes", ["1", "oui", "ok", "d'accord", "I agree", "👍"])
def test_the_customer_agrees_by_number_or_word(working: Phone, customer: Phone, yes: str) -> None:
    quote = asks(working, customer)
    customer.writes(yes)
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.APPROVED
    assert "d'accord" in working.received()[-1].body
    assert quotes.agreed(quote.job) == 25000
    assert quote.job.request.events.filter(name="quote_approved", actor="customer", facts__amount=25000).exists()


@pytest.mark.parametrize("no", ["2", "non", "je refuse"])
def test_the_customer_refuses_and_the_job_goes_on(working: Phone, customer: Phone, no: str) -> None:
    quote = asks(working, customer)
    customer.writes(no)
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.REFUSED
    assert quotes.agreed(quote.job) == 0
    assert Job.objects.get().status == JobStatus.ASSIGNED
    assert "25" in working.received()[-1].body


def test_the_buttons_work_once(working: Phone, customer: Phone) -> None:
    quote = asks(working, customer)
    customer.taps(f"quote:{quote.pk}:approve")
    assert "plus ouvert" in customer.taps(f"quote:{quote.pk}:refuse")
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.APPROVED


def test_extra_work_adds_to_what_was_agreed(working: Phone, customer: Phone) -> None:
    asks(working, customer)
    customer.writes("oui")
    working.writes("je suis là")
    extra = asks(working, customer, "travaux en plus 5000 joint")
    assert extra.is_extra
    assert "travail" in customer.received()[-1].body
    customer.writes("oui")
    assert quotes.agreed(extra.job) == 30000
    assert "30\u00a0000" in working.writes("mes jobs")


def test_a_newer_quote_replaces_the_one_that_waits(working: Phone, customer: Phone) -> None:
    first = asks(working, customer)
    second = asks(working, customer, "devis 20000")
    assert customer.taps(f"quote:{first.pk}:approve")
    first.refresh_from_db()
    assert first.status == QuoteStatus.WITHDRAWN
    customer.writes("oui")
    second.refresh_from_db()
    assert second.status == QuoteStatus.APPROVED


def test_the_amount_is_asked_for_when_it_is_missing(working: Phone, customer: Phone) -> None:
    assert "Combien" in working.writes("devis")
    assert "montant" in working.writes("le siphon est mort")
    working.writes("25000 siphon")
    assert Quote.objects.get().amount == 25000


@pytest.mark.parametrize("word", ["annuler", "non", "1"])
def test_a_quote_may_be_left_unnamed(working: Phone, word: str) -> None:
    working.writes("devis")
    assert "pas de devis" in working.writes(word)
    assert Quote.objects.count() == 0
    assert Job.objects.get().status == JobStatus.ASSIGNED


def test_a_yes_to_a_newer_question_of_ours_is_not_a_yes_to_the_quote(working: Phone, customer: Phone) -> None:
    quote = asks(working, customer)
    customer.writes("il me faut un électricien à Akwa")
    customer.writes("oui")
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.PROPOSED


def test_a_stranger_cannot_agree(working: Phone, customer: Phone) -> None:
    quote = asks(working, customer)
    stranger = Phone("+237699000009")
    assert stranger.taps(f"quote:{quote.pk}:approve")
    stranger.writes("oui")
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.PROPOSED


def test_a_customer_who_asks_for_a_quote_is_a_customer(plumber_phone: Phone) -> None:
    assert "Peinture" in plumber_phone.writes("devis pour peinture à Akwa")


def test_a_quote_without_a_job_is_told_kindly(plumber_phone: Phone) -> None:
    assert "pas de travail" in plumber_phone.writes("devis 25000")


def test_a_quote_ends_with_its_job(working: Phone, customer: Phone) -> None:
    quote = asks(working, customer)
    working.writes("terminé")
    customer.at = working.at
    assert "plus ouvert" in customer.taps(f"quote:{quote.pk}:approve")
    assert quotes.withdraw_ended(working.at) == 1
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.WITHDRAWN


def test_the_page_behind_the_link_takes_the_answer(working: Phone, customer: Phone, client: Client) -> None:
    quote = asks(working, customer)
    link = customer.received()[-1].sms_body.rsplit("/go/", 1)[1]
    page = client.get(f"/go/{link}")
    assert "25\u00a0000\u00a0FCFA" in page.content.decode()
    assert Quote.objects.get().status == QuoteStatus.PROPOSED
    client.post(f"/go/{link}", {"act": "approve"})
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.APPROVED
    assert client.post(f"/go/{link}", {"act": "refuse"}).status_code == 200
    quote.refresh_from_db()
    assert quote.status == QuoteStatus.APPROVED


def test_the_database_lets_one_quote_wait(working: Phone, customer: Phone) -> None:
    quote = asks(working, customer)
    facts: dict[str, Any] = {"job": quote.job, "amount": 1, "proposed_at": working.at + timedelta(minutes=1)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Quote.objects.create(**facts)
