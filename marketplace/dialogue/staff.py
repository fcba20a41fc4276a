"""Tell staff, in their language, whatever language the talk is in."""

from collections.abc import Mapping
from datetime import datetime

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise

from notifications import escalation
from notifications.models import Severity


def tell(
    *,
    fingerprint: str,
    title: str | Promise,
    cause: str | Promise,
    remedy: str | Promise,
    facts: Mapping[str, object] | None = None,
    reference: str,
    at: datetime,
) -> None:
    """Raise a warning; `facts` fill the cause."""
    with translation.override(settings.LANGUAGE_CODE):
        escalation.raise_alert(
            fingerprint=fingerprint,
            title=str(title),
            cause=str(cause) % (facts or {}),
            remedy=str(remedy),
            severity=Severity.WARNING,
            reference=reference,
            at=at,
        )
