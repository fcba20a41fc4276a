"""Signing in with a second factor, the lock-out after wrong passwords, and what an API call of a session may do."""

import re
import time
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from djobea import two_factor

pytestmark = pytest.mark.django_db
STEP, ENROL = "/admin/second-step/", "/admin/second-step/enrol/"


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the phone shows now, or some half minutes later."""
    clock = TOTP(device.bin_key, device.step, device.t0, device.digits, device.drift)
    clock.time = time.time() + steps * device.step
    return f"{clock.token():0{device.digits}d}"


@pytest.fixture
def enrolled(chief: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=chief, name="phone", confirmed=True)


def codes_on(page: str) -> list[str]:
    return re.findall(r"<code>([a-z0-9]{10})</code>", page)


def test_who_has_no_phone_is_led_to_enrol_one_where_it_is_required(staff: Client, chief: User, settings: Any) -> None:
    assert staff.get(reverse("admin:index")).status_code == 200
    settings.REQUIRE_TWO_FACTOR = True
    answer = staff.get(reverse("admin:index"))
    assert answer.status_code == 302
    assert answer["Location"].startswith(ENROL)
    assert "data:image/svg+xml" in staff.get(ENROL).content.decode()
    device = TOTPDevice.objects.get()
    assert staff.post(ENROL, {"code": "000000"}).status_code == 200
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    page = staff.post(ENROL, {"code": code_of(device)}).content.decode()
    assert len(codes_on(page)) == two_factor.RECOVERY_CODES
    assert staff.get(reverse("admin:index")).status_code == 200


def test_who_has_enrolled_is_asked_even_where_it_is_not_required(staff: Client, enrolled: TOTPDevice) -> None:
    wanted = reverse("admin:marketplace_servicerequest_board")
    led = staff.get(wanted)["Location"]
    assert led.startswith(STEP)
    assert f'value="{wanted}"' in staff.get(led).content.decode()
    answer = staff.post(STEP, {"code": code_of(enrolled), "next": wanted})
    assert answer["Location"] == wanted
    assert staff.get(wanted).status_code == 200


def test_a_code_works_once(client: Client, staff: Client, chief: User, enrolled: TOTPDevice) -> None:
    code = code_of(enrolled)
    assert staff.post(STEP, {"code": code}).status_code == 302
    other = Client()
    other.force_login(chief, backend="django.contrib.auth.backends.ModelBackend")
    assert other.post(STEP, {"code": code}).status_code == 200
    assert other.get(reverse("admin:index")).status_code == 302


def test_guesses_are_slowed_down(staff: Client, enrolled: TOTPDevice) -> None:
    for _ in range(3):
        staff.post(STEP, {"code": "123456"})
    assert staff.post(STEP, {"code": code_of(enrolled)}).status_code == 200
    assert staff.get(reverse("admin:index")).status_code == 302


def test_a_recovery_code_signs_in_once(staff: Client, chief: User, enrolled: TOTPDevice) -> None:
    codes = two_factor.new_recovery_codes(chief)
    typed = f" {codes[0][:5].upper()} {codes[0][5:]} "
    assert staff.post(STEP, {"code": typed}).status_code == 302
    assert staff.get(reverse("admin:index")).status_code == 200
    assert StaticToken.objects.count() == two_factor.RECOVERY_CODES - 1


def test_a_stolen_password_brings_no_phone_of_its_own(staff: Client, enrolled: TOTPDevice) -> None:
    assert staff.get(ENROL)["Location"] == STEP
    staff.post(ENROL, {"code": "123456"})
    assert list(TOTPDevice.objects.all()) == [enrolled]


def test_the_session_of_a_password_alone_opens_no_api(staff: Client, enrolled: TOTPDevice) -> None:
    answer = staff.get("/api/v1/zones/")
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    staff.post(STEP, {"code": code_of(enrolled)})
    assert staff.get("/api/v1/zones/").status_code == 200


@pytest.mark.parametrize("wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
def test_the_step_leads_nowhere_else(staff: Client, enrolled: TOTPDevice, wanted: str) -> None:
    answer = staff.post(STEP, {"code": code_of(enrolled), "next": wanted})
    assert answer["Location"] == reverse("admin:index")


def test_nobody_else_comes_near_the_pages(client: Client) -> None:
    assert client.get(STEP).status_code == 302
    assert client.get(ENROL)["Location"].startswith(reverse("admin:login"))


def test_a_manager_takes_a_lost_phone_away_but_not_a_superusers(client: Client, enrolled: TOTPDevice) -> None:
    manager = User.objects.create_user("manager", is_staff=True)
    manager.groups.add(Group.objects.get(name="manager"))
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    operator = User.objects.create_user("operator", is_staff=True)
    TOTPDevice.objects.create(user=operator, name="phone", confirmed=True)
    client.post(reverse("admin:auth_user_do", args=[operator.pk, "forget-factor"]))
    assert not two_factor.has_factor(operator)
    client.post(reverse("admin:auth_user_do", args=[enrolled.user_id, "forget-factor"]))
    assert two_factor.has_factor(enrolled.user)


def test_wrong_passwords_lock_the_name_out(client: Client, chief: User, settings: Any) -> None:
    settings.AXES_ENABLED = True
    login = reverse("admin:login")
    for _ in range(settings.AXES_FAILURE_LIMIT):
        answer = client.post(login, {"username": "chief", "password": "wrong"})
    assert answer.status_code == 429
    assert b"<main>" in answer.content
    assert client.post(login, {"username": "chief", "password": "made-up"}).status_code == 429
    manager = User.objects.create_user("manager", is_staff=True)
    manager.groups.add(Group.objects.get(name="manager"))
    helper = Client()
    helper.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    rows = [row.pk for row in AccessAttempt.objects.all()]
    form = {"action": "delete_selected", "_selected_action": rows, "post": "yes"}
    helper.post(reverse("admin:axes_accessattempt_changelist"), form)
    answer = client.post(login, {"username": "chief", "password": "made-up"})
    assert answer.status_code == 302
