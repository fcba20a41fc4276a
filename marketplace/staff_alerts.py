"""Every alert that this app raises, one function each: the cause, and what staff can do, in the language of staff."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from marketplace.models import Application, Job, PrivacyRequest, ServiceRequest, Urgency, Wish
from notifications import escalation
from notifications.models import Severity


def unmatched(request_id: int) -> str:
    """The fingerprint of a request for which nobody was found."""
    return f"request:{request_id}:unmatched"


def unmatched_request(fingerprint: str) -> int | None:
    """The request of such a fingerprint; None for any other alert."""
    kind, _colon, rest = fingerprint.partition(":")
    pk, _colon, what = rest.partition(":")
    return int(pk) if (kind, what) == ("request", "unmatched") and pk.isdecimal() else None


def untold(job_id: int) -> str:
    """The fingerprint of a job whose sides could not be told of each other."""
    return f"job:{job_id}:contact"


def nobody_found(request: ServiceRequest, *, at: datetime) -> None:
    """Nobody can be asked now; resolved by the match, the cancellation or the end of the search."""
    _raise(
        unmatched(request.pk),
        title=_("Nobody found for request #%(request)d"),
        cause=_("No provider of this service is available now in the zone or the city, or all were asked."),
        remedy=_("Call a provider and assign by hand, widen the search, or recruit; the search goes on by itself."),
        facts={"request": request.pk},
        severity=Severity.CRITICAL if request.urgency == Urgency.EMERGENCY else Severity.ERROR,
        reference=f"request:{request.pk}",
        at=at,
    )


def silent(provider_id: int) -> str:
    """The fingerprint of a provider who left several offers unanswered."""
    return f"provider:{provider_id}:silent"


def silent_provider(fingerprint: str) -> int:
    """The provider of such a fingerprint."""
    return int(fingerprint.split(":")[1])


def provider_is_silent(provider_id: int, offers: int, *, at: datetime) -> None:
    """Several offers in a row ran out without a word."""
    _raise(
        silent(provider_id),
        title=_("Provider #%(provider)d left %(offers)d offers unanswered and is on hold"),
        cause=_("No answer to several offers in a row."),
        remedy=_("Call the provider. The hold ends after 12 hours, by the word “disponible” in the chat, or by you."),
        facts={"provider": provider_id, "offers": offers},
        severity=Severity.WARNING,
        reference=f"provider:{provider_id}",
        at=at,
    )


def no_show(provider_id: int) -> str:
    """The fingerprint of a provider who did not come."""
    return f"provider:{provider_id}:no-show"


def provider_did_not_come(job: Job, *, at: datetime) -> None:
    """The customer waited in vain; resolved by the next job that this provider finishes, or by staff."""
    _raise(
        no_show(job.provider_id),
        title=_("Provider #%(provider)d did not come to job #%(job)d"),
        cause=_("The customer reports that nobody came."),
        remedy=_("Call both sides. Suspend the provider if it happens again."),
        facts={"provider": job.provider_id, "job": job.pk},
        severity=Severity.WARNING,
        reference=f"request:{job.request_id}",
        at=at,
    )


def late(job_id: int) -> str:
    """The fingerprint of a job whose provider has not set out."""
    return f"job:{job_id}:late"


def provider_is_late(job: Job, *, at: datetime) -> None:
    """The provider was asked and has not set out; resolved by the next step or the end of the job."""
    _raise(
        late(job.pk),
        title=_("Provider #%(provider)d has not set out for job #%(job)d"),
        cause=_("No “on my way” in time, or the customer reports the delay; a reminder brought no answer."),
        remedy=_("Call the provider, then the customer; cancel the job if nobody comes: the search goes on by itself."),
        facts={"provider": job.provider_id, "job": job.pk},
        severity=Severity.ERROR,
        reference=f"request:{job.request_id}",
        at=at,
    )


def absent(job_id: int) -> str:
    """The fingerprint of a job whose customer was not there."""
    return f"job:{job_id}:absent"


def customer_is_absent(job: Job, *, at: datetime) -> None:
    """The provider stands before a closed door; resolved by the next step or the end of the job."""
    _raise(
        absent(job.pk),
        title=_("The customer of job #%(job)d is not there"),
        cause=_("Provider #%(provider)d is at the place and finds nobody; the customer did not answer our message."),
        remedy=_("Call the customer, then the provider; cancel request #%(request)d if nobody can be reached."),
        facts={"provider": job.provider_id, "job": job.pk, "request": job.request_id},
        severity=Severity.ERROR,
        reference=f"request:{job.request_id}",
        at=at,
    )


def complaint(job_id: int) -> str:
    """The fingerprint of a job that somebody complains of."""
    return f"job:{job_id}:complaint"


def somebody_complains(job: Job, *, by_customer: bool, at: datetime) -> None:
    """One side is not content with the other; resolved by staff, who have heard both."""
    _raise(
        complaint(job.pk),
        title=_("The customer complains about job #%(job)d")
        if by_customer
        else _("The provider complains about job #%(job)d"),
        cause=_("Said in the chat or behind a link; the words are in the timeline of request #%(request)d."),
        remedy=_("Read the conversation, hear both sides, and write what was agreed as a note to this alert."),
        facts={"job": job.pk, "request": job.request_id},
        severity=Severity.ERROR,
        reference=f"request:{job.request_id}",
        at=at,
    )


def contact_did_not_arrive(job: Job, *, customer: bool, code: str, at: datetime) -> None:
    """One side does not know the other: a person must call."""
    _raise(
        untold(job.pk),
        title=_("Call the customer of job #%(job)d: the contact message did not arrive")
        if customer
        else _("Call the provider of job #%(job)d: the contact message did not arrive"),
        cause=_("The message with the other side's name and number failed on every channel (%(code)s)."),
        remedy=_("Open request #%(request)d, call, and give the other side's name and number."),
        facts={"job": job.pk, "request": job.request_id, "code": code or "-"},
        severity=Severity.CRITICAL,
        reference=f"request:{job.request_id}",
        at=at,
    )


def application(application_id: int) -> str:
    """The fingerprint of an application that waits for a decision."""
    return f"application:{application_id}"


def application_to_decide(row: Application, *, at: datetime) -> None:
    """Somebody wants to join; resolved by the decision."""
    _raise(
        application(row.pk),
        title=_("%(name)s wants to join as a provider"),
        cause=_("The chat has gathered services, zones and the photo of an identity card.")
        if row.number_proved_at
        else _("The chat has gathered services, zones and the photo of an identity card. The number is not proved."),
        remedy=_(
            "Open the application, look at the identity card, then approve or refuse: the answer comes in the chat."
        ),
        facts={"name": row.name or "?"},
        severity=Severity.WARNING,
        reference=f"application:{row.pk}",
        at=at,
    )


def data_wish(request_id: int) -> str:
    """The fingerprint of a wish about personal data that nobody has decided."""
    return f"privacy:{request_id}"


def data_asked_for(row: PrivacyRequest, *, at: datetime) -> None:
    """Somebody wants their data, or their end; resolved by the decision."""
    _raise(
        data_wish(row.pk),
        title=_("Somebody asks for their data: %(wish)s"),
        cause=_("Asked in the chat; the law gives a person this right."),
        remedy=_("Make sure that it is the person's own wish, then confirm or refuse it under Personal data."),
        facts={"wish": str(Wish(row.wish).label)},
        severity=Severity.WARNING,
        reference=f"privacy:{row.pk}",
        at=at,
    )


def inbound_failed(message_id: int, error: Exception, *, at: datetime) -> None:
    """A message could not be answered; resolved when a retry works."""
    _raise(
        f"inbound:{type(error).__name__}",
        title=_("An inbound message could not be answered (%(error)s)"),
        cause=_("The answer was rolled back; the message is kept and tried again, four times in all."),
        remedy=_("Open the failed inbound message, read its error, and answer the person by hand if it stays failed."),
        facts={"error": type(error).__name__},
        severity=Severity.CRITICAL,
        reference=f"inbound:{message_id}",
        at=at,
    )


def inbound_late(message_id: int, *, at: datetime) -> None:
    """A message was read hours after it was written; it started nothing by itself."""
    _raise(
        "inbound:late",
        title=_("Messages were read hours late"),
        cause=_("Our webhook was out of reach, or no worker was running."),
        remedy=_("Read these conversations and call these people."),
        facts={},
        severity=Severity.ERROR,
        reference=f"inbound:{message_id}",
        at=at,
    )


LANGUAGE_MODEL: Final = "understanding:language-model"


def language_model_silent(reason: str, *, at: datetime) -> None:
    """The language model is left alone for a while; resolved by its first good answer."""
    _raise(
        LANGUAGE_MODEL,
        title=_("The language model gives no usable answers"),
        cause=_("Three calls in a row failed (%(reason)s). Messages are read offline meanwhile; nobody waits."),
        remedy=_("Look at the server that UNDERSTANDING_URL names, or empty UNDERSTANDING_BACKEND to do without."),
        facts={"reason": reason},
        severity=Severity.WARNING,
        reference="",
        at=at,
    )


def language_model_answers(*, at: datetime) -> None:
    """The language model has answered well."""
    escalation.resolve(LANGUAGE_MODEL, at=at)


def sweep_failed(duty: str, row: int, error: Exception, *, at: datetime) -> None:
    """A step that the worker does by itself failed for one row; the others were done."""
    _raise(
        f"sweep:{duty}",
        title=_("The step %(duty)s failed for row #%(row)d (%(error)s)"),
        cause=_("What it had begun was rolled back; the other rows were done, and this one is tried again."),
        remedy=_("Open the row and read its facts; the log of the worker has the whole error."),
        facts={"duty": duty, "row": row, "error": type(error).__name__},
        severity=Severity.CRITICAL,
        reference=f"{duty}:{row}",
        at=at,
    )


def sweep_works(duty: str, *, at: datetime) -> None:
    """The step went through without a failure."""
    escalation.resolve(f"sweep:{duty}", at=at)


def _raise(
    fingerprint: str,
    *,
    title: Promise,
    cause: Promise,
    remedy: Promise,
    facts: Mapping[str, Any],
    **rest: Any,
) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        escalation.raise_alert(
            fingerprint=fingerprint,
            title=str(title) % facts,
            cause=str(cause) % facts,
            remedy=str(remedy) % facts,
            **rest,
        )
