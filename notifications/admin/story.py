"""The story of one message: every call that left, every callback, what each failure means and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from notifications import contacts, personal_data
from notifications.failure_policy import Failure, failure_for
from notifications.models import Attempt, Channel, ChannelName, Notification, Outcome, Receipt, Status

PURPOSES: Final = {
    "reply": _("Reply"),
    "sorry": _("Apology"),
    "offer": _("Job offer"),
    "offer_won": _("Offer won"),
    "offer_taken": _("Offer taken by another"),
    "provider_found": _("Who comes"),
    "nobody_found": _("Nobody found"),
    "job_news": _("News of the job"),
    "reminder": _("Reminder"),
    "rating_request": _("Request for a rating"),
    "staff_alert": _("Alert to staff"),
    "test_whatsapp": _("Test of WhatsApp"),
    "test_sms": _("Test of SMS"),
    "test_email": _("Test of mail"),
    "staff_report": _("Status report to staff"),
    "webhook": _("Call of a webhook"),
}
OUTCOME_TONES: Final = {
    Outcome.ACCEPTED: "good",
    Outcome.REFUSED: "bad",
    Outcome.FAILED: "bad",
    Outcome.UNKNOWN: "wait",
    Outcome.IN_FLIGHT: "busy",
    Outcome.NOT_SENT: "quiet",
}
RECEIPT_TONES: Final = {"delivered": "good", "read": "good", "failed": "bad", "undelivered": "bad"}
EDITED: Final = {  # names of what a person may edit
    "body": _("text"),
    "sms_body": _("text for SMS"),
    "subject": _("subject"),
    "phone_number": _("phone number"),
    "email": _("email"),
}


@dataclass(frozen=True)
class Step:
    """One line of the timeline."""

    at: datetime
    what: Any
    tone: str = "quiet"
    detail: str = ""
    code: str = ""
    link: str = ""
    facts: Sequence[tuple[Any, str]] = ()  # the call as it left and its answer

    @property
    def failure(self) -> Failure | None:
        """The code's row of the policy: cause and remedy."""
        return failure_for(self.code) if self.code else None

    @property
    def title(self) -> str:
        """What the code means; empty without a code."""
        return failure_for(self.code).title if self.code else ""


def purpose_label(purpose: str) -> Any:
    """The purpose in the reader's language; as it is written where no word is known."""
    return PURPOSES.get(purpose, purpose)


def tell(row: Notification, at: datetime) -> dict[str, Any]:
    """The context of the message's page: four short queries."""
    attempts = list(row.attempts.order_by("pk"))
    channel = Channel.objects.filter(name=row.channel).first()
    return {
        "message": row,
        "purpose": purpose_label(row.purpose),
        "steps": sorted(
            [*_own_steps(row), *_calls(row, attempts), *_callbacks(attempts), *_by_hand(row)], key=lambda step: step.at
        ),
        "failure": failure_for(row.last_error_code) if row.last_error_code else None,
        "channel_is_paused": channel is not None and channel.is_paused(at) and row.status == Status.QUEUED,
        "message_channel": channel,
        "window_is_open": contacts.window_is_open(row.contact, at),
    }


def _own_steps(row: Notification) -> list[Step]:
    steps = [Step(row.created_at, _("Put into the queue"), detail=row.reference)]
    ends = {Status.DEAD: "bad", Status.CANCELLED: "quiet", Status.EXPIRED: "quiet"}
    if row.settled_at and row.status in ends:
        steps.append(Step(row.settled_at, row.get_status_display(), ends[Status(row.status)]))
    return steps


def _by_hand(row: Notification) -> list[Step]:
    """What people did with this message, and what it was before."""
    steps = []
    for line in row.staff_lines.select_related("action").order_by("pk"):
        was = _("before: %(status)s on %(channel)s") % {
            "status": line.get_status_before_display(),
            "channel": line.channel_before,
        }
        old = [f"{EDITED.get(name, name)}: {value}" for name, value in line.old_values.items()]
        address = reverse("admin:notifications_staffaction_change", args=[line.action_id])
        detail = " · ".join([line.action.why, str(was), *old])
        steps.append(Step(line.action.begun_at, line.action, "busy", detail, link=address))
    return steps


def _calls(row: Notification, attempts: list[Attempt]) -> list[Step]:
    return [
        Step(
            attempt.started_at,
            f"{attempt.channel} · {attempt.get_outcome_display()}",
            OUTCOME_TONES[Outcome(attempt.outcome)],
            " · ".join(
                str(fact)
                for fact in (
                    attempt.provider_sid,
                    f"HTTP {attempt.http_status}" if attempt.http_status else "",
                    f"{attempt.latency_ms} ms" if attempt.latency_ms is not None else "",
                    attempt.error_message,
                )
                if fact
            ),
            attempt.error_code,
            facts=_exchange(row, attempt),
        )
        for attempt in attempts
    ]


def _exchange(row: Notification, attempt: Attempt) -> list[tuple[Any, str]]:
    """What was asked and what was answered, without the secrets. The text is the message's present one."""
    took = f"{attempt.latency_ms} ms" if attempt.latency_ms is not None else ""
    facts: list[tuple[Any, str]] = [
        ("From", attempt.sender),
        ("To", attempt.receiver),
        ("Body", personal_data.text(row.sms_body if attempt.channel == ChannelName.SMS and row.sms_body else row.body)),
        ("StatusCallback", f"…/webhooks/twilio/status/?attempt={attempt.public_id}" if attempt.account_id else ""),
        ("Authorization", "Basic •••" if attempt.account_id else ""),
        (_("answer"), " · ".join(filter(None, (f"HTTP {attempt.http_status}" if attempt.http_status else "", took)))),
        (_("code"), " · ".join(filter(None, (attempt.error_code, attempt.error_message)))),
        ("SID", attempt.provider_sid or ""),
        ("Twilio-Request-Id", attempt.request_id),
    ]
    return [(name, value) for name, value in facts if value]


def _callbacks(attempts: list[Attempt]) -> list[Step]:
    sids = [attempt.provider_sid for attempt in attempts if attempt.provider_sid]
    if not sids:
        return []
    receipts = Receipt.objects.filter(provider_sid__in=sids).order_by("pk")
    return [
        Step(
            receipt.received_at,
            _("Receipt: %(status)s") % {"status": receipt.status},
            RECEIPT_TONES.get(receipt.status, "quiet"),
            receipt.error_message,
            receipt.error_code,
        )
        for receipt in receipts
    ]
