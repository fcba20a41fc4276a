"""The page that shows all templates at one glance."""

import re

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from notifications.admin.template_previews import lines
from notifications.models import MessageTemplate

pytestmark = pytest.mark.django_db
PAGE = "admin:notifications_messagetemplate_previews"


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


def a_template(
    name: str = "offer", language: str = "fr", channel: str = "whatsapp", **facts: object
) -> MessageTemplate:
    defaults: dict[str, object] = {"body": f"Djobea ({language}, {channel}) : {{{{1}}}} merci."}
    return MessageTemplate.objects.create(name=name, language=language, channel=channel, **(defaults | facts))


def test_each_name_is_a_line_with_all_languages_and_channels() -> None:
    for language, channel in [("fr", "sms"), ("fr", "whatsapp"), ("en", "whatsapp")]:
        a_template(language=language, channel=channel)
    a_template("notice")
    shown = [
        (line.name, [[preview.row.channel for preview in previews] for _label, previews in line.cells])
        for line in lines(MessageTemplate.objects.all())
    ]
    assert shown == [("notice", [["whatsapp"], [], []]), ("offer", [["whatsapp", "sms"], ["whatsapp"], []])]


def test_a_template_shows_its_variables_its_approval_and_its_parts() -> None:
    long = "Bonjour {{1}} " + "z" * 200 + "."
    a_template(variables=["service"], approval="rejected", rejection="Too long", body=long)
    a_template(channel="sms", body="{{2}} sans 1")
    whatsapp, sms = lines(MessageTemplate.objects.all())[0].cells[0][1]
    assert whatsapp.text.startswith("Bonjour [service] zz")
    assert (whatsapp.parts, whatsapp.tone, bool(whatsapp.approval)) == (2, "bad", True)
    assert (sms.text, sms.parts, sms.approval) == ("", 0, "")


def test_the_page_opens_from_the_list_and_asks_no_more_for_more(staff: Client) -> None:
    listed = staff.get(reverse("admin:notifications_messagetemplate_changelist")).content.decode()
    link = re.search(r'href="([^"]*to-previews[^"]*)"', listed)
    assert link
    assert staff.get(link[1])["Location"] == reverse(PAGE)
    a_template(body="<b> {{1}} </b> fin")
    with CaptureQueriesContext(connection) as few:
        page = staff.get(reverse(PAGE)).content.decode()
    assert "&lt;b&gt; [text]" in page
    for name in ("reminder", "quote", "buttons:Oui#1"):
        a_template(name)
    with CaptureQueriesContext(connection) as many:
        page = staff.get(reverse(PAGE)).content.decode()
    assert len(many) == len(few)
    assert "buttons:Oui" not in page


def test_whoever_may_not_look_at_templates_is_refused(client: Client) -> None:
    client.force_login(User.objects.create_user("guest", is_staff=True))
    assert client.get(reverse(PAGE)).status_code == 403
