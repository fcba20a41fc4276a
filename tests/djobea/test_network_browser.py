"""The map of demand and supply and the weights of the score in a real browser: they work, fit a phone, ask nobody else."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as house
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from notifications import clock
from providers.models import ScoreWeights
from tests.factories import a_request
from tests.providers.factories import a_provider, a_service, a_zone

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
GRAVE = ("serious", "critical")


@pytest.fixture
def console(browser: Browser, live_server: Any) -> Iterator[Page]:
    """Logged in, with a request that found somebody and one that did not; nothing may be complained of or fetched."""
    at = clock.now()
    a_provider(name="Awa")
    a_provider(name="Doubtful", phone_doubtful=True, services=[])
    a_request(at=at)
    a_request(at=at, service=a_service("soudure"), zone=a_zone("akwa", at=(4.05, 9.699)))
    client = Client()
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    cookie = client.cookies[house.SESSION_COOKIE_NAME].value
    with browser.new_context(locale="fr-FR", viewport={"width": 1280, "height": 900}) as context:
        context.add_cookies([{"name": house.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        complaints: list[str] = []
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: hosts.add(urlsplit(request.url).netloc))
        page.set_default_timeout(10_000)
        hosts: set[str] = set()
        yield page
        assert not complaints
        assert hosts <= {urlsplit(live_server.url).netloc, ""}


def test_each_quarter_is_a_circle_that_tells_its_figures(console: Page, live_server: Any) -> None:
    console.goto(live_server.url + reverse("admin:marketplace_matchrun_network"))
    circles = console.locator("#network-map path")
    expect(circles).to_have_count(2)
    expect(console.locator("#network-map path.dj-bad")).to_have_count(1)
    console.locator("#network-map path.dj-bad").hover()
    expect(console.locator(".leaflet-tooltip")).to_contain_text("Akwa")
    console.locator("select[name=service]").select_option("plomberie")
    console.locator("form button[type=submit].dj-main").click()
    expect(console.locator(".dj-table tbody tr")).to_have_count(2)


def test_weights_are_previewed_before_they_count(console: Page, live_server: Any) -> None:
    console.goto(live_server.url + reverse("admin:providers_scoreweights_add"))
    console.locator("input[name=rating]").first.fill("7")
    console.locator("input[name=why]").first.fill("la qualité d'abord")
    console.locator("form[method=get] button[type=submit].dj-main").click()
    console.wait_for_url("**rating=7**")
    assert "csrf" not in console.url
    assert not ScoreWeights.objects.filter(rating=7).exists()
    console.locator("form[method=post].dj-deeds button").click()
    expect(console.get_by_text("la qualité d'abord")).to_be_visible()
    assert ScoreWeights.objects.filter(rating=7).exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_everybody_can_read_these_pages(console: Page, live_server: Any, scheme: str, width: int) -> None:
    console.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    console.set_viewport_size({"width": width, "height": 844})
    for address in (
        reverse("admin:marketplace_matchrun_network"),
        reverse("admin:marketplace_matchrun_recruit"),
        reverse("admin:providers_scoreweights_add") + "?distance=1&rating=5&acceptance=0&load=0&fairness=0",
        reverse("admin:providers_scoreweights_changelist"),
        reverse("admin:providers_numbertocheck_changelist"),
    ):
        console.goto(live_server.url + address)
        console.wait_for_load_state("networkidle")
        assert console.evaluate("document.documentElement.scrollWidth") <= width, address
        found = [
            f"{rule['id']}: {rule['nodes'][0]['html'][:120]}"
            for rule in Axe().run(console).response["violations"]
            if rule["impact"] in GRAVE
        ]
        assert not found, address
