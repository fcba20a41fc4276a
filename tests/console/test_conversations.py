"""The inbox of staff, the talk that renews itself, and how a reply would leave."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from marketplace import reply_ways, staff_inbox
from marketplace.admin import chat
from marketplace.dialogue import takeover
from marketplace.models import Conversation, InboundMessage
from marketplace.reply_ways import Way
from notifications import rendering, staff_actions
from notifications.contacts import WINDOW
from notifications.models import Channel, Contact, MessageTemplate, Notification
from tests.djobea.admin_rows import a_channel, a_conversation, a_full_house, a_message
from tests.providers.factories import a_service, a_zone

pytestmark = pytest.mark.django_db
INBOX = "admin:marketplace_conversation_inbox"


def a_talk(at: datetime, number: int, **facts: Any) -> Conversation:
    contact = Contact.objects.create(phone_number=f"+23769911{number:04d}", name=f"P{number}", last_inbound_at=at)
    return Conversation.objects.create(contact=contact, opened_at=at, last_message_at=at, **facts)


def an_inbound(talk: Conversation, at: datetime, text: str = "allô ?", **facts: Any) -> InboundMessage:
    Contact.objects.filter(pk=talk.contact_id).update(last_inbound_at=at)
    return InboundMessage.objects.create(
        message_sid=f"SM{InboundMessage.objects.count()}",
        contact=talk.contact,
        conversation=talk,
        body=text,
        received_at=at,
        due_at=at,
        status="processed",
        **facts,
    )


def talk_address(talk: Conversation, version: str = "") -> str:
    return reverse("admin:marketplace_conversation_talk", args=[talk.pk]) + (f"?version={version}" if version else "")


def test_who_waits_longest_comes_first_then_my_talks_then_those_of_others(chief: User, at: datetime) -> None:
    other = User.objects.create_user("other")
    machine = a_talk(at, 1)
    late, early = (
        a_talk(at, 2, needs_human=True),
        a_talk(at - timedelta(hours=1), 3, needs_human=True),
    )
    theirs = a_talk(at, 4, operator=other)
    read, unread = a_talk(at, 5, operator=chief, seen_at=at), a_talk(at - timedelta(hours=1), 6, operator=chief)
    inbox = staff_inbox.read(chief)
    assert list(inbox.waiting) == [early, late]
    assert list(inbox.taken) == [unread, read, theirs]
    assert list(inbox.newest) == [machine]
    assert inbox.before == ""


def test_every_talk_is_on_one_page_of_the_inbox(chief: User, at: datetime) -> None:
    moments = [
        at - timedelta(minutes=number // 4) for number in range(staff_inbox.PER_PAGE * 2 + 5)
    ]  # several share one
    talks = {a_talk(moment, number).pk for number, moment in enumerate(moments)}
    seen, before = [], ""
    for _page in range(3):
        inbox = staff_inbox.read(chief, before=before)
        seen += [talk.pk for talk in inbox.newest]
        before = inbox.before
    assert before == ""
    assert len(seen) == len(talks)
    assert set(seen) == talks


@pytest.mark.parametrize(
    "key", ["x", "~", "2026-01-01~", "~7", "9999-99-99~1", "2026-01-01T00:00:00+00:00~" + "9" * 40]
)
def test_a_page_that_makes_no_sense_is_answered(staff: Client, at: datetime, key: str) -> None:
    a_talk(at, 1)
    assert staff.get(reverse(INBOX), {"before": key}).status_code == 200


def test_the_inbox_takes_the_same_queries_however_many_there_are(staff: Client, chief: User, at: datetime) -> None:
    for number in range(3):
        a_talk(at, number, needs_human=number == 1, operator=chief if number == 2 else None)
    with CaptureQueriesContext(connection) as few:
        staff.get(reverse(INBOX))
    for number in range(10, 50):
        an_inbound(a_talk(at, number, needs_human=number % 3 == 1, operator=chief if number % 3 == 2 else None), at)
    with CaptureQueriesContext(connection) as many:
        page = staff.get(reverse(INBOX)).content.decode()
    assert len(many) == len(few)
    assert "allô ?" in page


def test_a_talk_is_unread_until_staff_open_it_and_again_when_the_person_writes(staff: Client, at: datetime) -> None:
    talk = a_talk(at, 1, needs_human=True)
    assert talk.is_unread
    staff.get(reverse("admin:marketplace_conversation_change", args=[talk.pk]))
    assert not Conversation.objects.select_related("contact").get().is_unread
    an_inbound(talk, at + timedelta(minutes=5))
    assert Conversation.objects.select_related("contact").get().is_unread


def test_whoever_may_only_look_leaves_a_talk_unread(client: Client, at: datetime) -> None:
    guest = User.objects.create_user("guest", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_conversation"))
    client.force_login(guest)
    talk = a_talk(at, 1, needs_human=True)
    assert client.get(reverse("admin:marketplace_conversation_change", args=[talk.pk])).status_code == 200
    assert client.get(talk_address(talk)).status_code == 200
    assert Conversation.objects.get().seen_at is None


def test_the_talk_is_sent_again_only_when_something_changed(staff: Client, at: datetime) -> None:
    talk = a_talk(at, 1)
    message = a_message(at, contact=talk.contact)
    version = chat.tell(talk, at)["version"]
    assert staff.get(talk_address(talk, version)).status_code == 204
    Notification.objects.filter(pk=message.pk).update(status="cancelled")
    assert staff.get(talk_address(talk, version)).status_code == 200
    version = chat.tell(talk, at)["version"]
    an_inbound(talk, at + timedelta(seconds=5), "Êtes-vous là ?")
    assert "Êtes-vous là ?" in staff.get(talk_address(talk, version)).content.decode()


def test_what_was_understood_is_told_in_words(at: datetime) -> None:
    a_service()
    a_zone()
    understood = {"intent": "request", "services": ["plomberie"], "zones": ["bonamoussadi"], "urgency": "unspecified"}
    names = chat.names_in([understood])
    assert chat.understood_in_words(understood, names).endswith(" · Bonamoussadi")
    assert "unspecified" not in chat.understood_in_words(understood, names)
    assert chat.understood_in_words({}, {}) == ""


def test_a_reply_leaves_as_free_text_while_the_window_is_open(at: datetime) -> None:
    talk = a_talk(at, 1)
    assert reply_ways.find(talk, at).way == Way.FREE
    assert reply_ways.find(talk, at + WINDOW).way == Way.NONE


def test_outside_the_window_a_reply_leaves_in_the_approved_template(at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1)
    a_channel("sms", sender="+237600000000")
    assert reply_ways.find(talk, at).way == Way.SMS
    template = MessageTemplate.objects.create(
        name="notice", language="fr", body="Djobea : {{1}} Répondez ici.", approval="approved", content_sid="HX1"
    )
    found = reply_ways.find(talk, at)
    assert (found.way, found.before, found.after) == (Way.TEMPLATE, "Djobea :", "Répondez ici.")
    MessageTemplate.objects.filter(pk=template.pk).update(approval="rejected")
    assert reply_ways.find(talk, at).way == Way.SMS
    Channel.objects.update(is_configured=False)
    assert reply_ways.find(talk, at).way == Way.NONE


def an_approved(name: str, body: str, **facts: Any) -> MessageTemplate:
    defaults = {"language": "fr", "approval": "approved", "content_sid": f"HX{name}"}
    return MessageTemplate.objects.create(name=name, body=body, **(defaults | facts))


def test_staff_choose_among_the_approved_templates_that_a_person_can_fill(at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1)
    an_approved("notice", "Djobea : {{1}} Répondez ici.")
    an_approved("reminder", "Rappel : {{1}} vient à {{2}}, merci.", variables=["name", "time"])
    an_approved("offer", "Travail : {{1}} sur {{2}} ici.", variables=["service", "link"])  # a link of ours
    an_approved("rating_request", "Et {{1}} alors ?", variables=["name"], approval="pending")
    an_approved("notice:buttons:Oui", "Djobea : {{1}} Oui ?", buttons=["Oui"])
    an_approved("quote", "Quote: {{1}} please.", language="en")
    found = reply_ways.find(talk, at)
    assert [each.name for each in found.templates] == ["notice", "reminder"]
    assert [(piece.words, bool(piece.variable)) for piece in found.templates[1].pieces] == [
        ("Rappel : ", True),
        (" vient à ", True),
        (", merci.", False),
    ]


def test_a_template_in_the_language_of_the_talk_comes_before_the_french_one(at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1, language="en")
    an_approved("notice", "Djobea : {{1}} Répondez ici.")
    an_approved("notice", "Djobea: {{1}} Answer here.", language="en")
    assert [each.language for each in reply_ways.find(talk, at).templates] == ["en"]


def test_what_is_known_of_the_person_stands_in_the_fields(at: datetime) -> None:
    a_full_house(at)
    talk = a_conversation(at)
    Contact.objects.filter(pk=talk.contact_id).update(last_inbound_at=None)
    an_approved("notice", "Djobea : {{1}} Répondez ici.")
    an_approved("reminder", "Rappel : {{1}} à {{2}}, merci.", variables=["service", "place"])
    values = reply_ways.find(Conversation.objects.get(pk=talk.pk), at).templates[1].values
    assert all(values.values())


def test_a_chosen_template_is_filled_and_carries_the_reply(staff: Client, chief: User, at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1)
    takeover.take_over(talk, operator=chief, at=at)
    an_approved("notice", "Djobea : {{1}} Répondez ici.")
    template = an_approved("reminder", "Rappel : {{1}} vient à {{2}}, merci.", variables=["name", "time"])
    page = staff.get(reverse("admin:marketplace_conversation_change", args=[talk.pk])).content.decode()
    assert page.count('name="template"') == 2
    send = reverse("admin:marketplace_conversation_reply", args=[talk.pk])
    staff.post(send, {"template": template.pk, f"name-{template.pk}": "Awa", f"time-{template.pk}": " "})
    staff.post(send, {"template": "999", "name-999": "Awa"})
    assert not Notification.objects.exists()
    staff.post(send, {"template": template.pk, f"name-{template.pk}": "Awa", f"time-{template.pk}": "14:00"})
    row = Notification.objects.get()
    assert row.body == "Rappel : Awa vient à 14:00, merci."
    made = rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp"))
    assert made is not None
    assert (made.content_sid, made.content_variables) == ("HXreminder", {"1": "Awa", "2": "14:00"})
    MessageTemplate.objects.filter(pk=template.pk).update(approval="paused")
    made = rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp"))
    assert made is not None
    assert (made.content_sid, made.content_variables) == ("HXnotice", {"1": row.body})


def test_a_reply_that_is_edited_leaves_its_template_behind(staff: Client, chief: User, at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1)
    takeover.take_over(talk, operator=chief, at=at)
    template = an_approved("notice", "Djobea : {{1}} Répondez ici.")
    send = reverse("admin:marketplace_conversation_reply", args=[talk.pk])
    staff.post(send, {"template": template.pk, f"text-{template.pk}": "Il arrive."})
    row = Notification.objects.get()
    assert rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp")).content_variables == {  # type: ignore[union-attr]  # it is approved
        "1": "Il arrive."
    }
    a_channel("whatsapp")
    staff_actions.edit(row.pk, {"body": "Elle arrive."}, by="chief", why="test", at=at)
    row.refresh_from_db()
    assert rendering.for_closed_window(row, rendering.templates_for([row], "whatsapp")).content_variables == {  # type: ignore[union-attr]  # it is approved
        "1": "Elle arrive."
    }


def test_a_reply_that_would_reach_nobody_is_not_queued(staff: Client, chief: User, at: datetime) -> None:
    talk = a_talk(at - WINDOW, 1)
    takeover.take_over(talk, operator=chief, at=at)
    page = staff.get(reverse("admin:marketplace_conversation_change", args=[talk.pk])).content.decode()
    assert 'name="text"' not in page
    staff.post(reverse("admin:marketplace_conversation_reply", args=[talk.pk]), {"text": "Bonjour"})
    assert not Notification.objects.exists()


def test_the_history_of_the_person_stands_beside(staff: Client, at: datetime) -> None:
    a_full_house(at)
    talk = a_conversation(at)
    Conversation.objects.filter(pk=talk.pk).update(is_open=False, closed_at=at)
    newer = a_conversation(at)
    page = staff.get(reverse("admin:marketplace_conversation_change", args=[newer.pk])).content.decode()
    assert reverse("admin:marketplace_conversation_change", args=[talk.pk]) in page
    assert "★ 5/5" in page
