"""The chain of an alert: who is told, after how long, on which channel, until somebody takes care.

The steps are copied when the alert opens, so that later edits do not bend a running chain. Alerts about messages to
staff have no chain: they would feed themselves.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from . import remedies, staff_links
from .models import (
    AlertState,
    ChainLink,
    ChainStatus,
    ChannelName,
    EscalationAlert,
    EscalationStep,
    Maintenance,
    OnCallPerson,
    Severity,
)
from .models.notification import Notification

PURPOSES: Final = {
    ChannelName.EMAIL: "staff_alert",
    ChannelName.SMS: "staff_alert_sms",
    ChannelName.WHATSAPP: "staff_alert_whatsapp",
}
BATCH: Final = 100


def begin(alert: EscalationAlert, at: datetime) -> None:
    """Mail the standing list at once, and plan the steps that staff have set for this severity."""
    if is_about_staff_messages(alert):
        return
    for address in settings.STAFF_ALERT_EMAILS:
        _write(alert, _opening, at, email=address, key=f"alert:{alert.pk}:{address}")
    ChainLink.objects.bulk_create(
        ChainLink(
            alert=alert,
            due_at=at + timedelta(minutes=step.after_minutes),
            channel=step.channel,
            person=step.person,
            is_for_everybody=step.person_id is None,
        )
        for step in EscalationStep.objects.filter(severity=alert.severity, is_active=True)
    )


def is_about_staff_messages(alert: EscalationAlert) -> bool:
    """Whether the alert tells of messages that tell of alerts."""
    return alert.fingerprint.startswith("dead-letter:staff_alert")


def call_off(alert: EscalationAlert, at: datetime) -> int:
    """Nobody else needs to be told; returns how many steps that spares."""
    return ChainLink.objects.filter(alert=alert).move(ChainStatus.CALLED_OFF, done_at=at)


def close(alert: EscalationAlert, *, by: str, at: datetime) -> None:
    """The cause is gone: spare the steps to come, and say so to those who were told."""
    call_off(alert, at)
    text = _("Resolved: %(title)s (by %(by)s).") % {"title": alert.title, "by": by}
    first_words = Notification.objects.filter(
        reference=f"alert:{alert.pk}", dedupe_key__startswith=f"alert:{alert.pk}:"
    )
    for message in first_words.order_by("pk"):
        _enqueue(
            purpose=message.purpose,
            phone_number=message.phone_number,
            email="" if message.phone_number else message.email,
            body=text,
            subject=f"[Djobea] {text}"[:200],
            reference=f"alert:{alert.pk}",
            dedupe_key=f"alert-end:{alert.pk}:{message.pk}",
            at=at,
        )


def escalate_due(at: datetime) -> int:
    """Take the steps whose time has come; returns how many. Each in a transaction of its own, its alert locked."""
    due = ChainLink.objects.filter(status=ChainStatus.PLANNED, due_at__lte=at).order_by("due_at", "pk")
    return sum(_take(pk, at) for pk in list(due.values_list("pk", flat=True)[:BATCH]))


@transaction.atomic
def _take(pk: int, at: datetime) -> bool:
    link = ChainLink.objects.select_related("person").get(pk=pk)
    alert = EscalationAlert.objects.select_for_update(no_key=True).get(pk=link.alert_id)
    mine = ChainLink.objects.filter(pk=pk)
    if alert.state != AlertState.OPEN:
        return bool(mine.move(ChainStatus.CALLED_OFF, done_at=at))
    if rests_until := quiet_until(alert, at):
        mine.filter(status=ChainStatus.PLANNED).update(due_at=rests_until)
        return False
    people = _people(link, alert, at)
    if not mine.move(ChainStatus.TOLD if people else ChainStatus.NOBODY, done_at=at):
        return False  # another worker was first
    link.messages.set([_tell(link, person, alert, at) for person in people])
    return True


@dataclass(frozen=True)
class Telling:
    """A step as it would be taken: when, how, and who would hear of it."""

    due_at: datetime
    channel: str
    people: Sequence[str]  # names; empty: nobody would be told


def foresee(at: datetime, works: Sequence[Maintenance] | None = None) -> dict[Severity, list[Telling]]:
    """For each severity, who would be told when if an alert opened at `at` and nobody took care of it.

    `works`: the `works_ahead`, where the caller has read them. Steps that fall into one of all alerts come after it, as they will; the standing list gets its mail at once.
    """
    everybody = list(OnCallPerson.objects.filter(is_active=True))
    of_all = [work for work in (works_ahead(at) if works is None else works) if not work.about]
    mails = settings.STAFF_ALERT_EMAILS
    first = [Telling(at, ChannelName.EMAIL, mails)] if mails else []
    told: dict[Severity, list[Telling]] = {severity: list(first) for severity in Severity}
    steps = EscalationStep.objects.filter(is_active=True).select_related("person")
    for step in steps.order_by("after_minutes", "pk"):
        due_at = _after(of_all, at + timedelta(minutes=step.after_minutes))
        link = ChainLink(channel=step.channel, person=step.person, is_for_everybody=step.person_id is None)
        people = _people(link, EscalationAlert(severity=step.severity), due_at, everybody)
        told[Severity(step.severity)].append(Telling(due_at, step.channel, [person.name for person in people]))
    return told


def _after(works: Iterable[Maintenance], due_at: datetime) -> datetime:
    """`due_at`, or the end of the works that it falls into; `works` in the order of their beginnings."""
    for work in works:
        if work.starts_at <= due_at < work.ends_at:
            due_at = work.ends_at
    return due_at


def works_ahead(at: datetime) -> list[Maintenance]:
    """The maintenance that runs at `at` or is planned for later, in the order of its beginnings."""
    return list(Maintenance.objects.filter(ends_at__gt=at).order_by("starts_at"))


def quiet_until(alert: EscalationAlert, at: datetime) -> datetime | None:
    """When the chain may go on, if the alert is snoozed or under maintenance now; else None."""
    ends = [alert.snoozed_until] if alert.snoozed_until and alert.snoozed_until > at else []
    works = Maintenance.objects.filter(starts_at__lte=at, ends_at__gt=at)
    ends += [work.ends_at for work in works if alert.fingerprint.startswith(work.about)]
    return max(ends, default=None)


def _people(
    link: ChainLink, alert: EscalationAlert, at: datetime, everybody: Sequence[OnCallPerson] | None = None
) -> list[OnCallPerson]:
    """Those whom this step tells; for a critical alert somebody is woken even where nobody is on call.

    `everybody`: the active people, where the caller has read them already.
    """
    if not link.is_for_everybody:
        people = [link.person] if link.person and link.person.is_active else []
    else:
        active = list(OnCallPerson.objects.filter(is_active=True) if everybody is None else everybody)
        on_call = [person for person in active if person.is_on_call(at)]
        people = on_call or (active if alert.severity == Severity.CRITICAL else [])
    return [person for person in people if _address(person, link.channel)]


def _address(person: OnCallPerson, channel: str) -> dict[str, str]:
    if channel == ChannelName.EMAIL:
        return {"email": person.email} if person.email else {}
    return {"phone_number": person.phone_number} if person.phone_number else {}


def _tell(link: ChainLink, person: OnCallPerson, alert: EscalationAlert, at: datetime) -> Notification:
    words = _with_answers if link.channel == ChannelName.WHATSAPP else _opening
    key = f"alert:{alert.pk}:{link.pk}:{person.pk}"
    return _write(alert, words, at, channel=link.channel, key=key, person=person, **_address(person, link.channel))


def _with_answers(alert: EscalationAlert, _link: str) -> str:
    """On WhatsApp an answer does it; the link leads to the whole story."""
    lines = [
        _opening(alert, _page(alert)),
        "",
        _("Answer “%(code)s ok” to take care, “%(code)s 1h” to rest it, “%(code)s fin” when it is over.")
        % {"code": alert.code},
    ]
    lines += [f"“{alert.code} {remedy.word}” : {remedy.label}" for remedy in remedies.remedies_for(alert)]
    return "\n".join(lines)


def remind(alert: EscalationAlert, at: datetime) -> None:
    """Ask the owner whether it is still being taken care of."""
    person = OnCallPerson.objects.filter(user=alert.owner).first() if alert.owner_id else None

    def words(alert: EscalationAlert, link: str) -> str:
        said = _("You took care of “%(title)s”. It is still open: resolve it, or it goes back to everybody.")
        return f"{said % {'title': alert.title}}\n\n{link}"

    key = f"alert-reminder:{alert.pk}:{at:%Y%m%d%H%M}"
    mail = person.email if person else getattr(alert.owner, "email", "")
    if person and person.phone_number:
        _write(alert, words, at, channel=ChannelName.WHATSAPP, key=key, person=person, phone_number=person.phone_number)
    elif mail:
        _write(alert, words, at, key=key, person=person, email=mail)


def _opening(alert: EscalationAlert, link: str) -> str:
    return _("%(title)s\n\nCause: %(cause)s\n\nWhat to do: %(remedy)s\n\n%(link)s") % {
        "title": alert.title,
        "cause": alert.cause,
        "remedy": alert.remedy,
        "link": link,
    }


def _write(  # noqa: PLR0913  the facts of a message, by name
    alert: EscalationAlert,
    words: Callable[[EscalationAlert, str], str],
    at: datetime,
    *,
    key: str,
    channel: str = ChannelName.EMAIL,
    email: str = "",
    phone_number: str = "",
    person: OnCallPerson | None = None,
) -> Notification:
    """One message; by SMS and mail it carries a link that acts, since an answer there would reach nobody."""
    link = staff_links.make(alert, person=person, email=email if person is None else "", at=at)
    return _enqueue(
        purpose=PURPOSES[ChannelName(channel)],
        email=email,
        phone_number=phone_number,
        body=words(alert, link),
        sms_body=f"Djobea: {alert.title}. {alert.remedy} {link}",
        subject=f"[Djobea] {alert.title}"[:200],
        reference=f"alert:{alert.pk}",
        dedupe_key=key,
        at=at,
    )


def _page(alert: EscalationAlert) -> str:
    return settings.PUBLIC_BASE_URL + reverse("admin:notifications_escalationalert_change", args=[alert.pk])


def _enqueue(**facts: Any) -> Notification:
    from . import outbox  # noqa: PLC0415  the outbox raises alerts too

    return outbox.enqueue(**facts)
