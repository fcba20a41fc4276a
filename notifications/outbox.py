"""The door for other apps: a message enters the queue in the same transaction as the business row it tells of."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from . import clock, contacts, routing, tracing, wake
from .models import Contact, Notification, Priority, Status


def enqueue(  # noqa: PLR0913  a message has many facts, all by name
    *,
    purpose: str,
    body: str,
    phone_number: str = "",
    email: str = "",
    contact: Contact | None = None,
    urgent: bool | None = None,
    sms_body: str = "",
    subject: str = "",
    choices: Sequence[Mapping[str, str]] = (),
    context: Mapping[str, Any] | None = None,
    language: str = "",
    reference: str = "",
    trace: str = "",
    dedupe_key: str | None = None,
    expires_at: datetime | None = None,
    must_know_by: datetime | None = None,
    due_at: datetime | None = None,
    at: datetime | None = None,
) -> Notification:
    """Put a message into the queue; it leaves when (and only if) the caller's transaction commits.

    Takes exactly one of `contact`, `phone_number` (E.164) and `email`. `urgent` (default: the purpose's) takes the
    next channel in the same second after a hard failure. `choices` are buttons, `{"id", "title"}`; where buttons are
    impossible they become numbered lines. A known `dedupe_key` returns the row that is there. `trace` is the id in the
    logs where no request or message is at work now (default: a new one).
    Raises `RuntimeError` outside a transaction, `ValueError` for no or several recipients or an empty text.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("enqueue() belongs into the transaction of the business row that it tells of.")
    if not body.strip():
        raise ValueError(f"The text of a {purpose!r} message is empty.")
    person = _recipient(contact, phone_number, email)
    at = at or clock.now()
    route = routing.route_for(purpose)
    addresses = {
        "phone_number": person.phone_number or "",
        "whatsapp_id": person.whatsapp_id or "",
        "email": person.email or "",
    }
    channels = routing.passable(route.channels, **addresses) or list(route.channels[:1])
    row = Notification(
        purpose=purpose,
        contact=person,
        **addresses,
        language=language or person.language,
        body=body.replace("\x00", "\ufffd"),
        sms_body=sms_body.replace("\x00", "\ufffd"),
        subject=subject,
        choices=[dict(choice) for choice in choices],
        context=dict(context or {}),
        priority=route.priority if urgent is None else (Priority.URGENT if urgent else Priority.NORMAL),
        reference=reference,
        trace=tracing.current() or trace or tracing.begin(),
        dedupe_key=dedupe_key,
        channel=channels[0],
        channels_left=channels[1:],
        status=Status.QUEUED,
        due_at=due_at or at,
        expires_at=expires_at or (at + route.useful_for if route.useful_for else None),
        must_know_by=must_know_by,
        created_at=at,
    )
    return _insert(row)


def _recipient(contact: Contact | None, phone_number: str, email: str) -> Contact:
    if sum(map(bool, (contact, phone_number, email))) != 1:
        raise ValueError("enqueue() takes exactly one of contact, phone_number and email.")
    return contact or (contacts.for_number(phone_number) if phone_number else contacts.for_email(email))


def _insert(row: Notification) -> Notification:
    if row.dedupe_key is not None:
        # ON CONFLICT DO NOTHING does not tell whether it inserted, so the key is asked for afterwards.
        Notification.objects.bulk_create([row], ignore_conflicts=True)
        row = Notification.objects.get(dedupe_key=row.dedupe_key)
    else:
        row.save(force_insert=True)
    wake.notify(wake.OUTBOX)
    return row


@transaction.atomic
def cancel(*, reference: str, purpose: str | None = None, at: datetime) -> int:
    """Call back the messages about `reference` that have not left; returns how many."""
    rows = Notification.objects.filter(reference=reference)
    if purpose is not None:
        rows = rows.filter(purpose=purpose)
    return rows.move(Status.CANCELLED, settled_at=at)
