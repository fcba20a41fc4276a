"""What is understood at any step, and what the machine does not do."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model

from marketplace import conversations
from marketplace.dialogue import flood, takeover
from marketplace.dialogue.reminders import remind_drafts
from marketplace.models import Conversation
from notifications.models import EscalationAlert, Notification
from providers.models import Provider

from .conftest import CUSTOMER, MORNING, Phone

STEPS = (
    (),
    ("je cherche un plombier",),
    ("je cherche un plombier et un électricien à Akwa",),
    ("fuite d'eau à Akwa",),
    ("fuite d'eau à Akwa", "modifier"),
    ("fuite d'eau à Akwa", "oui"),
    ("fuite d'eau à Akwa", "oui", "annuler"),
)


@pytest.fixture(params=STEPS, ids=lambda texts: " / ".join(texts) or "start")
def anywhere(request: pytest.FixtureRequest, known_customer: Phone, plumber: Provider) -> Phone:
    """A customer at some step of the talk."""
    for text in request.param:
        known_customer.writes(text)
    return known_customer


def test_help_is_understood_anywhere(anywhere: Phone) -> None:
    assert "ANNULER" in anywhere.writes("aide")


def test_stop_and_start_are_understood_anywhere(anywhere: Phone) -> None:
    assert "START" in anywhere.writes("STOP")
    assert anywhere.contact.opted_out_at is not None
    assert "Bon retour" in anywhere.writes("start")
    assert anywhere.contact.opted_out_at is None


def test_a_person_can_be_asked_for_anywhere(anywhere: Phone) -> None:
    anywhere.writes("je veux parler à quelqu'un")
    assert anywhere.conversation.needs_human
    assert EscalationAlert.objects.filter(fingerprint=f"human:{anywhere.conversation.pk}").exists()


def test_the_language_changes_anywhere(anywhere: Phone) -> None:
    said = anywhere.writes("English")
    assert anywhere.contact.language == "en"
    assert "Sorry" not in said
    assert "Bonjour" not in said
    anywhere.writes("pidgin")
    assert anywhere.conversation.language == "pcm"


def test_cancelling_is_understood_anywhere(anywhere: Phone) -> None:
    assert anywhere.writes("ANNULER")


def test_a_menu_of_languages_is_answered_by_number(known_customer: Phone) -> None:
    known_customer.writes("langue")
    assert "Pidgin" in known_customer.writes("3")
    assert known_customer.contact.language == "pcm"


def test_pidgin_speakers_read_pidgin(known_customer: Phone) -> None:
    known_customer.writes("pidgin")
    assert "Weti you need" in known_customer.writes("hello")


def test_a_complaint_reaches_staff(known_customer: Phone) -> None:
    known_customer.writes("votre plombier m'a arnaqué, remboursez-moi")
    assert known_customer.conversation.needs_human


def test_the_status_of_nothing_is_said_kindly(known_customer: Phone) -> None:
    assert "pas de demande" in known_customer.writes("où en est ma demande ?")


def test_while_an_operator_answers_the_machine_keeps_quiet(known_customer: Phone) -> None:
    operator = get_user_model().objects.create_user("awa")
    assert takeover.take_over(known_customer.conversation, operator=operator, at=known_customer.at)
    assert known_customer.writes("je cherche un plombier") == ""
    known_customer.writes("stop")
    assert known_customer.contact.opted_out_at is not None
    assert takeover.hand_back(known_customer.conversation, at=known_customer.at, by="awa")
    assert "quartier" in known_customer.writes("je cherche un plombier")


def test_another_operator_cannot_take_what_one_has(known_customer: Phone) -> None:
    awa, ben = (get_user_model().objects.create_user(name) for name in ("awa", "ben"))
    assert takeover.take_over(known_customer.conversation, operator=awa, at=known_customer.at)
    assert not takeover.take_over(known_customer.conversation, operator=ben, at=known_customer.at)


def test_an_idle_takeover_is_handed_back_visibly(known_customer: Phone) -> None:
    operator = get_user_model().objects.create_user("awa")
    takeover.take_over(known_customer.conversation, operator=operator, at=known_customer.at)
    assert takeover.hand_back_idle(known_customer.at + timedelta(minutes=29)) == 0
    assert takeover.hand_back_idle(known_customer.at + timedelta(minutes=31)) == 1
    assert EscalationAlert.objects.filter(fingerprint=f"handed-back:{known_customer.conversation.pk}").exists()
    assert known_customer.writes("bonjour")


def test_a_flood_gets_one_kind_word_and_then_silence(known_customer: Phone) -> None:
    known_customer.at += timedelta(minutes=2)
    answers = []
    for _count in range(30):
        known_customer.at -= timedelta(seconds=3)
        answers.append(known_customer.writes("bonjour"))
    said = [answer for answer in answers if answer]
    assert len(said) == 20
    assert "très vite" in said[-1]
    assert EscalationAlert.objects.filter(fingerprint=f"flood:{known_customer.contact.pk}").count() == 1
    known_customer.at += timedelta(minutes=2)
    assert known_customer.writes("bonjour")


def test_a_day_of_talk_has_an_end(known_customer: Phone) -> None:
    at = known_customer.at
    Notification.objects.bulk_create(
        Notification(
            contact=known_customer.contact,
            phone_number=CUSTOMER,
            purpose="reply",
            body="x",
            channel="whatsapp",
            due_at=at,
            created_at=at,
        )
        for _answer in range(flood.REPLIES_A_DAY - 2)
    )
    known_customer.at += timedelta(hours=2)
    assert "beaucoup parlé" in known_customer.writes("bonjour")
    assert known_customer.conversation.needs_human
    assert known_customer.writes("bonjour") == ""
    assert EscalationAlert.objects.filter(fingerprint=f"flood:{known_customer.contact.pk}").count() == 1
    known_customer.writes("stop")
    assert known_customer.contact.opted_out_at is not None
    known_customer.at += timedelta(hours=23)
    assert known_customer.writes("start")


def test_a_silent_talk_ends_after_a_day_and_a_new_one_begins(known_customer: Phone) -> None:
    assert conversations.rest_silent(known_customer.at + timedelta(hours=23)) == 0
    assert conversations.rest_silent(known_customer.at + timedelta(hours=25)) == 1
    known_customer.at += timedelta(hours=26)
    assert known_customer.writes("bonjour")
    assert Conversation.objects.filter(contact=known_customer.contact).count() == 2


def test_what_was_understood_is_kept_on_the_message(known_customer: Phone) -> None:
    known_customer.writes("fuite d'eau à Akwa")
    message = known_customer.contact.inbound_messages.latest("pk")
    assert message.understood["services"] == ["plomberie"]
    assert message.understood["zones"] == ["akwa"]
    assert message.conversation == known_customer.conversation


def test_a_first_word_in_english_is_answered_in_english() -> None:
    phone = Phone(CUSTOMER, MORNING)
    phone.writes("good morning, how does it work please?")
    assert phone.contact.language == "en"


def test_a_half_written_request_is_recalled_once(known_customer: Phone) -> None:
    known_customer.writes("je cherche un plombier")
    assert remind_drafts(known_customer.at + timedelta(minutes=119)) == 0
    assert remind_drafts(known_customer.at + timedelta(minutes=121)) == 1
    assert remind_drafts(known_customer.at + timedelta(minutes=180)) == 0
    assert "On continue" in known_customer.received()[-1].body
    assert "quartier" in known_customer.writes("oui")


def test_nobody_is_reminded_at_night(known_customer: Phone) -> None:
    known_customer.writes("je cherche un plombier")
    night = known_customer.at.replace(hour=22)
    assert remind_drafts(night) == 0
