"""The demo's database: first data, an admin user, phones that ring; never a real account's."""

from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.management.base import CommandError
from pytest_django import Settings

from djobea.demo import phones
from djobea.demo.preparation import PHONES_NOTE, prepare
from djobea.demo.secrets_file import ADMIN_PASSWORD, ADMIN_USER
from notifications import clock
from notifications.models import Account, Contact, MessageTemplate

pytestmark = pytest.mark.django_db
ACCOUNT_SID = "AC0000000000000000000000000000d3b0"


@pytest.fixture(autouse=True)
def demo(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.DATA_DIR = tmp_path / "not there yet"  # as with a DATABASE_URL in a fresh clone
    settings.TWILIO_ACCOUNT_SID = ACCOUNT_SID
    settings.TWILIO_AUTH_TOKEN = "0" * 32
    settings.TWILIO_WHATSAPP_FROM = "whatsapp:+14155238886"
    settings.TWILIO_API_BASE_URL = "http://127.0.0.1:1"
    monkeypatch.setenv(ADMIN_USER, "admin")
    monkeypatch.setenv(ADMIN_PASSWORD, "made-up-password")


def quietly(_text: str) -> None:
    """Nobody listens."""


def test_the_admin_can_come_in_and_keeps_a_password_that_was_changed() -> None:
    prepare(quietly)
    admin = get_user_model().objects.get(username="admin")
    assert admin.is_superuser
    assert admin.check_password("made-up-password")
    admin.set_password("my own")
    admin.save()
    prepare(quietly)
    admin.refresh_from_db()
    assert admin.check_password("my own")


def test_the_phones_on_the_page_are_those_that_ring_and_whatsapp_may_write_to_them(settings: Settings) -> None:
    prepare(quietly)
    customer, *providers = phones.read(settings.DATA_DIR / PHONES_NOTE)
    assert customer == phones.CUSTOMER
    assert len(providers) == phones.HOW_MANY
    for provider in providers:
        number, _name, role = provider.split(":")
        assert role == "provider"
        contact = Contact.objects.get(phone_number=number)
        assert contact.last_inbound_at is not None
        assert abs((clock.now() - contact.last_inbound_at).total_seconds()) < 60


def test_a_new_simulator_is_not_asked_for_templates_of_the_last_one() -> None:
    prepare(quietly)
    MessageTemplate.objects.update(content_sid="HX" + "0" * 32, approval="approved")
    prepare(quietly)
    assert set(MessageTemplate.objects.values_list("content_sid", "approval")) == {("", "unsubmitted")}


def test_a_database_of_a_real_account_is_refused_and_left_as_it_was() -> None:
    Account.objects.create(sid="AC" + "7" * 32)
    with pytest.raises(CommandError, match="real Twilio account"):
        prepare(quietly)
    assert not get_user_model().objects.exists()
