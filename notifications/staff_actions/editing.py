"""Edit one message and send it again: its text, its number or its email; what stood there stays in the trace."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from django.core.validators import validate_email
from django.db import transaction

from notifications import contacts, rendering, routing, wake
from notifications.models import ActionStatus, Contact, Notification, StaffAction, StaffDeed
from notifications.models.contact import E164

from .execution import end_alerts, leave_trace, send
from .fates import Fate, Way, fate
from .selection import Selection

EDITABLE: Final = ("body", "sms_body", "subject", "phone_number", "email")
ADDRESSES: Final = {"phone_number", "email"}


class _LeftAsItIs(Exception):  # noqa: N818  no error: the way out of a transaction that must not commit
    def __init__(self, fate: Fate) -> None:
        self.fate = fate


def edit(pk: int, changes: Mapping[str, str], *, by: str, why: str, at: datetime) -> Fate:
    """Change a message that has not arrived and send it now; returns GO, or why it was left as it is.

    A new address begins its purpose's way from the start, on all channels that there now is an address for; a new
    number belongs to another contact. Raises `ValueError` for a column that is not in EDITABLE, an empty text or no
    address at all, `ValidationError` for a bad email, `Notification.DoesNotExist`.
    """
    wanted = {name: value.strip().replace("\x00", "\ufffd") for name, value in changes.items()}
    _refuse_nonsense(wanted)
    try:
        with transaction.atomic():
            _edit(pk, wanted, by=by, why=why, at=at)
    except _LeftAsItIs as stopped:
        return stopped.fate
    return Fate.GO


def _refuse_nonsense(wanted: Mapping[str, str]) -> None:
    if unknown := set(wanted) - set(EDITABLE):
        raise ValueError(f"{sorted(unknown)} of a message cannot be edited.")
    if "body" in wanted and not wanted["body"]:
        raise ValueError("The text of a message cannot be empty.")
    if wanted.get("phone_number") and not re.fullmatch(E164, wanted["phone_number"]):
        raise ValueError(f"{wanted['phone_number']!r} is no number as +237699000001.")
    if wanted.get("email"):
        validate_email(wanted["email"])


def _edit(pk: int, wanted: Mapping[str, str], *, by: str, why: str, at: datetime) -> None:
    number = wanted.get("phone_number", "")
    person = contacts.for_number(number) if number else None  # locked before the message
    row = Notification.objects.select_for_update(no_key=True, of=("self",)).get(pk=pk)
    old = {name: getattr(row, name) for name, value in wanted.items() if getattr(row, name) != value}
    before = Notification(pk=row.pk, status=row.status, channel=row.channel, last_error_code=row.last_error_code)
    _write(row, {name: wanted[name] for name in old}, person)
    # Asked again when all is written: the new address may be one that wants no messages.
    found = Notification.objects.annotate(fate=fate(StaffDeed.EDIT, Way(at))).values_list("fate", flat=True).get(pk=pk)
    if found != Fate.GO:
        raise _LeftAsItIs(Fate(found))
    action = StaffAction.objects.create(
        deed=StaffDeed.EDIT,
        status=ActionStatus.DONE,
        by=by[:150],
        why=why.strip()[:300],
        selection=Selection.of([pk]).as_json(),
        begun_at=at,
        finished_at=at,
        expected=1,
        done_count=1,
    )
    send([row], at)
    leave_trace(action, [before], {name: str(value) for name, value in old.items()})
    end_alerts({row.alert_id} if row.alert_id else set(), by=by, at=at)
    wake.notify(wake.OUTBOX)


def _write(row: Notification, values: Mapping[str, str], person: Contact | None) -> None:
    for name, value in values.items():
        setattr(row, name, value)
    written = list(values)
    if "body" in values and row.context.pop(rendering.CHOSEN, None):  # the template would say the old words
        written.append("context")
    if ADDRESSES & set(values):
        if "phone_number" in values:
            row.contact, row.whatsapp_id = person, ""
            written += ["contact", "whatsapp_id"]
        route = routing.route_for(row.purpose)
        channels = routing.passable(
            route.channels, phone_number=row.phone_number, whatsapp_id=row.whatsapp_id, email=row.email
        )
        if not channels:
            raise _LeftAsItIs(Fate.NO_ADDRESS)
        row.channel, row.channels_left = channels[0], channels[1:]
        written += ["channel", "channels_left"]
    if written:
        row.save(update_fields=written)
