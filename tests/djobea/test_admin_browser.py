"""The console in a real browser: it renews itself, its buttons work, it fits a phone, and everybody can read it."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as house
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from marketplace.models import Conversation, ServiceRequest
from notifications import clock
from notifications.models import Attempt, Channel, Contact, EscalationAlert, Notification, Outcome, StaffAction, Status
from tests.djobea.admin_rows import a_channel, a_full_house

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

GRAVE = ("serious", "critical")


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of our own: the plugin's needs a base address that a live server's tests cannot give twice."""
    with browser.new_context(locale="fr-FR", viewport={"width": 1400, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture
def house_in_trouble(at: datetime) -> Channel:
    """Rows of every kind, and WhatsApp paused since seven minutes."""
    a_full_house(at)
    return a_channel(
        paused_until=at + timedelta(days=1),
        paused_at=at - timedelta(minutes=7),
        pause_code="63007",
        pause_reason="Twilio could not find a Channel",
    )


@pytest.fixture
def console(page: Page, live_server: Any, house_in_trouble: Channel) -> Iterator[Page]:
    """A page that is logged in; at the end, it must not have complained."""
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    cookie = client.cookies[house.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": house.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(10_000)
    yield page
    assert not complaints


def open_row(console: Page, live_server: Any, row: Any) -> None:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"  # noqa: SLF001  public in Django
    console.goto(live_server.url + reverse(name, args=[row.pk]))


def test_the_dashboard_renews_itself(console: Page, live_server: Any, at: datetime) -> None:
    console.clock.install()
    console.goto(live_server.url + reverse("admin:index"))
    banner = console.get_by_text("Twilio could not find a Channel", exact=True)
    expect(banner).to_be_visible()
    bars = "Chart.getChart(document.querySelector('#hours canvas')).data.datasets.flatMap(set => set.data)"
    before = sum(console.evaluate(bars))
    Channel.objects.update(paused_until=None, pause_code="", pause_reason="", paused_at=None)
    message = Notification.objects.earliest("pk")
    Attempt.objects.create(
        notification=message, channel="whatsapp", started_at=at, finished_at=at, outcome=Outcome.ACCEPTED
    )
    console.clock.run_for(11_000)
    expect(banner).to_have_count(0)
    console.wait_for_function(f"{bars}.reduce((all, one) => all + one) == {before + 1}")  # drawn after the words
    expect(console.locator("#dashboard")).to_have_count(1)


def test_a_dead_letter_is_sent_again_after_one_question(console: Page, live_server: Any, at: datetime) -> None:
    Contact.objects.update(last_inbound_at=at)
    dead = Notification.objects.get(status=Status.DEAD)
    open_row(console, live_server, dead)
    console.locator(".dj-deeds a.dj-main").click()
    expect(console.locator(".dj-note").first).to_be_visible()
    console.locator("input[name=why]").fill("Le numéro est bon")
    console.locator(".dj-ask button[type=submit]").click()
    expect(console.locator(".dj-timeline").get_by_text("Le numéro est bon")).to_be_visible()
    dead.refresh_from_db()
    assert dead.status == Status.QUEUED


def test_everything_that_matches_is_chosen_without_counting_it(console: Page, live_server: Any) -> None:
    message = Notification.objects.get(status=Status.DEAD)
    facts = {field.attname: getattr(message, field.attname) for field in Notification._meta.concrete_fields}  # noqa: SLF001
    Notification.objects.bulk_create(Notification(**facts | {"id": None}) for _ in range(30))
    console.goto(live_server.url + reverse("admin:notifications_notification_changelist") + "?status__exact=dead")
    console.locator("#action-toggle").click()
    bar = console.locator("#changelist-actions")
    expect(bar).not_to_contain_text("999")
    bar.locator(".question a").click()
    bar.locator("select[name=action]").select_option("retry_now")
    bar.locator("button[name=index]").click()
    console.wait_for_url("**/act/retry/?*scope=all*")
    expect(console.locator(".dj-ask")).to_be_visible()


def test_an_operator_takes_a_talk_over_and_answers(console: Page, live_server: Any) -> None:
    open_row(console, live_server, Conversation.objects.get())
    console.locator("form[action$='do/take-over/'] button").click()
    console.locator("textarea[name=text]").fill("Bonjour, ici l'équipe <Djobea>")
    console.locator(".dj-reply button").click()
    expect(console.locator(".dj-chat")).to_contain_text("Bonjour, ici l'équipe <Djobea>")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_the_console_on_a_phone_too(console: Page, live_server: Any, scheme: str) -> None:
    console.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    console.set_viewport_size({"width": 390, "height": 844})
    pages = [
        reverse("admin:index"),
        reverse("status_report"),
        reverse("admin:notifications_channel_playbook"),
        reverse("admin:notifications_escalationstep_changelist"),
        reverse("admin:notifications_escalationalert_changelist"),
        reverse("admin:notifications_messagetemplate_changelist"),
        reverse("admin:notifications_messagetemplate_previews"),
        reverse("admin:notifications_notification_export", query={"scope": "all"}),
        reverse("admin:notifications_notification_causes"),
        reverse("admin:notifications_notification_changelist") + "?status__exact=dead",
        reverse("admin:notifications_notification_act", args=["retry"], query={"scope": "all"}),
        reverse("admin:notifications_notification_edit", args=[Notification.objects.get(status=Status.DEAD).pk]),
        *(
            reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])  # noqa: SLF001
            for row in (
                Notification.objects.filter(status=Status.DEAD).get(),
                EscalationAlert.objects.filter(state="open").get(),
                Channel.objects.get(name="whatsapp"),
                StaffAction.objects.latest("pk"),
                ServiceRequest.objects.latest("pk"),
                Conversation.objects.get(),
            )
        ),
    ]
    for address in pages:
        console.goto(live_server.url + address)
        assert console.evaluate("document.documentElement.scrollWidth") <= 390, address
        found = Axe().run(console).response["violations"]
        grave = [
            (address, fault["id"], [node["html"][:150] for node in fault["nodes"][:3]])
            for fault in found
            if fault["impact"] in GRAVE
        ]
        assert not grave, grave


def test_keys_lead_through_the_console(console: Page, live_server: Any) -> None:
    console.goto(live_server.url + reverse("admin:index"))
    console.keyboard.press("?")
    expect(console.locator("#dj-keys")).to_be_visible()
    found = Axe().run(console).response["violations"]
    assert not [fault["id"] for fault in found if fault["impact"] in GRAVE]
    console.keyboard.press("Escape")
    expect(console.locator("#dj-keys")).to_be_hidden()
    console.keyboard.press("g")
    console.keyboard.press("l")
    console.wait_for_url("**/notification/?status__exact=dead")
    console.keyboard.press("/")
    console.keyboard.type("g l?")
    expect(console.locator("#searchbar")).to_have_value("g l?")
    expect(console.locator("#dj-keys")).to_have_count(0)
