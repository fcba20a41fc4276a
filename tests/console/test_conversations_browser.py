"""The inbox and a talk in a real browser."""

from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Page, expect

from marketplace.dialogue import takeover
from marketplace.models import Conversation
from notifications.models import Contact, MessageTemplate
from tests.djobea.admin_rows import a_conversation, a_full_house

from .conftest import Looks
from .test_conversations import an_inbound

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
INBOX = "admin:marketplace_conversation_inbox"


@pytest.fixture
def talk(chief: User, at: datetime) -> Conversation:
    """One that the chief has taken over, in a house full of everything."""
    a_full_house(at)
    Contact.objects.update(last_inbound_at=at)
    talk = a_conversation(at)
    takeover.take_over(talk, operator=chief, at=at)
    return Conversation.objects.select_related("contact").get(pk=talk.pk)


def page_of(talk: Conversation) -> str:
    return reverse("admin:marketplace_conversation_change", args=[talk.pk])


def test_a_new_message_appears_and_what_is_being_typed_stays(
    screen: Page, live_server: Any, talk: Conversation, at: datetime
) -> None:
    screen.goto(live_server.url + page_of(talk))
    box = screen.locator("#dj-reply-text")
    box.fill("J'arrive, je tape enco")
    an_inbound(talk, at, "Vous êtes toujours là ?")
    expect(screen.locator(".dj-chat")).to_contain_text("Vous êtes toujours là ?")
    expect(box).to_have_value("J'arrive, je tape enco")
    expect(box).to_be_focused()
    screen.reload()
    expect(box).to_have_value("J'arrive, je tape enco")
    screen.locator(".dj-reply button").click()
    expect(screen.locator(".dj-chat")).to_contain_text("J'arrive, je tape enco")
    expect(box).to_have_value("")


def test_the_window_counts_down_and_closes(screen: Page, live_server: Any, talk: Conversation) -> None:
    screen.clock.install()
    screen.goto(live_server.url + page_of(talk))
    screen.evaluate("document.querySelector('#talk').removeAttribute('hx-get')")
    clock = screen.locator(".dj-left")
    expect(clock).to_contain_text("23:59:")
    screen.clock.fast_forward(23 * 3600 * 1000)
    screen.clock.run_for(2000)
    expect(clock).to_contain_text("0:59:")
    expect(screen.locator(".dj-window.dj-very-soon")).to_have_count(1)


def test_a_template_is_chosen_and_shows_what_is_typed(screen: Page, live_server: Any, talk: Conversation) -> None:
    Contact.objects.update(last_inbound_at=None)
    facts: dict[str, Any] = {"language": "fr", "approval": "approved", "content_sid": "HX1"}
    MessageTemplate.objects.create(name="notice", body="Djobea : {{1}} Répondez.", **facts)
    MessageTemplate.objects.create(
        name="reminder", body="Rappel : {{1}} vient à {{2}}, merci.", variables=["name", "time"], **facts
    )
    screen.goto(live_server.url + page_of(talk))
    chosen = screen.locator(".dj-choice").nth(1)
    expect(chosen.locator("input").nth(1)).to_be_hidden()
    chosen.locator("input[type=radio]").check()
    chosen.locator("input[name^=name-]").fill("<Awa>")
    chosen.locator("input[name^=time-]").fill("14:00")
    expect(chosen.locator(".dj-bubble")).to_contain_text("Rappel : <Awa> vient à 14:00, merci.")
    screen.locator(".dj-reply button").click()
    expect(screen.locator(".dj-chat")).to_contain_text("Rappel : <Awa> vient à 14:00, merci.")


def test_a_thread_that_waits_leads_to_the_talk(screen: Page, live_server: Any, talk: Conversation) -> None:
    Conversation.objects.update(operator=None, needs_human=True)
    screen.goto(live_server.url + reverse(INBOX))
    screen.locator(".dj-thread.dj-unread").first.click()
    expect(screen.locator(".dj-chat")).to_be_visible()
    screen.goto(live_server.url + reverse(INBOX))
    expect(screen.locator(".dj-thread.dj-unread")).to_have_count(0)


def test_everybody_can_read_inbox_and_talk(
    screen: Page, talk: Conversation, at: datetime, everybody_can_read: Looks
) -> None:
    everybody_can_read(reverse(INBOX), page_of(talk))
    Contact.objects.update(last_inbound_at=None)
    MessageTemplate.objects.create(
        name="notice", language="fr", body="Djobea : {{1}} Répondez.", approval="approved", content_sid="HX1"
    )
    MessageTemplate.objects.create(
        name="rating_request", language="fr", body="Et {{1}} alors ?", variables=["name"], approval="approved",
        content_sid="HX2",
    )  # fmt: skip
    everybody_can_read(page_of(talk))
