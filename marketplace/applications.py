"""Joining as a provider: what the chat gathers, the code that proves the number, and what staff decide.

An application is its own draft: it waits, however long somebody takes to find the identity card.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from django.db import transaction
from django.db.models import F

from marketplace import application_notices, staff_alerts
from marketplace.models import Application, ApplicationStatus
from marketplace.models.application import UNDECIDED
from notifications import contacts, escalation
from notifications.models import Channel, ChannelName, Contact
from providers import coverage, standing
from providers.models import Provider, ProviderStatus, Service, Zone

CODE_LASTS: Final = timedelta(minutes=15)
MOST_TRIES: Final = 5  # of one code: five in a million
MOST_CODES: Final = 3  # an application, since each costs an SMS


class Verdict(StrEnum):
    """What became of a code that somebody typed."""

    RIGHT = "right"
    WRONG = "wrong"
    STALE = "stale"  # too old, or typed wrong too often


def begin(contact: Contact, *, language: str, at: datetime) -> Application:
    """The application that this person has not finished, or a new one. The caller has locked the contact."""
    found = Application.objects.filter(contact=contact, status__in=UNDECIDED).first()
    if found is not None:
        return found
    return Application.objects.create(
        contact=contact, language=language, phone_number=contact.phone_number or "", started_at=at
    )


def undecided(contact: Contact) -> Application | None:
    """What this person has begun or sent, and nobody has decided."""
    return Application.objects.filter(contact=contact, status__in=UNDECIDED).first()


def name(application: Application, text: str) -> None:
    application.name = text[:120]
    application.save(update_fields=["name"])


def offer(application: Application, services: Iterable[Service]) -> None:
    application.services.set(services)


def serve(application: Application, zones: Iterable[Zone]) -> None:
    application.zones.set(zones)


def identify(application: Application, reference: Mapping[str, str]) -> None:
    """Keep the reference of the identity photo; the file stays with Twilio."""
    application.identity = dict(reference)
    application.save(update_fields=["identity"])


def take_number(application: Application, e164: str) -> None:
    """The number that jobs are to come to; a new one is unproved."""
    if application.phone_number != e164:
        application.number_proved_at = None
    application.phone_number = e164
    application.code_sha256 = ""
    application.save(update_fields=["phone_number", "number_proved_at", "code_sha256"])


def can_send_code(application: Application, at: datetime) -> bool:
    """Whether a (further) code may go out by SMS now."""
    may = bool(application.phone_number) and application.codes_sent < MOST_CODES
    return may and Channel.objects.open(at).filter(name=ChannelName.SMS).exists()


def send_code(application: Application, *, at: datetime) -> bool:
    """Send a new code by SMS; older ones are worth nothing from now on. False: not possible now."""
    if not can_send_code(application, at):
        return False
    code = f"{secrets.randbelow(10**6):06d}"
    application.code_sha256 = _digest(application, code)
    application.code_expires_at = at + CODE_LASTS
    application.code_tries = 0
    application.codes_sent += 1
    application.save(update_fields=["code_sha256", "code_expires_at", "code_tries", "codes_sent"])
    application_notices.send_code(application, code, at=at)
    return True


def has_open_code(application: Application, at: datetime) -> bool:
    """Whether a code is out that would still be taken."""
    is_fresh = application.code_expires_at is not None and application.code_expires_at > at
    return bool(application.code_sha256) and is_fresh and application.code_tries < MOST_TRIES


def try_code(application: Application, text: str, *, at: datetime) -> Verdict:
    """Compare what somebody typed with the code that was sent. The right one proves the number, and is used up."""
    digits = re.sub(r"\D", "", text)
    if not has_open_code(application, at):
        return Verdict.STALE
    if not hmac.compare_digest(_digest(application, digits), application.code_sha256):
        Application.objects.filter(pk=application.pk).update(code_tries=F("code_tries") + 1)
        application.refresh_from_db(fields=["code_tries"])
        return Verdict.WRONG if has_open_code(application, at) else Verdict.STALE
    application.code_sha256, application.number_proved_at = "", at
    application.save(update_fields=["code_sha256", "number_proved_at"])
    contacts.claim_number(application.contact, application.phone_number)
    return Verdict.RIGHT


def _digest(application: Application, code: str) -> str:
    return hashlib.sha256(f"{application.pk}:{code}".encode()).hexdigest()


@transaction.atomic
def submit(application: Application, *, at: datetime) -> bool:
    """Hand it to staff, and show the applicant among the providers to approve. False: it was sent already."""
    if not Application.objects.filter(pk=application.pk).move(ApplicationStatus.SUBMITTED, submitted_at=at):
        return False
    application.status = ApplicationStatus.SUBMITTED
    if application.phone_number:
        provider, made = Provider.objects.get_or_create(
            phone_number=application.phone_number,
            defaults={"name": application.name, "language": application.language, "status": ProviderStatus.PENDING},
        )
        if made:  # of a provider whom we know already nothing is changed by what a chat says
            provider.services.set(application.services.all())
            provider.zones.set(application.zones.all())
            application.provider = provider
            application.save(update_fields=["provider"])
    staff_alerts.application_to_decide(application, at=at)
    return True


@transaction.atomic
def approve(application: Application, *, by: str, at: datetime) -> bool:
    """Let the applicant work, and tell them in the chat. False: it was decided already, or there is no provider."""
    provider = Provider.objects.select_for_update(no_key=True).filter(pk=application.provider_id or 0).first()
    if provider is None or not _decide(application, ApplicationStatus.APPROVED, by, at):
        return False
    Provider.objects.filter(pk=provider.pk).update(status=ProviderStatus.ACTIVE, is_verified=True)
    coverage.refresh(provider)
    standing.note_back(provider.pk, at)
    application_notices.tell_approved(application, at=at)
    return True


@transaction.atomic
def refuse(application: Application, *, by: str, at: datetime) -> bool:
    """Tell the applicant kindly; who was only waiting is no provider any more. False: it was decided already."""
    if not _decide(application, ApplicationStatus.REFUSED, by, at):
        return False
    Provider.objects.filter(pk=application.provider_id or 0, status=ProviderStatus.PENDING).delete()
    application_notices.tell_refused(application, at=at)
    return True


def _decide(application: Application, to: ApplicationStatus, by: str, at: datetime) -> bool:
    if not Application.objects.filter(pk=application.pk).move(to, decided_at=at, decided_by=by[:150]):
        return False
    application.status = to
    escalation.resolve(staff_alerts.application(application.pk), by=by, at=at)
    return True


def note_decisions(at: datetime) -> int:
    """Tell applicants what staff decided in the list of providers instead of here; returns how many."""
    sent = Application.objects.filter(status=ApplicationStatus.SUBMITTED).select_related("contact", "provider")
    taken = sent.filter(provider__status=ProviderStatus.ACTIVE, provider__is_verified=True)
    left = sent.filter(provider__status=ProviderStatus.SUSPENDED)
    done = sum(approve(application, by="staff", at=at) for application in taken[:100])
    return done + sum(refuse(application, by="staff", at=at) for application in left[:100])
