"""The playbook: each setting of the channels, what is wrong with it, and how to mend it; asked of us and of Twilio."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from notifications import playbook, twilio_client
from notifications.models import Notification, OnCallPerson
from tests.djobea.admin_rows import a_channel
from tests.simulator_process import SimulatorProcess, running_simulator

SID, TOKEN = "AC" + "5" * 32, "made-up-token"
PAGE = reverse("admin:notifications_channel_playbook")


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorProcess]:
    with running_simulator(
        account_sid=SID, auth_token=TOKEN, whatsapp_from="whatsapp:+237650000000", sms_from="+237650000001"
    ) as process:
        yield process


@pytest.fixture
def house(settings: Any) -> Any:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = SID, TOKEN
    settings.TWILIO_WHATSAPP_FROM, settings.TWILIO_SMS_FROM = "whatsapp:+237650000000", "+237650000001"
    settings.PUBLIC_BASE_URL = "https://djobea.example"
    twilio_client.forget_clients()
    return settings


def verdicts(findings: list[playbook.Finding]) -> dict[str, bool | None]:
    return {str(finding.setting): finding.is_right for finding in findings}


@pytest.mark.django_db
def test_right_settings_are_right(house: Any) -> None:
    found = verdicts(playbook.of_settings())
    named = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_WHATSAPP_FROM", "TWILIO_SMS_FROM", "PUBLIC_BASE_URL")
    assert [found[name] for name in named] == [True] * 5


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("TWILIO_ACCOUNT_SID", "SK" + "5" * 32),
        ("TWILIO_AUTH_TOKEN", ""),
        ("TWILIO_WHATSAPP_FROM", "+237650000000"),
        ("TWILIO_SMS_FROM", "whatsapp:+237650000000"),
        ("PUBLIC_BASE_URL", "http://djobea.example"),
        ("PUBLIC_BASE_URL", "http://127.0.0.1:8000"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(house: Any, setting: str, value: str) -> None:
    setattr(house, setting, value)
    wrong = [finding for finding in playbook.of_settings() if finding.is_right is False]
    assert setting in {finding.setting for finding in wrong}
    assert all(finding.says and finding.remedy for finding in wrong)


@pytest.mark.django_db(transaction=True)
def test_twilio_says_which_webhook_it_calls(house: Any, simulator: SimulatorProcess) -> None:
    house.TWILIO_API_BASE_URL = simulator.base_url
    a_channel(sender="whatsapp:+237650000000")
    found = playbook.of_twilio()
    said = verdicts(found)
    assert said["TWILIO_ACCOUNT_SID"] is True
    assert said["TWILIO_WHATSAPP_FROM"] is True
    assert said["TWILIO_SMS_FROM"] is True
    wrong = [finding for finding in found if finding.is_right is False]
    assert len(wrong) == 2  # the webhooks lead to the simulator's own default
    assert all("https://djobea.example/webhooks/twilio/inbound/" in finding.remedy for finding in wrong)


@pytest.mark.django_db(transaction=True)
def test_a_refused_login_is_the_only_answer(house: Any, simulator: SimulatorProcess) -> None:
    house.TWILIO_API_BASE_URL, house.TWILIO_AUTH_TOKEN = simulator.base_url, "another"
    found = playbook.of_twilio()
    assert [(finding.setting, finding.is_right) for finding in found] == [("TWILIO_AUTH_TOKEN", False)]


@pytest.mark.django_db(transaction=True)
def test_a_twilio_that_does_not_answer_leaves_the_questions_open(house: Any) -> None:
    house.TWILIO_API_BASE_URL = "http://127.0.0.1:9"
    a_channel(sender="whatsapp:+237650000000")
    assert {finding.is_right for finding in playbook.of_twilio()} == {None}


@pytest.mark.django_db
def test_who_only_looks_does_not_ask_twilio(client: Client, settings: Any) -> None:
    guest = User.objects.create_user("guest", "", "made-up", is_staff=True)
    guest.user_permissions.add(Permission.objects.get(codename="view_channel"))
    client.force_login(guest)
    assert client.get(PAGE).status_code == 200
    assert client.post(PAGE).status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "address"), [("whatsapp", "+237699000101"), ("email", "awa@djobea.example")])
def test_a_test_message_goes_to_oneself_through_that_channel_only(client: Client, name: str, address: str) -> None:
    chief = User.objects.create_superuser("chief", "chief@example.com", "made-up")
    OnCallPerson.objects.create(user=chief, name="Awa", phone_number="+237699000101", email="awa@djobea.example")
    client.force_login(chief)
    client.post(reverse("admin:notifications_channel_do", args=[a_channel(name).pk, "test"]))
    message = Notification.objects.get()
    assert (message.channel, message.channels_left) == (name, [])
    assert address in (message.phone_number, message.email)
