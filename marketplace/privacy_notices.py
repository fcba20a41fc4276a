"""Messages to those who asked for their data, or for their end."""

from datetime import datetime

from django.utils import translation

from marketplace.dialogue import privacy_replies
from marketplace.models import PrivacyRequest
from notifications import outbox


def tell_confirmed(request: PrivacyRequest, *, at: datetime) -> None:
    _tell(request, is_confirmed=True, at=at)


def tell_refused(request: PrivacyRequest, *, at: datetime) -> None:
    _tell(request, is_confirmed=False, at=at)


def _tell(request: PrivacyRequest, *, is_confirmed: bool, at: datetime) -> None:
    contact = request.contact
    if contact is None:
        return
    with translation.override(contact.language):
        text = privacy_replies.confirmed(request.wish) if is_confirmed else privacy_replies.refused()
    outbox.enqueue(
        purpose="privacy_answer",
        contact=contact,
        body=text,
        language=contact.language,
        reference=f"privacy:{request.pk}",
        dedupe_key=f"privacy:{request.pk}:{request.status}",
        at=at,
    )
