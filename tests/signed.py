"""Webhook calls as Twilio signs them."""

from typing import Any

from django.conf import settings
from django.test import Client
from twilio.request_validator import RequestValidator


def post(client: Client, path: str, fields: dict[str, str], *, token: str = "", **extra: Any) -> Any:
    """POST `fields` with the signature that Twilio would compute for PUBLIC_BASE_URL + path."""
    key = token or settings.TWILIO_AUTH_TOKEN.split(",")[0]
    signature = RequestValidator(key).compute_signature(settings.PUBLIC_BASE_URL + path, fields)
    return client.post(path, fields, headers={"X-Twilio-Signature": signature}, **extra)
