"""The pictures of the documentation can be taken: their story is told, and every page of the table opens."""

import runpy
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

SCRIPTS = Path(__file__).resolve().parent.parent / "scripts"


@pytest.mark.django_db
def test_every_page_of_the_table_opens(client: Client, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_API_BASE_URL = "AC" + "0" * 32, "http://127.0.0.1:9"
    settings.TWILIO_WHATSAPP_FROM, settings.TWILIO_SMS_FROM = "whatsapp:+14155238886", "DJOBEA"
    shots = runpy.run_path(str(SCRIPTS / "screenshots.py"))["SHOTS"]
    client.force_login(runpy.run_path(str(SCRIPTS / "screenshot_story.py"))["furnish"]())
    assert len({shot.name for shot in shots}) == len(shots)
    for shot in shots:
        assert client.get(shot.address()).status_code == 200, shot.name
