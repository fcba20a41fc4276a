"""What is kept for somebody: the second service, the draft that rests, the number that a hidden person gave."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from marketplace import conversations
from marketplace.dialogue import takeover
from marketplace.models import Job
from notifications.models import EscalationAlert
from providers.models import Provider

from .conftest import Phone

LEAK = "fuite d'eau à Bonamoussadi, urgent"
HIDDEN = "CM.1234567890123456"


@pytest.fixture
def hidden() -> Phone:
    return Phone(HIDDEN)


def comes_back(phone: Phone, **later: float) -> Phone:
    """The talk has ended meanwhile."""
    conversations.rest_silent(phone.at + timedelta(**later))
    phone.at += timedelta(**later)
    return phone


def test_the_second_service_is_in_the_same_place(customer: Phone, plumber: Provider) -> None:
    customer.writes("il me faut un plombier et un électricien à Akwa, en face de la pharmacie")
    customer.taps("service:plomberie")
    customer.writes("oui")
    said = customer.writes("suivant")
    assert "lectricité" in said
    assert "Akwa" in said
    assert customer.choices[0] == "confirm:yes"


def test_the_second_service_outlasts_the_talk(customer: Phone, plumber: Provider) -> None:
    customer.writes("il me faut un plombier et un électricien à Akwa")
    customer.taps("service:plomberie")
    customer.writes("oui")
    assert "lectricité" in comes_back(customer, hours=30).writes("suivant")


def test_a_draft_that_rests_is_offered_when_the_person_comes_back(known_customer: Phone) -> None:
    known_customer.writes("il me faut un plombier à Akwa")
    said = comes_back(known_customer, hours=30).writes("bonjour")
    assert "Plomberie" in said
    assert "Akwa" in said
    known_customer.writes("oui")
    assert known_customer.choices[0] == "confirm:yes"


def test_a_draft_that_rests_is_not_pressed_on_anybody(known_customer: Phone) -> None:
    known_customer.writes("il me faut un plombier à Akwa")
    assert "Peinture" in comes_back(known_customer, hours=30).writes("il me faut un peintre à Makepe")
    known_customer.writes("oui")
    assert "resting" not in known_customer.conversation.slots


def test_a_new_start_forgets_the_draft(known_customer: Phone) -> None:
    known_customer.writes("il me faut un plombier à Akwa")
    comes_back(known_customer, hours=30).writes("bonjour")
    known_customer.writes("2")
    assert "resting" not in known_customer.conversation.slots
    assert known_customer.conversation.slots["draft"]["services"] == []


def test_after_two_weeks_nothing_is_brought_up_again(known_customer: Phone) -> None:
    known_customer.writes("il me faut un plombier à Akwa")
    assert "Plomberie" not in comes_back(known_customer, days=15).writes("bonjour")


def test_the_hour_of_a_draft_that_lay_about_is_asked_anew(known_customer: Phone) -> None:
    known_customer.writes("il me faut un plombier à Akwa demain matin")
    comes_back(known_customer, days=3).writes("bonjour")
    said = known_customer.writes("1")
    assert "plus tôt possible" in said or "dès que possible" in said
    known_customer.writes("oui")
    assert known_customer.request is not None
    assert known_customer.request.scheduled_for is None


def test_a_hidden_persons_number_reaches_the_provider(hidden: Phone, plumber: Provider, plumber_phone: Phone) -> None:
    hidden.writes(LEAK)
    hidden.writes("677 12 34 56")
    hidden.writes("oui")
    assert hidden.request is not None
    assert (hidden.request.call_number, hidden.request.place_note) == ("+237677123456", "")
    plumber_phone.at = hidden.at
    plumber_phone.writes("1")
    assert "+237677123456" in plumber_phone.received()[-1].body


def test_who_gave_no_number_may_give_it_later(hidden: Phone, plumber: Provider, plumber_phone: Phone) -> None:
    hidden.writes(LEAK)
    hidden.writes("sans numéro")
    hidden.writes("oui")
    plumber_phone.at = hidden.at
    plumber_phone.writes("1")
    hidden.at = plumber_phone.at
    assert "Jean Mbarga" in hidden.writes("677 12 34 56")
    assert "+237677123456" in plumber_phone.received()[-1].body
    assert Job.objects.get().request.number_to_call == "+237677123456"


def test_the_number_of_last_time_is_offered(hidden: Phone, plumber: Provider) -> None:
    hidden.writes(LEAK)
    hidden.writes("677 12 34 56")
    hidden.writes("oui")
    hidden.writes("annuler")
    hidden.writes("1")
    hidden.writes("il me faut un électricien à Akwa")
    assert hidden.choices == ["phone:+237677123456", "phone:skip"]
    hidden.writes("1")
    hidden.writes("oui")
    assert hidden.request is not None
    assert hidden.request.call_number == "+237677123456"


def test_a_hidden_person_gets_through_the_whole_of_it(hidden: Phone, plumber: Provider, plumber_phone: Phone) -> None:
    hidden.writes(LEAK)
    hidden.writes("sans numéro")
    hidden.writes("oui")
    plumber_phone.at = hidden.at
    for text in ("1", "en route", "je suis là", "devis 15000"):
        plumber_phone.writes(text)
    hidden.at = plumber_phone.at
    hidden.writes("oui")
    plumber_phone.at = hidden.at
    plumber_phone.writes("terminé")
    hidden.at = plumber_phone.at
    hidden.writes("5")
    assert Job.objects.get().ratings.get().stars == 5
    assert all(row.channel == "whatsapp" for row in hidden.received())


def test_a_visible_number_is_not_asked_for(customer: Phone) -> None:
    customer.writes(LEAK)
    assert customer.choices[0] == "confirm:yes"


def test_who_wrote_to_an_operator_in_vain_is_told_and_goes_on_waiting(known_customer: Phone) -> None:
    operator = get_user_model().objects.create_user("awa")
    takeover.take_over(known_customer.conversation, operator=operator, at=known_customer.at)
    takeover.note_operator_wrote(known_customer.conversation, at=known_customer.at + timedelta(seconds=1))
    known_customer.writes("et pour le prix ?")
    assert takeover.hand_back_idle(known_customer.at + timedelta(minutes=31)) == 1
    assert "équipe" in known_customer.received()[-1].body
    assert known_customer.conversation.needs_human
    assert EscalationAlert.objects.filter(fingerprint=f"human:{known_customer.conversation.pk}").exists()


def test_who_was_answered_is_left_in_peace(known_customer: Phone) -> None:
    operator = get_user_model().objects.create_user("awa")
    takeover.take_over(known_customer.conversation, operator=operator, at=known_customer.at)
    known_customer.writes("et pour le prix ?")
    takeover.note_operator_wrote(known_customer.conversation, at=known_customer.at + timedelta(seconds=1))
    many = len(known_customer.received())
    assert takeover.hand_back_idle(known_customer.at + timedelta(minutes=31)) == 1
    assert len(known_customer.received()) == many
    assert not known_customer.conversation.needs_human
