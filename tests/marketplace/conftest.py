"""Twilio's account as the webhooks' tests sign for it."""

from typing import Any, Final

import pytest

ACCOUNT: Final = "AC00000000000000000000000000000001"


@pytest.fixture
def twilio(settings: Any) -> str:
    """Settings of an account whose signatures are accepted; returns its sid."""
    settings.TWILIO_ACCOUNT_SID = ACCOUNT
    settings.TWILIO_AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
    settings.PUBLIC_BASE_URL = "https://djobea.example"
    return ACCOUNT
