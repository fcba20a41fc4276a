"""WhatsApp over Twilio."""

from notifications import twilio_client

from .base import Answer, Envelope


def send(envelope: Envelope) -> Answer:
    """Free text inside the 24-hour window, or a Content template where the envelope names one."""
    return twilio_client.create_message(envelope, account="main")
