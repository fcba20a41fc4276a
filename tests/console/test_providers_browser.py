"""Reading in a list of providers, and signing in with a phone, in a real browser."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.sync_api import Page, expect

from providers.models import Provider, Zone
from tests.providers.factories import a_provider, a_service, a_zone

from .conftest import Looks, grave_faults
from .test_two_factor import code_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
LIST, IMPORT = "admin:providers_provider_changelist", "admin:providers_provider_import"


@pytest.fixture
def zone() -> Zone:
    a_service("plomberie")
    return a_zone("bonamoussadi")


def test_a_list_is_chosen_looked_at_and_stored(
    screen: Page, live_server: Any, zone: Zone, tmp_path: Path, everybody_can_read: Looks
) -> None:
    file = tmp_path / "liste.csv"
    file.write_text(
        "nom;téléphone;métier;quartier\nPaul;677112233;plomberie;Bonamoussadi\nJean;12;plomberie;Bonamoussadi\n"
    )
    screen.goto(live_server.url + reverse(LIST))
    screen.goto(live_server.url + reverse(IMPORT))
    screen.locator("input[type=file]").set_input_files(file)
    screen.locator(".dj-ask button[type=submit]").click()
    expect(screen.locator(".dj-note.dj-wait")).to_be_visible()
    assert not Provider.objects.exists()
    everybody_can_read(reverse(IMPORT), screen.url.removeprefix(live_server.url))
    screen.locator(".dj-deeds form button").click()
    expect(screen.locator(".dj-note.dj-good")).to_be_visible()
    assert Provider.objects.get().name == "Paul"
    with screen.expect_download() as download:
        screen.locator("a[href$='rejected.csv']").click()
    assert "Jean" in Path(download.value.path()).read_text()


def test_services_and_zones_are_found_while_one_types(screen: Page, live_server: Any, zone: Zone) -> None:
    provider = a_provider()
    screen.goto(live_server.url + reverse("admin:providers_provider_change", args=[provider.pk]))
    screen.locator(".field-zones .select2-search__field").fill("bona")
    expect(screen.locator(".select2-results__option", has_text="Bonamoussadi").first).to_be_visible()


def test_everybody_can_read_list_form_and_history(
    screen: Page, zone: Zone, at: datetime, everybody_can_read: Looks
) -> None:
    a_provider(phone_doubtful=True)
    provider = a_provider(status="pending", is_verified=False)
    everybody_can_read(
        reverse(LIST),
        reverse("admin:providers_provider_change", args=[provider.pk]),
        reverse("admin:providers_provider_history", args=[provider.pk]),
        reverse("admin:auth_user_changelist"),
        reverse("admin:auth_user_change", args=[User.objects.get().pk]),
        reverse("admin:axes_accessattempt_changelist"),
    )


def test_a_person_signs_in_enrols_a_phone_and_signs_in_with_it(page: Page, live_server: Any, settings: Any) -> None:
    settings.REQUIRE_TWO_FACTOR = True
    User.objects.create_superuser("chief", "chief@example.com", "made-up")
    page.goto(live_server.url + reverse("admin:login"))
    for width, scheme in ((1280, "dark"), (390, "light")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
        assert not grave_faults(page)
    page.locator("input[name=username]").fill("chief")
    page.locator("input[name=password]").fill("made-up")
    page.locator("#login-form button[type=submit]").click()
    expect(page.locator(".dj-square")).to_be_visible()
    assert not grave_faults(page)
    device = TOTPDevice.objects.get()
    page.locator("input[name=code]").fill(code_of(device))
    page.locator("button.dj-main").click()
    expect(page.locator(".dj-codes li")).to_have_count(10)
    assert not grave_faults(page)
    recovery = page.locator(".dj-codes code").first.inner_text()
    page.locator("a.dj-main").click()
    expect(page.locator("#dashboard")).to_be_visible()
    page.context.clear_cookies()
    page.goto(live_server.url + reverse("admin:login"))
    page.locator("input[name=username]").fill("chief")
    page.locator("input[name=password]").fill("made-up")
    page.locator("#login-form button[type=submit]").click()
    expect(page.locator("input[name=code]")).to_be_visible()
    assert not grave_faults(page)
    page.locator("input[name=code]").fill(recovery)
    page.locator("button.dj-main").click()
    expect(page.locator("#dashboard")).to_be_visible()
