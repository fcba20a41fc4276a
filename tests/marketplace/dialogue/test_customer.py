"""What customers get through with: from a few words to a search, whatever they write on the way."""

import re

import pytest

from marketplace.models import RequestStatus, ServiceRequest
from notifications.models import Contact
from providers.models import Provider

from .conftest import CUSTOMER, MORNING, PLUMBER, Phone, a_provider

LEAK = "Bonjour, j'ai une fuite d'eau à Bonamoussadi, c'est urgent"


def test_a_first_message_that_says_all_is_confirmed_and_then_searched(customer: Phone, plumber: Provider) -> None:
    said = customer.writes(LEAK)
    assert "Plomberie" in said
    assert "Bonamoussadi" in said
    assert customer.choices == ["confirm:yes", "confirm:change", "confirm:cancel"]
    assert ServiceRequest.objects.count() == 0

    said = customer.taps("confirm:yes")
    assert "Je cherche" in said
    request = ServiceRequest.objects.get()
    assert (request.service.slug, request.zone.slug, request.urgency) == ("plomberie", "bonamoussadi", "emergency")
    assert request.description == LEAK
    assert plumber.offers.count() == 1


@pytest.mark.parametrize("yes", ["1", "oui", "Oui, cherchez", "1️⃣", "ok", "d'accord", "👍", "yes"])
def test_a_yes_may_be_a_number_a_word_or_a_sign(customer: Phone, yes: str) -> None:
    customer.writes(LEAK)
    customer.writes(yes)
    assert customer.request is not None


def test_the_first_answer_says_who_keeps_what_and_the_second_does_not(customer: Phone) -> None:
    assert "mes données" in customer.writes("bonjour")
    assert "mes données" not in customer.writes("bonjour")


def test_a_greeting_is_answered_with_the_question(customer: Phone) -> None:
    assert "De quoi avez-vous besoin" in customer.writes("bonjour")


def test_missing_pieces_are_asked_one_at_a_time(customer: Phone) -> None:
    assert "quartier" in customer.writes("mon frigo ne refroidit plus")
    said = customer.writes("Akwa")
    assert "Akwa" in said
    assert customer.choices[0] == "confirm:yes"


