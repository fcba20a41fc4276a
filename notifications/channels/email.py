"""Email over the server that EMAIL_URL names."""

import smtplib

from django.core.mail import EmailMultiAlternatives
from django.utils.html import linebreaks

from .base import Accepted, Answer, Envelope, Refused, Unknown


def send(envelope: Envelope) -> Answer:
    """Subject, text and the same as HTML. A line that breaks after the text was handed over is unknown."""
    mail = EmailMultiAlternatives(envelope.subject or "Djobea", envelope.body, envelope.sender, [envelope.receiver])
    mail.attach_alternative(linebreaks(envelope.body, autoescape=True), "text/html")
    try:
        mail.send()
    except smtplib.SMTPRecipientsRefused as error:
        return Refused("email", f"recipient refused: {sorted({code for code, _ in error.recipients.values()})}")
    except smtplib.SMTPResponseException as error:
        return Refused("email", f"{error.smtp_code} {error.smtp_error!r}", http_status=None)
    except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
        return Unknown("lost", type(error).__name__)
    except OSError as error:
        return Refused("network", type(error).__name__)
    return Accepted(sid=None)
