"""A wrong setting stops the start with one sentence that names it and the remedy."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.checks import Error
from django.core.exceptions import ImproperlyConfigured
from pytest_django import Settings

from djobea.checks import check_settings, refuse_wrong_settings

ACCOUNT = {
    "TWILIO_ACCOUNT_SID": "AC" + "0" * 32,
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
    "PUBLIC_BASE_URL": "https://djobea.example",
}
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("djobea.E002", {"SECRET_KEY": "short"}, "SECRET_KEY"),
    ("djobea.E002", {"SECRET_KEY": ""}, "SECRET_KEY"),
    ("djobea.E003", {"TWILIO_ACCOUNT_SID": "AC123"}, "TWILIO_ACCOUNT_SID"),
    ("djobea.E003", {"TWILIO_API_KEY_SID": "AC" + "0" * 32, "TWILIO_API_KEY_SECRET": "s"}, "TWILIO_API_KEY_SID"),
    ("djobea.E004", {"TWILIO_AUTH_TOKEN": ""}, "TWILIO_AUTH_TOKEN"),
    ("djobea.E004", {"TWILIO_API_KEY_SID": "SK" + "0" * 32}, "TWILIO_API_KEY_SECRET"),
    ("djobea.E004", {"TWILIO_SMS_ACCOUNT_SID": "AC" + "1" * 32}, "TWILIO_SMS_AUTH_TOKEN"),
    ("djobea.E005", {"TWILIO_AUTH_TOKEN": "one,two,three"}, "TWILIO_AUTH_TOKEN"),
    ("djobea.E005", {"TWILIO_AUTH_TOKEN": "one two"}, "TWILIO_AUTH_TOKEN"),
    ("djobea.E006", {"TWILIO_WHATSAPP_FROM": "+14155238886"}, "TWILIO_WHATSAPP_FROM"),
    ("djobea.E006", {"TWILIO_WHATSAPP_FROM": "whatsapp:14155238886"}, "TWILIO_WHATSAPP_FROM"),
    ("djobea.E007", {"TWILIO_SMS_FROM": "whatsapp:+14155238886"}, "TWILIO_SMS_FROM"),
    ("djobea.E007", {"TWILIO_SMS_FROM": "DJOBEA-CAMEROUN"}, "TWILIO_SMS_FROM"),
    ("djobea.E008", {"TWILIO_ACCOUNT_SID": "", "TWILIO_AUTH_TOKEN": ""}, "TWILIO_ACCOUNT_SID"),
    ("djobea.E009", {"TWILIO_TIMEOUT_SECONDS": 60, "NOTIFICATION_LEASE_SECONDS": 60}, "TWILIO_TIMEOUT_SECONDS"),
    ("djobea.E009", {"TWILIO_TIMEOUT_SECONDS": 55, "NOTIFICATION_LEASE_SECONDS": 60}, "TWILIO_TIMEOUT_SECONDS"),
    ("djobea.E010", {"TWILIO_DAILY_LIMIT": 0}, "TWILIO_DAILY_LIMIT"),
    ("djobea.E011", {"PORT": 70000}, "PORT"),
    ("djobea.E012", {"PUBLIC_BASE_URL": "djobea.example"}, "PUBLIC_BASE_URL"),
    ("djobea.E012", {"TWILIO_API_BASE_URL": "http://twilio.example?x=1"}, "TWILIO_API_BASE_URL"),
    ("djobea.E012", {"CSRF_TRUSTED_ORIGINS": ["djobea.example"]}, "CSRF_TRUSTED_ORIGINS"),
    ("djobea.E013", {"PUBLIC_BASE_URL": "http://127.0.0.1:8000"}, "PUBLIC_BASE_URL"),
    ("djobea.E014", {"SIMULATOR": True, "DEBUG": False}, "SIMULATOR"),
    ("djobea.E015", {"STAFF_ALERT_EMAILS": ["ops at djobea"]}, "STAFF_ALERT_EMAILS"),
    ("djobea.E015", {"STATUS_REPORT_EMAILS": ["ops at djobea"]}, "STATUS_REPORT_EMAILS"),
    ("djobea.E018", {"RETENTION_DAYS": {"inbound_rows": 29}}, "inbound_rows"),
    ("djobea.E016", {"CELERY_BROKER_URL": "kafka://x"}, "CELERY_BROKER_URL"),
]


@pytest.fixture
def house(settings: Settings) -> Settings:
    """A well set up installation."""
    for name, value in ACCOUNT.items():
        setattr(settings, name, value)
    return settings


def test_a_well_set_up_installation_has_nothing_to_say(house: Settings) -> None:
    assert check_settings(None) == []


def test_an_installation_without_twilio_starts_too() -> None:
    assert check_settings(None) == []


@pytest.mark.parametrize(("identity", "wrong", "named"), WRONG)
def test_each_wrong_setting_is_named_with_its_remedy(
    house: Settings, identity: str, wrong: dict[str, Any], named: str
) -> None:
    for name, value in wrong.items():
        setattr(house, name, value)
    errors = [message for message in check_settings(None) if message.id == identity]
    assert errors
    assert all(isinstance(error, Error) and error.hint for error in errors)
    assert named in " ".join(error.msg for error in errors)


def test_senders_may_be_numbers_names_and_services(house: Settings) -> None:
    for sender in ("+237650000000", "DJOBEA", "MG" + "0" * 32, ""):
        house.TWILIO_SMS_FROM = sender
        assert check_settings(None) == []


def test_two_tokens_are_welcome_during_a_rotation(house: Settings) -> None:
    house.TWILIO_AUTH_TOKEN = "old,new"
    assert check_settings(None) == []


def test_a_missing_whatsapp_sender_is_a_warning(house: Settings) -> None:
    house.TWILIO_WHATSAPP_FROM = ""
    assert [message.id for message in check_settings(None)] == ["djobea.W001"]


def test_a_server_refuses_to_start_with_a_wrong_setting(house: Settings) -> None:
    house.TWILIO_WHATSAPP_FROM = "+14155238886"
    with pytest.raises(ImproperlyConfigured, match="TWILIO_WHATSAPP_FROM"):
        refuse_wrong_settings()


def test_the_command_line_stops_with_one_sentence_for_each_wrong_setting() -> None:
    surroundings = os.environ | {"DJANGO_SETTINGS_MODULE": "djobea.settings", "PORT": "eight", "DEBUG": "perhaps"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=django_settings.BASE_DIR,
        env=surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "PORT is 'eight'" in done.stderr
    assert "DEBUG is 'perhaps'" in done.stderr
    assert "Traceback" not in done.stderr
