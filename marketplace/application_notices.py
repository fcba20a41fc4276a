"""Messages to those who want to join: the code by SMS, and what staff decided."""

from datetime import datetime

from django.utils import translation

from marketplace.dialogue import joining_replies
from marketplace.models import Application
from notifications import outbox


def send_code(application: Application, code: str, *, at: datetime) -> None:
    """By SMS and to the number itself: that is what the code proves."""
    with translation.override(application.language):
        text = joining_replies.code_by_sms(code)
    outbox.enqueue(
        purpose="join_code",
        phone_number=application.phone_number,
        body=text,
        language=application.language,
        reference=f"application:{application.pk}",
        dedupe_key=f"join-code:{application.pk}:{application.codes_sent}",
        at=at,
    )


def tell_approved(application: Application, *, at: datetime) -> None:
    with translation.override(application.language):
        text = joining_replies.approved(application.name)
    _tell(application, text, at)


def tell_refused(application: Application, *, at: datetime) -> None:
    with translation.override(application.language):
        text = joining_replies.refused(application.name)
    _tell(application, text, at)


def _tell(application: Application, text: str, at: datetime) -> None:
    outbox.enqueue(
        purpose="application_answer",
        contact=application.contact,
        body=text,
        language=application.language,
        reference=f"application:{application.pk}",
        dedupe_key=f"application:{application.pk}:{application.status}",
        at=at,
    )
