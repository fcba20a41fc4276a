"""SMS over Twilio, perhaps through an account of its own, so that WhatsApp's daily limit leaves it alone."""

from notifications import twilio_client

from .base import Answer, Envelope


def send(envelope: Envelope) -> Answer:
    """Plain text; one-way in Cameroon, so whatever needs an answer carries a link."""
    return twilio_client.create_message(envelope, account="sms")
