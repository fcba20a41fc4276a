"""The whole job, and the recovery from an unknown sender, played on the simulator's page in a real browser."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from marketplace.models import InboundMessage, Job
from notifications.models import EscalationAlert
from tests.phones import Phone
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
Work = Callable[[], None]
CUSTOMER, PLUMBER, OTHER = "+237699000001", "+237677000001", "+237677000002"
LEAK = "Bonjour, j'ai une fuite d'eau à Bonamoussadi, c'est urgent"


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of our own: the plugin's needs a base address that a live server's tests cannot give twice."""
    with browser.new_context(locale="fr-FR", viewport={"width": 1500, "height": 900}) as context:
        yield context.new_page()


@pytest.fixture
def phones(page: Page, simulator: SimulatorProcess, customer: Phone) -> Callable[[str], Locator]:
    for number, name in ((PLUMBER, "Jean-Pierre Mbarga"), (OTHER, "Élise Ngo Bayiha")):
        Phone(simulator, number, name)
    page.set_default_timeout(10_000)
    page.goto(simulator.base_url)
    return lambda number: page.locator(f'[data-phone="{number}"]')


def write(phone: Locator, text: str) -> None:
    box = phone.locator("input[name=text]")
    box.fill(text)
    box.press("Enter")
    expect(phone.locator(".bubble.mine").last).to_contain_text(text)
    give_up = time.monotonic() + 10
    while not InboundMessage.objects.filter(
        body=text, from_address__endswith=str(phone.get_attribute("data-phone"))
    ).exists():  # the webhook is on its way
        assert time.monotonic() < give_up, "The webhook brought nothing."
        time.sleep(0.05)


def test_a_job_is_found_offered_and_accepted_on_the_page(phones: Callable[[str], Locator], work: Work) -> None:
    customer, plumber, other = phones(CUSTOMER), phones(PLUMBER), phones(OTHER)
    write(customer, LEAK)
    work()
    expect(customer.locator(".bubble.theirs").last).to_contain_text("Bonamoussadi")
    write(customer, "1")
    work()
    expect(plumber.locator(".bubble.theirs").last).to_contain_text("Bonamoussadi")
    expect(other.locator(".bubble.theirs").last).to_contain_text("Bonamoussadi")
    write(plumber, "1")
    work()
    expect(customer.locator(".bubble.theirs").last).to_contain_text("Jean-Pierre Mbarga")
    expect(customer.locator(".bubble.theirs").last).to_contain_text(PLUMBER)
    expect(plumber.locator(".bubble.theirs").last).to_contain_text(CUSTOMER)
    expect(customer.locator(".bubble.theirs[data-status=read]").last).to_be_visible()
    assert Job.objects.get().provider.phone_number == PLUMBER


def test_an_unknown_sender_is_repaired_and_everything_arrives_once(
    phones: Callable[[str], Locator], work: Work, simulator: SimulatorProcess, settings: Any
) -> None:
    settings.TWILIO_SMS_FROM = ""
    simulator.fault("unknown_sender")
    customer = phones(CUSTOMER)
    write(customer, LEAK)
    work()
    expect(customer.locator(".bubble.theirs:not([data-status=failed])")).to_have_count(0)
    alert = EscalationAlert.objects.get(fingerprint="channel:whatsapp:63007")
    assert "TWILIO_WHATSAPP_FROM" in alert.remedy
    simulator.clear_faults()
    work()
    expect(customer.locator(".bubble.theirs:not([data-status=failed])")).to_have_count(1)
    alert.refresh_from_db()
    assert alert.state == "resolved"
