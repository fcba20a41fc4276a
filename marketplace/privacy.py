"""Wishes about personal data: asked in the chat, confirmed by staff, carried out by whoever exports or erases.

The seam: `confirmed()` is what may be carried out now; whoever has done it says so with `done()`.
"""

from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from marketplace import privacy_notices, staff_alerts
from marketplace.models import PrivacyRequest, PrivacyStatus
from marketplace.models.privacy_request import STILL_OPEN
from notifications import escalation
from notifications.models import Contact


@transaction.atomic
def ask(contact: Contact, wish: str, *, at: datetime) -> PrivacyRequest:
    """Note the wish and tell staff; one that is open already is returned. The caller has locked the contact."""
    known = PrivacyRequest.objects.filter(contact=contact, wish=wish, status__in=STILL_OPEN).first()
    if known is not None:
        return known
    made = PrivacyRequest.objects.create(contact=contact, wish=wish, asked_at=at)
    staff_alerts.data_asked_for(made, at=at)
    return made


@transaction.atomic
def confirm(request: PrivacyRequest, *, by: str, at: datetime) -> bool:
    """Staff have made sure that it is the person's own wish; the person is told. False: it was decided already."""
    if not _decide(request, PrivacyStatus.CONFIRMED, by, at):
        return False
    privacy_notices.tell_confirmed(request, at=at)
    return True


@transaction.atomic
def refuse(request: PrivacyRequest, *, by: str, at: datetime) -> bool:
    """Staff do not carry it out; the person is told whom to ask. False: it was decided already."""
    if not _decide(request, PrivacyStatus.REFUSED, by, at):
        return False
    privacy_notices.tell_refused(request, at=at)
    return True


def _decide(request: PrivacyRequest, to: PrivacyStatus, by: str, at: datetime) -> bool:
    if not PrivacyRequest.objects.filter(pk=request.pk).move(to, decided_at=at, decided_by=by[:150]):
        return False
    request.status = to
    escalation.resolve(staff_alerts.data_wish(request.pk), by=by, at=at)
    return True


def confirmed() -> QuerySet[PrivacyRequest]:
    """What is to be carried out, the oldest first."""
    waiting = PrivacyRequest.objects.filter(status=PrivacyStatus.CONFIRMED, contact__isnull=False)
    return waiting.select_related("contact").order_by("pk")


def done(request: PrivacyRequest, *, at: datetime) -> bool:
    """The data were handed over, or are gone. False: it was not confirmed, or is done already."""
    return PrivacyRequest.objects.filter(pk=request.pk).move(PrivacyStatus.DONE, done_at=at) > 0
