"""The page in a real browser: phones side by side, live, tappable, safe."""

import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect
from twilio.rest import Client

from djobea.simulator.pages import STATIC
from tests.simulator.contents import a_content
from tests.simulator_process import SimulatorProcess

AWA, JEAN, MADO = "+237699000001", "+237677000001", "+237677000002"


@pytest.fixture
def page(browser: Browser, simulator: SimulatorProcess) -> Iterator[Page]:
    """The simulator's page at 1280; a test fails on any error in the console and any request to another host."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(10_000)
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: wrong.append(request.url) if _is_foreign(request.url, simulator) else None)
    page.goto(simulator.base_url)
    expect(page.locator(".live")).to_have_text("en direct")
    yield page
    context.close()
    assert wrong == []


def _is_foreign(url: str, simulator: SimulatorProcess) -> bool:
    return not url.startswith((simulator.base_url, "data:", "blob:"))


def phone(page: Page, number: str) -> Any:
    return page.locator(f'[data-phone="{number}"]')


def test_a_customer_writes_and_the_ticks_turn_blue(page: Page, simulator: SimulatorProcess, client: Client) -> None:
    expect(page.locator(".phone")).to_have_count(4)
    box = phone(page, AWA).get_by_placeholder("Écrire un message")
    box.fill("Bonjour, j'ai une fuite d'eau")
    box.press("Enter")
    expect(phone(page, AWA).locator(".mine .ticks.delivered")).to_be_visible()
    client.messages.create(to=f"whatsapp:{AWA}", from_=simulator.whatsapp_from, body="Où êtes-vous ?")
    expect(phone(page, AWA)).to_have_class(re.compile("ring"))
    expect(phone(page, AWA).locator(".theirs .ticks.read")).to_be_visible()
    assert simulator.messages(direction="outbound-api")[0]["status"] == "read"


def test_buttons_and_lists_are_tapped(page: Page, simulator: SimulatorProcess, client: Client) -> None:
    buttons = {"twilio/quick-reply": {"body": "Travail ?", "actions": [{"type": "QUICK_REPLY", "title": "Accepter", "id": "offer:42:accept"}]}}  # fmt: skip
    choices = {"twilio/list-picker": {"body": "Service ?", "button": "Voir", "items": [{"item": "Plomberie", "id": "svc:plomberie"}]}}  # fmt: skip
    simulator.phone(JEAN, wrote_seconds_ago=0)
    for types in (buttons, choices):
        sid = str(a_content(client, types).sid)
        client.messages.create(to=f"whatsapp:{JEAN}", from_=simulator.whatsapp_from, content_sid=sid)
    phone(page, JEAN).get_by_role("button", name="Accepter").click()
    expect(phone(page, JEAN).locator(".mine .text")).to_have_text(["Accepter"])
    phone(page, JEAN).get_by_role("button", name="Voir").click()
    phone(page, JEAN).get_by_role("button", name="Plomberie").click()
    expect(phone(page, JEAN).locator(".mine .text")).to_have_text(["Accepter", "Plomberie"])


def test_switches_change_the_phone_and_failures_show_their_code(
    page: Page, simulator: SimulatorProcess, client: Client
) -> None:
    phone(page, MADO).get_by_role("button", name="Réglages du téléphone").click()
    phone(page, MADO).locator("label", has_text="A WhatsApp").click()
    expect(phone(page, MADO).locator(".chips")).to_have_text("sans WhatsApp")
    client.messages.create(to=f"whatsapp:{MADO}", from_=simulator.whatsapp_from, body="x")
    expect(phone(page, MADO).locator(".ticks.bad")).to_have_text("63024")
    client.messages.create(
        to=MADO, from_=simulator.sms_from, body="Ici : https://djobea.example.cm/go/8fKq2LmZp0XyT4Ab/"
    )
    link = phone(page, MADO).locator(".bubble.sms a")
    expect(link).to_have_attribute("target", "_blank")
    expect(link).to_have_attribute("href", "https://djobea.example.cm/go/8fKq2LmZp0XyT4Ab/")
    expect(phone(page, MADO).get_by_placeholder("Sans WhatsApp")).to_be_disabled()
    phone(page, MADO).locator("label", has_text="Allumé").click()
    expect(phone(page, MADO).locator(".dark")).to_be_visible()
    phone(page, MADO).locator(".dark button").click()
    expect(phone(page, MADO).locator(".dark")).to_be_hidden()


def test_places_photos_and_voice_notes_are_attached(page: Page) -> None:
    for option, send in (
        ("Position", "Envoyer cette position"),
        ("Photo", "Photo d'exemple"),
        ("Message vocal", "Vocal d'exemple"),
    ):
        phone(page, AWA).get_by_role("button", name="Joindre").click()
        phone(page, AWA).get_by_role("button", name=option, exact=True).click()
        phone(page, AWA).get_by_role("button", name=send).click()
    expect(phone(page, AWA).locator(".place")).to_contain_text("Bonamoussadi")
    expect(phone(page, AWA).locator("audio")).to_be_visible()
    picture = phone(page, AWA).locator("img.picture")
    expect(picture).to_be_visible()
    page.wait_for_function("document.querySelector('img.picture').naturalWidth > 0")


def test_what_people_write_is_text_and_never_code(page: Page, simulator: SimulatorProcess) -> None:
    evil = '<img src=x onerror="document.title=1"><script>document.title=1</script> javascript:alert(1) *gras*'
    simulator.phone(AWA, name=evil)
    simulator.write(AWA, evil)
    simulator.write(AWA, location={"latitude": 4, "longitude": 9, "label": evil})
    expect(phone(page, AWA).locator(".mine .text").first).to_have_text(evil.replace("*gras*", "gras"))
    expect(phone(page, AWA).locator(".text img, .text script, .text a, .who img")).to_have_count(0)
    expect(phone(page, AWA).locator(".text strong").first).to_have_text("gras")
    assert page.title() == "Djobea · simulateur"


def test_faults_scripts_account_and_log_are_at_hand(page: Page, simulator: SimulatorProcess, client: Client) -> None:
    simulator.control("accounts", {"sid": simulator.account_sid, "daily_limit": 50})
    page.locator('.tabs [data-tab="faults"]').click()
    page.locator('[data-fault="list_silent"] > .toggle').click()
    expect(page.locator('[data-fault="list_silent"]')).to_have_class(re.compile("active"))
    page.get_by_role("button", name="63007 pendant 2 minutes").click()
    expect(page.locator('[data-fault="unknown_sender"]')).to_contain_text("finit dans")
    assert {fault["fault"] for fault in simulator.control("faults")["faults"]} == {"list_silent", "unknown_sender"}
    page.get_by_role("button", name="Tout réparer").click()
    expect(page.locator(".fault.active")).to_have_count(0)
    client.messages.create(to=AWA, from_=simulator.sms_from, body="x")
    page.locator('.tabs [data-tab="account"]').click()
    expect(page.locator(".account")).to_contain_text("1 sur 50 messages en 24 h")
    page.locator('.tabs [data-tab="log"]').click()
    expect(page.locator(".log li").first).to_contain_text("/Messages.json")


def test_another_phone_is_added_and_the_language_is_switched(page: Page, simulator: SimulatorProcess) -> None:
    page.locator('[data-language="en"]').click()
    page.get_by_role("button", name="Phone", exact=True).click()
    page.get_by_role("textbox", name="Name").fill("Papa Essai")
    page.get_by_role("textbox", name="Number").fill("+237 6 99 00 00 42")
    page.get_by_role("button", name="Create").click()
    expect(phone(page, "+237699000042").locator("h2")).to_have_text("Papa Essai")
    expect(phone(page, "+237699000042").get_by_placeholder("Write a message")).to_be_visible()
    page.reload()
    expect(page.locator(".phone")).to_have_count(5)
    expect(page.locator("html")).to_have_attribute("lang", "en")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(
    browser: Browser, simulator: SimulatorProcess, scheme: Literal["light", "dark"]
) -> None:
    simulator.write(AWA, "Bonjour https://djobea.example.cm/a *vite*")
    simulator.client().messages.create(to=AWA, from_=simulator.sms_from, body="Ici : https://djobea.example.cm/go/x/")
    simulator.phone(MADO, whatsapp=False, blocks_sender=True)
    # The policy of the page keeps axe's own script out, so this page alone does without it.
    with browser.new_context(color_scheme=scheme, reduced_motion="reduce", bypass_csp=True) as context:
        page = context.new_page()
        page.goto(simulator.base_url)
        for tab in ("faults", "account", "log"):
            page.locator(f'.tabs [data-tab="{tab}"]').click()
            expect(page.locator(".panel-body")).not_to_be_empty()
            found = Axe().run(page).response["violations"]
            assert [each["id"] for each in found if each["impact"] in {"serious", "critical"}] == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_nothing_sticks_out_at_any_width(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    for tab in ("faults", "account", "log"):
        page.locator(f'.tabs [data-tab="{tab}"]').click()
        expect(page.locator(".panel")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate("document.querySelector('.tabs').getBoundingClientRect().right <= innerWidth")


def test_every_word_is_there_in_french_and_english() -> None:
    text = (STATIC / "words.js").read_text(encoding="utf-8")
    french, english = text.split("\n  en: {")
    keys = [set(re.findall(r"(\w+): \"", part.split("\n};")[0])) for part in (french, english)]
    assert keys[0] == keys[1]
    assert len(keys[0]) > 100


def test_the_page_has_no_inline_script_or_style() -> None:
    html = (STATIC / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*src=)|<style|\sstyle=|\son\w+=", html)
    assert not [path.name for path in STATIC.glob("*.js") if "innerHTML" in path.read_text(encoding="utf-8")]
