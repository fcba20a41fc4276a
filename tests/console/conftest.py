"""The console's pages, over Django's client and in a real browser."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as house
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, Page

from notifications import clock

GRAVE: Final = ("serious", "critical")
PHONE: Final = 390
Looks = Callable[..., None]


@pytest.fixture
def at() -> datetime:
    return clock.now()


@pytest.fixture
def chief(db: None) -> User:
    return User.objects.create_superuser("chief", "chief@example.com", "made-up")


@pytest.fixture
def staff(client: Client, chief: User) -> Client:
    client.force_login(chief, backend=house.AUTHENTICATION_BACKENDS[-1])
    return client


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of our own: the plugin's needs a base address that a live server's tests cannot give twice."""
    options: dict[str, Any] = {"locale": "fr-FR", "timezone_id": "Africa/Douala"}
    with browser.new_context(**options, viewport={"width": 1280, "height": 900}) as context:
        made = context.new_page()
        made.set_default_timeout(10_000)
        yield made


@pytest.fixture
def screen(page: Page, live_server: Any, chief: User) -> Iterator[Page]:
    """A page that is logged in as the chief; at the end, it must not have complained."""
    log_in(page, live_server, chief)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert not complaints


def log_in(page: Page, live_server: Any, user: User) -> None:
    """Give the browser this user's session."""
    client = Client()
    client.force_login(user, backend=house.AUTHENTICATION_BACKENDS[-1])
    cookie = client.cookies[house.SESSION_COOKIE_NAME].value
    page.context.add_cookies([{"name": house.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])


@pytest.fixture
def everybody_can_read(page: Page, live_server: Any) -> Looks:
    """Open pages wide and narrow, light and dark: nothing runs out of the window, and axe finds nothing grave."""

    def look(*addresses: str) -> None:
        for width in (1280, PHONE):
            page.set_viewport_size({"width": width, "height": 844})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                for address in addresses:
                    answer = page.goto(live_server.url + address)
                    assert answer is not None
                    assert answer.ok, (address, answer.status)
                    assert page.evaluate("document.documentElement.scrollWidth") <= width, (address, width)
                    assert not grave_faults(page), (address, width, scheme)

    return look


def grave_faults(page: Page) -> list[Any]:
    """What axe finds serious on the page that is open."""
    return [
        (fault["id"], [node["html"][:150] for node in fault["nodes"][:3]])
        for fault in Axe().run(page).response["violations"]
        if fault["impact"] in GRAVE
    ]
