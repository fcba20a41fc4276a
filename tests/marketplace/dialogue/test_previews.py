"""Every answer is shown to staff in every language, and is short enough to be read on a small screen."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace import notice_previews
from marketplace.dialogue import previews
from marketplace.dialogue.words import LANGUAGES
from notifications.models import Contact, Notification
from notifications.rendering import BODY_LIMIT
from providers.models import Provider

from .conftest import MORNING

MODULES = pytest.mark.parametrize("module", previews.MODULES, ids=lambda module: module.__name__.rpartition(".")[2])


@MODULES
def test_every_answer_of_a_module_has_its_preview(module: object) -> None:
    shown = {preview.name for preview in previews.previews(module)}  # type: ignore[arg-type]  # a module
    assert shown == {name for name, _function in previews._answers(module)}  # type: ignore[arg-type]  # noqa: SLF001


@MODULES
def test_every_answer_is_short_and_its_buttons_can_be_told_apart(module: object) -> None:
    for preview in previews.previews(module):  # type: ignore[arg-type]  # a module
        for reply in preview.said:
            assert len(reply.text) < BODY_LIMIT / 3, preview.name
            assert "%(" not in reply.text, preview.name
            titles = [choice["title"] for choice in reply.choices]
            assert all(titles), preview.name
            assert len(set(titles)) == len(titles), preview.name
            longest = 20 if len(titles) <= 3 else 24  # a button's, a line's of a list (Twilio)
            assert preview.name in {"which_offer", "open_offers"} or all(len(title) <= longest for title in titles), (
                titles
            )


@MODULES
def test_the_three_languages_are_three(module: object) -> None:
    for preview in previews.previews(module):  # type: ignore[arg-type]  # a module
        french, english, pidgin = (reply.text for reply in preview.said)
        if preview.name in {"ask_language", "summary"} or len(french) < 25:
            continue
        assert len({french, english, pidgin}) == 3, preview.name


def test_staff_open_the_page_from_the_list_of_conversations(db: None, client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    page = client.get(reverse("admin:marketplace_conversation_changelist")).content.decode()
    assert "show-replies" in page
    shown = client.get(reverse("admin:marketplace_conversation_replies")).content.decode()
    assert "Weti you need" in shown
    assert "De quoi avez-vous besoin" in shown


def test_nobody_without_rights_sees_it(db: None, client: Client) -> None:
    client.force_login(User.objects.create_user("guest", "", "made-up", is_staff=True))
    assert client.get(reverse("admin:marketplace_conversation_replies")).status_code == 403


def test_every_notice_is_shown_in_three_languages_and_nothing_stays(db: None) -> None:
    shown = notice_previews.previews(MORNING)
    names = {preview.name for preview in shown}
    assert names == {name for name, *_rest in notice_previews.functions()}
    assert {"offer_job", "tell_match", "ask_rating", "tell_nobody_found", "sorry", "remind_customer"} <= names
    for preview in shown:
        assert len({reply.text for reply in preview.said}) == len(LANGUAGES), preview.name
        assert all("%(" not in reply.text for reply in preview.said), preview.name
    assert not any(model.objects.exists() for model in (Notification, Contact, Provider))
