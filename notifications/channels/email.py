"""Email over the server that EMAIL_URL names."""

import smtplib
from typing import Final

from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils.html import linebreaks

from .base import Accepted, Answer, Envelope, Refused, Unknown

FOR_GOOD: Final = 500


def send(envelope: Envelope) -> Answer:
    """Subject, text and the same as HTML. A line that breaks after the text was handed over is unknown."""
    line = get_connection()
    mail = EmailMultiAlternatives(
        envelope.subject or "Djobea", envelope.body, envelope.sender, [envelope.receiver], connection=line
    )
    mail.attach_alternative(linebreaks(envelope.body, autoescape=True), "text/html")
    try:
        mail.send()
    except smtplib.SMTPAuthenticationError as error:
        return Refused("email_login", str(error.smtp_code))
    except smtplib.SMTPRecipientsRefused as error:
        codes = sorted({code for code, _ in error.recipients.values()})
        # 5yz is for good, 4yz passes (RFC 5321, 4.2.1): greylisting, a full mailbox.
        return Refused("email_address" if min(codes) >= FOR_GOOD else "email", f"recipient refused: {codes}")
    except smtplib.SMTPResponseException as error:
        return Refused("email", f"{error.smtp_code} {error.smtp_error!r}", http_status=None)
    except (smtplib.SMTPServerDisconnected, TimeoutError) as error:
        return Unknown("lost", type(error).__name__)
    except OSError as error:
        return Refused("network", type(error).__name__)
    finally:
        line.close()  # Django leaves it open where the login is refused
    return Accepted(sid=None)
