"""A person's own data: what the first answer says, and the way from "mes données" to what staff confirm."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace import conversations, personal_copy, privacy
from marketplace.models import PrivacyRequest, PrivacyStatus, Wish
from notifications import contacts
from notifications.models import Contact, EscalationAlert
from notifications.models.alert import AlertState

from .conftest import MORNING, Phone


@pytest.fixture
def asked(known_customer: Phone) -> PrivacyRequest:
    """Somebody who wants to be forgotten."""
    known_customer.writes("mes données")
    known_customer.writes("2")
    return PrivacyRequest.objects.get()


def test_the_first_answer_says_who_keeps_what_and_where_to_read_more(customer: Phone, client: Client) -> None:
    said = customer.writes("bonjour")
    assert "Djobea garde" in said
    link = said.split("https://", 1)[-1] if "https://" in said else said.split("http://", 1)[-1]
    page = client.get("/" + link.split()[0].partition("/")[2], headers={"Accept-Language": "fr"})
    assert page.status_code == 200
    assert "180" in page.content.decode()
    assert "/privacy/" not in customer.writes("bonjour")


@pytest.mark.parametrize(("answer", "wish"), [("1", Wish.COPY), ("2", Wish.ERASE), ("supprimer", Wish.ERASE)])
def test_a_wish_about_data_is_noted_once_and_staff_are_told(known_customer: Phone, answer: str, wish: str) -> None:
    for _time in range(2):
        assert "copie" in known_customer.writes("mes données")
        assert "équipe" in known_customer.writes(answer)
    request = PrivacyRequest.objects.get()
    assert (request.wish, request.status) == (wish, PrivacyStatus.ASKED)
    assert EscalationAlert.objects.get(fingerprint=f"privacy:{request.pk}").state == AlertState.OPEN


def test_who_only_looked_changes_nothing(known_customer: Phone) -> None:
    known_customer.writes("mes données")
    assert "reste" in known_customer.writes("3")
    assert PrivacyRequest.objects.count() == 0


def test_staff_confirm_and_the_person_is_told(asked: PrivacyRequest, known_customer: Phone) -> None:
    assert list(privacy.confirmed()) == []
    assert privacy.confirm(asked, by="awa", at=known_customer.at)
    assert "confirmé" in known_customer.received()[-1].body
    assert list(privacy.confirmed()) == [asked]
    assert EscalationAlert.objects.get(fingerprint=f"privacy:{asked.pk}").state == AlertState.RESOLVED
    assert not privacy.refuse(asked, by="ben", at=known_customer.at)
    assert privacy.done(asked, at=known_customer.at)
    assert not privacy.done(asked, at=known_customer.at)
    assert list(privacy.confirmed()) == []


def test_what_is_not_confirmed_is_not_carried_out(asked: PrivacyRequest, known_customer: Phone) -> None:
    assert not privacy.done(asked, at=known_customer.at)
    assert privacy.refuse(asked, by="awa", at=known_customer.at)
    assert "AGENT" in known_customer.received()[-1].body
    assert not privacy.done(asked, at=known_customer.at)


def test_the_proof_outlives_the_person(asked: PrivacyRequest) -> None:
    Contact.objects.create(phone_number="+237699000777")
    gone = Contact.objects.get(phone_number="+237699000777")
    proof = PrivacyRequest.objects.create(contact=gone, wish=Wish.ERASE, asked_at=MORNING)
    gone.delete()
    proof.refresh_from_db()
    assert proof.contact is None


def test_two_contacts_of_one_person_keep_one_wish(db: None) -> None:
    shown = Contact.objects.create(phone_number="+237699000778")
    hidden = Contact.objects.create(whatsapp_id="CM.778")
    for contact in (shown, hidden):
        privacy.ask(contact, Wish.ERASE, at=MORNING)
        conversations.open_for(contact, at=MORNING)
    contacts.join(shown, hidden)
    assert PrivacyRequest.objects.get().contact == shown


def test_staff_decide_in_the_console(asked: PrivacyRequest, client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    address = reverse("admin:marketplace_privacyrequest_change", args=[asked.pk])
    assert client.get(address).status_code == 200
    client.post(f"{address.removesuffix('change/')}do/confirm/")
    asked.refresh_from_db()
    assert (asked.status, asked.decided_by) == (PrivacyStatus.CONFIRMED, "chief")


@pytest.fixture
def chief(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def test_the_copy_holds_what_the_person_said_and_nothing_of_others(known_customer: Phone, chief: Client) -> None:
    known_customer.writes("fuite d'eau à Bonamoussadi, urgent, derrière la pharmacie")
    known_customer.writes("oui")
    Phone("+237699000888").writes("je suis une autre personne")
    wish = privacy.ask(known_customer.contact, Wish.COPY, at=MORNING)
    address = reverse("admin:marketplace_privacyrequest_copy", args=[wish.pk])
    assert chief.get(address).status_code == 404
    privacy.confirm(wish, by="awa", at=MORNING)
    copy = chief.get(address)
    assert "attachment" in copy["Content-Disposition"]
    told = copy.json()
    assert told["person"]["phone_number"] == known_customer.contact.phone_number
    assert [row["body"] for row in told["you_wrote"]][-1] == "oui"
    assert told["requests"][0]["service_slug"] == "plomberie"
    assert "une autre personne" not in copy.content.decode()
    chief.post(reverse("admin:marketplace_privacyrequest_change", args=[wish.pk]).removesuffix("change/") + "do/done/")
    wish.refresh_from_db()
    assert wish.status == PrivacyStatus.DONE
    assert chief.get(address).status_code == 404


def test_a_provider_gets_the_work_side_too(plumber_phone: Phone) -> None:
    plumber_phone.writes("bonjour")
    told = personal_copy.copy_of(plumber_phone.contact)
    assert told["as_provider"][0]["name"] == "Jean Mbarga"
    assert "Bonamoussadi" in told["zones"]


def test_nobody_without_rights_gets_a_copy(asked: PrivacyRequest, client: Client) -> None:
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    assert client.get(reverse("admin:marketplace_privacyrequest_copy", args=[asked.pk])).status_code == 403


def test_a_confirmed_wish_to_be_forgotten_leads_to_the_page_that_erases(
    asked: PrivacyRequest, known_customer: Phone, chief: Client
) -> None:
    page = reverse("admin:marketplace_privacyrequest_change", args=[asked.pk])
    erase = reverse("admin:notifications_contact_erase", args=[known_customer.contact.pk])
    assert erase not in chief.get(page).content.decode()
    privacy.confirm(asked, by="awa", at=known_customer.at)
    assert erase in chief.get(page).content.decode()
