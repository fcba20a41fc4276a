"""Messages of unknown outcome: did Twilio take them?

A callback with the attempt's id settles it at once (`receipts`). Else the message list is asked 30 s, 2 min and 10 min
after the attempt: found is proof, not found is not (the list lags), and refused rows (`failed`) are not adopted. Only
then is the message sent again, flagged as a possible duplicate: urgent ones after 2 minutes, others after 10.
"""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction

from . import channel_health, consequences, database_faults, receipts, rendering, twilio_client
from .backoff import FIRST_LOOK
from .failure_policy import failure_for
from .models import Attempt, ChannelName, Notification, Outcome, Status
from .queue import lease_time

logger = logging.getLogger(__name__)
LOOKS: Final = (FIRST_LOOK, timedelta(minutes=2), timedelta(minutes=10))
URGENT_PATIENCE: Final = LOOKS[1]
NEWEST: Final = 20
BEFORE, AFTER = timedelta(seconds=5), timedelta(seconds=60)
BATCH: Final = 20
LOOK_LEASE: Final = timedelta(seconds=90)


class NotAppliedError(RuntimeError):
    """Twilio has the message, but what its list says of it cannot be applied."""


def reconcile_due(at: datetime) -> int:
    """Look up the messages whose next look is due; returns how many were looked at."""
    looked = 0
    for attempt in _take_due(at):
        try:
            looked += _look(attempt, at)
        except Exception as error:  # one that cannot be settled holds up no other
            if database_faults.passes(error):
                raise
            logger.exception("attempt %d could not be reconciled", attempt.pk)
            _bury(attempt, error, at)
    return looked


def _look(attempt: Attempt, at: datetime) -> bool:
    if _has_rival(attempt, at):
        _look_later(attempt, at)
        return False
    try:
        found = _look_up(attempt)
    except twilio_client.NO_ANSWER as error:
        logger.warning("attempt %d could not be looked up: %s", attempt.pk, type(error).__name__)
        _look_later(attempt, at)
        return False
    if found:
        receipts.receive(found, at=at)  # the list's word is as good as a callback's
        receipts.apply_waiting([found.sid], at)
        if receipts.has_failed(found):
            raise NotAppliedError(f"{found.status} could not be applied.")
    else:
        _not_found(attempt, at)
    return True


def _has_rival(attempt: Attempt, at: datetime) -> bool:
    """Whether a call to the same person is out, whose message the list may show before we know that it is that one's."""
    calls = Attempt.objects.filter(channel=attempt.channel, started_at__gt=at - lease_time())
    return calls.filter(receiver=attempt.receiver, outcome=Outcome.IN_FLIGHT).exists()


def _take_due(at: datetime) -> list[Attempt]:
    """The newest attempts of unconfirmed messages that are due; they are put off, so that one worker looks at each."""
    with transaction.atomic():
        rows = Notification.objects.select_for_update(skip_locked=True, no_key=True)
        due = rows.filter(status=Status.UNCONFIRMED, due_at__lte=at).order_by("due_at")[:BATCH]
        ids = list(due.values_list("pk", flat=True))
        Notification.objects.filter(pk__in=ids).update(due_at=at + LOOK_LEASE)
        newest = Attempt.objects.filter(notification__in=ids).exclude(outcome=Outcome.NOT_SENT)
        return list(
            newest.select_related("notification").order_by("notification_id", "-pk").distinct("notification_id")
        )


def _look_up(attempt: Attempt) -> receipts.Callback | None:
    """What Twilio's list says of this attempt, or None. Only Twilio's channels have a list."""
    if attempt.channel not in (ChannelName.WHATSAPP, ChannelName.SMS):
        return None
    account = "sms" if attempt.channel == ChannelName.SMS else "main"
    listed = twilio_client.ask(
        account,
        lambda api: api.messages.list(to=attempt.receiver, from_=attempt.sender, limit=NEWEST, page_size=NEWEST),
    )
    message = _match(attempt, listed)
    if message is None:
        return None
    return receipts.Callback(
        sid=str(message.sid),
        status=str(message.status),
        attempt=attempt.public_id,
        error_code=str(message.error_code or ""),
        error_message=str(message.error_message or ""),
    )


def _match(attempt: Attempt, listed: Iterable[Any]) -> Any | None:
    """The listed message of this attempt: of its time, with its text, nobody else's; the very same text first.

    A trial account writes its own words before the text, so bodies match by their end too.
    """
    texts = _texts(attempt.notification, attempt.channel)
    end = attempt.finished_at or attempt.started_at
    fitting = [
        message
        for message in listed
        if not str(message.status).endswith("failed")
        and str(message.direction).startswith("outbound")
        and message.date_created is not None
        and attempt.started_at - BEFORE <= message.date_created <= end + AFTER
        and _reads(message, texts)
    ]
    owned = set(
        Attempt.objects.filter(provider_sid__in=[message.sid for message in fitting]).values_list(
            "provider_sid", flat=True
        )
    )
    free = [message for message in fitting if message.sid not in owned]
    return next((message for message in free if (message.body or "").strip() in texts), free[0] if free else None)


def _reads(message: Any, texts: Iterable[str]) -> bool:
    body = (message.body or "").strip()
    return any(body.endswith(text[-200:]) or text[:60] in body for text in texts)


def _texts(row: Notification, channel: str) -> list[str]:
    """How the message may read in the list: its own text, and the one that was made for the channel."""
    templates = rendering.templates_for([row], channel)
    made = rendering.for_channel(row, channel, templates).body if channel == ChannelName.SMS else ""
    return [text.strip() for text in (row.body, made) if text.strip()]


def _not_found(attempt: Attempt, at: datetime) -> None:
    """Wait for the next look, or send again by the rule of the module's docstring."""
    with transaction.atomic():
        channels = channel_health.lock_channels()
        row = Notification.objects.select_for_update(no_key=True).get(pk=attempt.notification_id)
        if row.status != Status.UNCONFIRMED:
            return
        age = at - (attempt.finished_at or attempt.started_at)
        patience = URGENT_PATIENCE if row.is_urgent else LOOKS[-1]
        if age >= patience:
            consequences.send_again(row, channels, at)
            return
        later = next((look for look in LOOKS if look > age), LOOKS[-1])
        Notification.objects.filter(pk=row.pk).update(due_at=at + (later - age))


def _bury(attempt: Attempt, error: Exception, at: datetime) -> None:
    """What was found cannot be applied to the message: it is for a person to look at."""
    alerts = consequences.Alerts()
    with transaction.atomic():
        row = Notification.objects.select_for_update(no_key=True).get(pk=attempt.notification_id)
        if row.status == Status.UNCONFIRMED:
            consequences.die(row, failure_for("internal"), type(error).__name__, alerts, at)
            alerts.raise_all(at)


def _look_later(attempt: Attempt, at: datetime) -> None:
    Notification.objects.filter(pk=attempt.notification_id, status=Status.UNCONFIRMED).update(due_at=at + LOOKS[0])
