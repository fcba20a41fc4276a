"""People: what they ask of us, and when two rows are one person."""

from datetime import timedelta

import pytest

from notifications import clock, contacts
from notifications.models import Contact, UnreachableMark


@pytest.mark.parametrize(
    "text",
    [
        "STOP",
        "stop",
        " Stop. ",
        "ARRÊT",
        "arret",
        "Arrêtez !",
        "désabonner",
        "Me désinscrire",
        "UNSUBSCRIBE",
        "stop am",
    ],
)
def test_whoever_writes_only_this_gets_nothing_more(text: str) -> None:
    assert contacts.is_opt_out(text)
    assert not contacts.is_opt_in(text)


@pytest.mark.parametrize(
    "text",
    ["", "stop la fuite s'il vous plaît", "arrêt de bus Ndokoti", "l'eau ne veut pas stop", "non", "annuler", "fin"],
)
def test_a_word_inside_a_sentence_is_only_a_word(text: str) -> None:
    assert not contacts.is_opt_out(text)


@pytest.mark.parametrize("text", ["START", "start", "Reprendre", "démarrer", "recommencer", "start again"])
def test_whoever_writes_only_this_comes_back(text: str) -> None:
    assert contacts.is_opt_in(text)
    assert not contacts.is_opt_out(text)


def test_the_first_message_that_shows_number_and_id_joins_the_two(db: None) -> None:
    at = clock.now()
    by_number = contacts.note_inbound(sender="whatsapp:+237699000001", at=at - timedelta(days=40))
    by_id = contacts.note_inbound(sender="whatsapp:CM.42", profile_name="Awa", at=at - timedelta(days=1))
    contacts.opt_out(by_id, at=at - timedelta(days=1))
    contacts.mark_unreachable(by_number, "sms", "30005", at=at - timedelta(days=1))
    person = contacts.note_inbound(sender="whatsapp:+237699000001", external_user_id="whatsapp:CM.42", at=at)
    assert Contact.objects.get() == person
    person.refresh_from_db()
    assert (person.pk, person.phone_number, person.whatsapp_id) == (by_number.pk, "+237699000001", "CM.42")
    assert (person.name, person.last_inbound_at) == ("Awa", at)
    assert person.opted_out_at is not None, "an opt-out holds for the person, whatever the address"
    assert not UnreachableMark.objects.exists(), "the person has just written"


def test_a_number_with_a_new_owner_joins_nobody(db: None) -> None:
    at = clock.now()
    first = contacts.note_inbound(sender="whatsapp:+237699000001", external_user_id="whatsapp:CM.1", at=at)
    second = contacts.note_inbound(sender="whatsapp:CM.2", at=at)
    person = contacts.note_inbound(sender="whatsapp:+237699000001", external_user_id="whatsapp:CM.2", at=at)
    assert person == second
    assert set(Contact.objects.values_list("pk", flat=True)) == {first.pk, second.pk}