def test_an_unknown_quarter_brings_the_nearest_names(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    customer.writes("Bonamoussadddy")
    assert "zone:bonamoussadi" in customer.choices or "Bonamoussadi" in customer.received()[-1].body


def test_a_quarter_nobody_knows_keeps_the_question_open(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    assert customer.writes("xqzzkkw")
    assert customer.writes("Akwa")
    assert customer.choices[0] == "confirm:yes"


def test_a_shared_location_gives_the_quarter(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    said = customer.shares(4.0500, 9.6990)
    assert "Akwa" in said
    customer.writes("1")
    request = customer.request
    assert request is not None
    assert (request.latitude, request.longitude) == (4.05, 9.699)


def test_a_location_far_away_asks_for_a_quarter(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    assert "Douala" in customer.shares(48.85, 2.35)
    customer.writes("Akwa")
    assert customer.choices[0] == "confirm:yes"


def test_several_services_are_put_in_order_and_the_other_is_kept(customer: Phone) -> None:
    a_provider(PLUMBER, ["electricite"])
    customer.writes("il me faut un plombier et un électricien à Akwa")
    assert set(customer.choices) == {"service:plomberie", "service:electricite"}
    customer.taps("service:electricite")
    said = customer.writes("oui")
    assert "SUIVANT" in said
    assert customer.request is not None
    assert customer.request.service.slug == "electricite"
    customer.writes("suivant")
    assert customer.conversation.slots["draft"]["services"] == ["plomberie"]


def test_a_correction_replaces_the_service(customer: Phone) -> None:
    customer.writes("je veux un plombier à Akwa")
    said = customer.writes("non pas la plomberie, l'électricité")
    assert "lectricité" in said
    customer.writes("oui")
    assert customer.request is not None
    assert customer.request.service.slug == "electricite"


def test_a_landmark_written_at_the_confirmation_is_kept(customer: Phone) -> None:
    customer.writes(LEAK)
    said = customer.writes("en face de la pharmacie du rond-point, portail bleu")
    assert "portail bleu" in said
    customer.writes("oui")
    assert customer.request is not None
    assert "portail bleu" in customer.request.place_note


def test_a_yes_with_something_new_is_asked_once_more(customer: Phone) -> None:
    customer.writes(LEAK)
    assert "Akwa" in customer.writes("oui mais à Akwa")
    assert customer.request is None


def test_a_landmark_beside_the_quarter_names_no_service(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    said = customer.writes("Quartier Bali, derrière la chefferie")
    assert "Plomberie" in said
    assert "chefferie" in said


def test_a_landmark_written_during_the_search_reaches_the_request(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    said = customer.writes("derrière la boulangerie, deuxième portail")
    assert "repère" in said
    assert customer.request is not None
    assert "boulangerie" in customer.request.place_note


def test_a_photo_is_kept_as_a_reference_on_the_request(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    assert "photo" in customer.sends_photo()
    customer.writes("Akwa")
    customer.writes("oui")
    customer.sends_photo()
    assert customer.request is not None
    assert len(customer.request.media) == 2
    assert customer.request.media[0]["content_type"] == "image/jpeg"


def test_nobody_to_ask_is_said_once_and_honestly(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    assert [row.purpose for row in customer.news] == ["nobody_found"]


def test_a_visit_may_be_planned(customer: Phone) -> None:
    customer.writes("je veux un peintre à Akwa demain matin")
    customer.writes("oui")
    assert customer.request is not None
    assert customer.request.urgency == "scheduled"
    assert customer.request.scheduled_for is not None
    assert customer.request.scheduled_for > customer.at


def test_what_is_wrong_can_be_changed(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.taps("confirm:change")
    customer.writes("2")
    said = customer.writes("Makepe")
    assert "Makepe" in said
    customer.writes("modifier")
    customer.taps("change:time")
    customer.writes("demain à 8h")
    customer.writes("oui")
    assert customer.request is not None
    assert (customer.request.zone.slug, customer.request.urgency) == ("makepe", "scheduled")


def test_a_running_search_is_changed_by_a_new_one(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    first = customer.request
    customer.writes("modifier")
    customer.writes("Akwa")
    customer.writes("oui")
    assert first is not None
    first.refresh_from_db()
    assert first.status == RequestStatus.CANCELLED
    assert customer.request is not None
    assert customer.request.zone.slug == "akwa"


def test_a_person_with_a_hidden_number_is_asked_for_one_and_may_refuse() -> None:
    hidden = Phone("CM.1234567890123456")
    said = hidden.writes(LEAK)
    assert "numéro" in said
    assert "chiffre" in hidden.writes("12") or hidden.choices == ["phone:skip"]
    hidden.writes("677 12 34 56")
    hidden.writes("oui")
    assert hidden.request is not None
    assert hidden.request.call_number == "+237677123456"
    assert not Contact.objects.filter(phone_number="+237677123456").exists()


def test_a_person_with_a_hidden_number_gets_through_without_one() -> None:
    hidden = Phone("CM.1234567890123456")
    hidden.writes(LEAK)
    hidden.writes("sans numéro")
    hidden.writes("oui")
    assert hidden.request is not None


def test_the_last_quarter_is_offered_to_a_returning_customer(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    customer.writes("annuler")
    customer.writes("1")
    assert "Bonamoussadi" in customer.writes("je cherche un électricien")
    assert customer.choices == ["zone:bonamoussadi"]
    customer.writes("1")
    assert customer.choices[0] == "confirm:yes"


def test_the_same_job_twice_tells_of_the_one_that_runs(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    assert "déjà" in customer.writes(LEAK)
    assert ServiceRequest.objects.count() == 1
    customer.taps("menu:another")
    customer.writes("oui")
    assert ServiceRequest.objects.count() == 2


def test_a_second_tap_on_yes_starts_no_second_search(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.taps("confirm:yes")
    assert customer.taps("confirm:yes")
    assert ServiceRequest.objects.count() == 1


def test_cancelling_a_draft_forgets_it(customer: Phone) -> None:
    customer.writes("je cherche un plombier")
    customer.writes("annuler")
    assert customer.conversation.slots["draft"]["services"] == []


def test_cancelling_asks_why_and_keeps_the_reason(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    assert "pourquoi" in customer.writes("annuler")
    customer.writes("mon voisin l'a réparé")
    request = ServiceRequest.objects.get()
    assert request.status == RequestStatus.CANCELLED
    assert request.cancel_reason == "mon voisin l'a réparé"


def test_cancelling_may_be_thought_over(customer: Phone) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    customer.writes("annuler")
    customer.writes("garder ma demande")
    assert customer.request is not None


def test_three_misunderstandings_bring_a_person_into_sight(known_customer: Phone) -> None:
    for text in ("hjkl", "zzzz", "qsdf"):
        known_customer.writes(text)
    assert "menu:human" in known_customer.choices


def test_text_that_looks_like_code_is_only_text(known_customer: Phone) -> None:
    for text in ("<script>alert(1)</script>", "'; DROP TABLE x; --", "%(name)s %s {0}", "offer:1:accept", "\ufffd"):
        assert known_customer.writes(text)


def test_an_english_speaker_is_answered_in_english() -> None:
    phone = Phone(CUSTOMER, MORNING)
    said = phone.writes("Hello, my kitchen sink is leaking in Bonamoussadi, please send a plumber today")
    assert "Is this right?" in said
    assert phone.contact.language == "en"


def test_somebody_elses_request_cannot_be_cancelled_by_its_number(customer: Phone, plumber: Provider) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    request = customer.request
    assert request is not None
    stranger = Phone("+237699000009")
    stranger.taps(f"request:{request.pk}:cancel")
    stranger.writes("1")
    request.refresh_from_db()
    assert request.status == RequestStatus.SEARCHING


def test_a_providers_button_in_a_strangers_hand_does_nothing(customer: Phone, plumber: Provider) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    offer = plumber.offers.get()
    stranger = Phone("+237699000009")
    assert stranger.taps(f"offer:{offer.pk}:accept")
    other = Phone(PLUMBER[:-1] + "9")
    assert other.taps(f"offer:{offer.pk}:accept")
    offer.refresh_from_db()
    assert offer.status == "open"


@pytest.mark.parametrize(
    "question",
    ["il arrive quand ?", "où en êtes-vous", "il est où le plombier", "you don find person?", "y'a toujours personne"],
)
def test_a_question_in_place_of_a_landmark_is_answered_and_kept_out_of_the_address(
    customer: Phone, plumber: Provider, question: str
) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    assert customer.conversation.step == "place"
    customer.writes(question)
    assert customer.request is not None
    assert customer.request.place_note == ""
    assert customer.request.pk in [int(part) for part in re.findall(r"\d+", " ".join(customer.choices))]


@pytest.mark.parametrize(
    "landmark", ["derrière le marché, portail rouge", "pharmacie de la paix", "immeuble CNPS 3e étage", "face Dovv"]
)
def test_a_landmark_may_name_anything(customer: Phone, plumber: Provider, landmark: str) -> None:
    customer.writes(LEAK)
    customer.writes("oui")
    customer.writes(landmark)
    assert customer.request is not None
    assert customer.request.place_note == landmark
