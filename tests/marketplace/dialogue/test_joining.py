"""From "I want to work with you" to the first offer: what the chat gathers, the code, and what staff decide."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace import applications, conversations
from marketplace.models import Application, ApplicationStatus
from notifications.models import Channel, Contact, EscalationAlert, Notification
from notifications.models.alert import AlertState
from providers.models import Provider, ProviderStatus

from .conftest import PLUMBER, Phone, a_provider

NUMBER = "+237677555666"
HIDDEN = "CM.4242424242"


@pytest.fixture(autouse=True)
def sms(db: None) -> Channel:
    """SMS can be sent."""
    return Channel.objects.update_or_create(name="sms", defaults={"is_configured": True, "sender": "+237600000000"})[0]


@pytest.fixture
def applicant() -> Phone:
    return Phone(NUMBER)


def code_sent_to(number: str) -> str:
    """The code of the newest SMS."""
    text = Notification.objects.filter(phone_number=number, purpose="join_code").latest("pk")
    assert (text.channel, list(text.channels_left)) == ("sms", [])
    return str(re.findall(r"\d{6}", text.body)[0])


def tells_all(phone: Phone) -> None:
    """Name, trades, quarters and the photo."""
    phone.writes("je suis plombier, comment travailler avec vous ?")
    for text in ("Paul Essomba", "plombier", "Akwa et Bonamoussadi"):
        phone.writes(text)
    phone.sends_photo()


def application() -> Application:
    return Application.objects.get()


def test_someone_joins_and_waits_for_staff(applicant: Phone) -> None:
    assert "nom" in applicant.writes("je suis plombier, comment travailler avec vous ?")
    assert "quartiers" in applicant.writes("Paul Essomba"), "the trade was named in the first message"
    assert "carte d'identité" in applicant.writes("Akwa et Bonamoussadi")
    assert "code" in applicant.sends_photo()
    said = applicant.writes(f"le code est {code_sent_to(NUMBER)}")
    assert "Merci Paul Essomba" in said
    assert "Plomberie" in said
    found = application()
    assert (found.status, found.number_proved_at) == (ApplicationStatus.SUBMITTED, applicant.at)
    assert found.identity["content_type"] == "image/jpeg"
    provider = Provider.objects.get(phone_number=NUMBER)
    assert (provider.status, provider.name) == (ProviderStatus.PENDING, "Paul Essomba")
    assert [service.slug for service in provider.services.all()] == ["plomberie"]
    assert EscalationAlert.objects.filter(fingerprint=f"application:{found.pk}").exists()


def test_what_is_not_understood_is_asked_again_with_ways_out(applicant: Phone) -> None:
    applicant.writes("devenir prestataire")
    applicant.writes("Paul Essomba")
    assert "faites-vous" in applicant.writes("qsdfgh")
    assert applicant.choices == ["join:later", "menu:human"]
    applicant.writes("plombier")
    assert "quartiers" in applicant.writes("partout partout")


def test_a_word_is_no_photo(applicant: Phone) -> None:
    applicant.writes("je suis plombier, comment travailler avec vous ?")
    for text in ("Paul Essomba", "plombier", "Akwa"):
        applicant.writes(text)
    assert "photo" in applicant.writes("je n'ai pas ma carte")
    applicant.writes("", NumMedia="1", MediaUrl0="https://api.twilio.com/x", MediaContentType0="audio/ogg")
    assert application().identity == {}


def test_an_application_waits_for_its_photo_however_long(applicant: Phone) -> None:
    applicant.writes("je suis plombier, comment travailler avec vous ?")
    for text in ("Paul Essomba", "plombier", "Akwa"):
        applicant.writes(text)
    applicant.taps("join:later")
    conversations.rest_silent(applicant.at + timedelta(days=3))
    applicant.at += timedelta(days=3)
    assert "carte d'identité" in applicant.writes("devenir prestataire")
    assert Application.objects.count() == 1


def test_joining_can_be_left(applicant: Phone) -> None:
    applicant.writes("devenir prestataire")
    applicant.writes("annuler")
    assert "quartier" in applicant.writes("il me faut un plombier")


def test_a_wrong_code_proves_nothing_and_is_worth_five_tries(applicant: Phone) -> None:
    tells_all(applicant)
    right = code_sent_to(NUMBER)
    wrong = f"{(int(right) + 1) % 10**6:06d}"
    for _try in range(4):
        assert "pas le code" in applicant.writes(wrong)
    assert "plus valable" in applicant.writes(wrong)
    assert "plus valable" in applicant.writes(right)
    assert application().number_proved_at is None


def test_a_code_ends_after_a_quarter_of_an_hour(applicant: Phone) -> None:
    tells_all(applicant)
    code = code_sent_to(NUMBER)
    applicant.at += timedelta(minutes=16)
    assert "plus valable" in applicant.writes(code)
    assert application().number_proved_at is None


def test_a_new_code_makes_the_older_one_worthless(applicant: Phone) -> None:
    tells_all(applicant)
    first = code_sent_to(NUMBER)
    applicant.taps("join:again")
    second = code_sent_to(NUMBER)
    if first != second:
        assert "pas le code" in applicant.writes(first)
    applicant.writes(second)
    assert application().number_proved_at is not None


def test_three_codes_are_all_that_an_application_gets(applicant: Phone) -> None:
    tells_all(applicant)
    for _time in range(5):
        applicant.taps("join:again")
    assert Notification.objects.filter(purpose="join_code").count() == 3
    assert "join:again" not in applicant.choices


def test_where_no_sms_arrives_staff_are_told_that_nothing_is_proved(applicant: Phone) -> None:
    tells_all(applicant)
    applicant.writes("2")  # no SMS came
    assert application().status == ApplicationStatus.SUBMITTED
    assert application().number_proved_at is None


def test_without_an_sms_sender_nobody_is_asked_for_a_code(applicant: Phone, sms: Channel) -> None:
    sms.is_configured = False
    sms.save()
    tells_all(applicant)
    assert application().status == ApplicationStatus.SUBMITTED


def test_a_hidden_number_is_asked_for_and_proved_by_its_code() -> None:
    phone = Phone(HIDDEN)
    tells_all(phone)
    assert "chiffres" in phone.writes("12 34") or phone.conversation.step == "join_number"
    assert "code" in phone.writes("677 55 56 66")
    assert Contact.objects.get(whatsapp_id=HIDDEN).phone_number is None
    phone.writes(code_sent_to(NUMBER))
    assert Contact.objects.get(whatsapp_id=HIDDEN).phone_number == NUMBER
    assert application().provider == Provider.objects.get(phone_number=NUMBER)


def test_a_mistyped_number_can_be_put_right() -> None:
    phone = Phone(HIDDEN)
    tells_all(phone)
    phone.writes("677 55 56 67")
    phone.writes("677 55 56 66")
    phone.writes(code_sent_to(NUMBER))
    assert application().phone_number == NUMBER
    assert application().number_proved_at is not None


def test_nobody_becomes_somebody_else_by_naming_their_number() -> None:
    plumber = a_provider(PLUMBER)
    phone = Phone(HIDDEN)
    tells_all(phone)
    phone.writes(PLUMBER)
    phone.taps("join:no_code")
    assert application().provider is None
    assert not applications.approve(application(), by="awa", at=phone.at)
    assert Contact.objects.get(whatsapp_id=HIDDEN).phone_number is None
    plumber.refresh_from_db()
    assert plumber.name == "Jean Mbarga"


def test_staff_approve_and_the_answer_comes_in_the_chat(applicant: Phone) -> None:
    tells_all(applicant)
    applicant.writes(code_sent_to(NUMBER))
    assert applications.approve(application(), by="awa", at=applicant.at)
    provider = Provider.objects.get(phone_number=NUMBER)
    assert (provider.status, provider.is_verified) == (ProviderStatus.ACTIVE, True)
    assert provider.coverage.count() == 2
    assert "Bienvenue chez Djobea, Paul Essomba" in applicant.received()[-1].body
    assert EscalationAlert.objects.get(fingerprint=f"application:{application().pk}").state == AlertState.RESOLVED
    assert not applications.approve(application(), by="ben", at=applicant.at)
    assert not applications.refuse(application(), by="ben", at=applicant.at)
    assert "travail" in applicant.writes("mes jobs")


def test_staff_refuse_kindly_and_the_person_may_come_back(applicant: Phone) -> None:
    tells_all(applicant)
    applicant.writes(code_sent_to(NUMBER))
    assert applications.refuse(application(), by="awa", at=applicant.at)
    assert "AGENT" in applicant.received()[-1].body
    assert not Provider.objects.filter(phone_number=NUMBER).exists()
    assert "nom" in applicant.writes("devenir prestataire")


def test_a_decision_in_the_list_of_providers_is_told_too(applicant: Phone) -> None:
    tells_all(applicant)
    applicant.writes(code_sent_to(NUMBER))
    assert applications.note_decisions(applicant.at) == 0
    Provider.objects.filter(phone_number=NUMBER).update(status=ProviderStatus.ACTIVE, is_verified=True)
    assert applications.note_decisions(applicant.at) == 1
    assert applications.note_decisions(applicant.at) == 0
    assert "Bienvenue" in applicant.received()[-1].body


def test_who_waits_for_an_answer_is_told_so(applicant: Phone) -> None:
    tells_all(applicant)
    applicant.writes(code_sent_to(NUMBER))
    assert "avec l'équipe" in applicant.writes("devenir prestataire") or "équipe" in applicant.news[-1].body
    assert Application.objects.count() == 1


def test_a_provider_is_told_that_nothing_is_to_do() -> None:
    phone = Phone(a_provider(PLUMBER).phone_number)
    assert "déjà" in phone.writes("devenir prestataire")
    assert Application.objects.count() == 0


def test_staff_decide_on_a_page_that_shows_what_matters(applicant: Phone, client: Client) -> None:
    tells_all(applicant)
    applicant.writes(code_sent_to(NUMBER))
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    address = reverse("admin:marketplace_application_change", args=[application().pk])
    page = client.get(address).content.decode()
    assert NUMBER in page
    assert "<img" in page
    client.post(f"{address.removesuffix('change/')}do/approve/")
    found = application()
    assert (found.status, found.decided_by) == (ApplicationStatus.APPROVED, "chief")


@pytest.mark.parametrize("word", ["recommencer", "start", "restart"])
def test_who_begins_anew_leaves_the_application_and_gets_help(word: str) -> None:
    phone = Phone("+237699000077")
    phone.writes("devenir prestataire")
    phone.writes("Paul Eyango")
    phone.writes(word)
    assert phone.conversation.step == "start"
    phone.writes("fuite d'eau à Bonamoussadi")
    assert phone.conversation.step == "confirm"
