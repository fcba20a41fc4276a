"""Inbound messages: stored once and at once, then answered in order, and kept when the answering fails."""

import json
import logging
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from operator import itemgetter
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Exists, OuterRef, Q

from marketplace import conversations, language_model, notices, staff_alerts
from marketplace.dialogue import machine
from marketplace.models import Conversation, InboundMessage, InboundStatus
from notifications import catch_up, contacts, database_faults, escalation, staff_replies, tracing, wake
from notifications.failures import recording_failure
from notifications.models import Contact

logger = logging.getLogger(__name__)
TEXT_LIMIT: Final = 4096
LEASE: Final = timedelta(seconds=60)
RETRY_AFTER: Final = (timedelta(seconds=1), timedelta(seconds=10), timedelta(seconds=60))
MOST_TRIES: Final = len(RETRY_AFTER) + 1
TOO_LATE: Final = timedelta(hours=6)  # a message read later than this starts nothing by itself
CATCH_UP_WINDOW: Final = timedelta(hours=2)
CATCH_UP_LONG_WINDOW: Final = timedelta(hours=24)  # Twilio's list lags and has gaps, so windows overlap
RING_AGAIN_AFTER: Final = 0.02  # seconds; a worker that was woken so recently is still looking
# One statement stores and skips a repeated MessageSid: one round trip, one commit. The person is locked before the
# message is written, as in every other transaction: the foreign key alone would lock them the other way round, and a
# webhook and the catch-up of the same message would wait for each other.
STORE: Final = """
    INSERT INTO marketplace_inboundmessage
        (message_sid, contact_id, from_address, to_address, body, message_type, payload, received_at, due_at,
         status, attempts, understood, error, was_caught_up, trace)
    SELECT %(sid)s, person.id, %(sender)s, %(receiver)s, %(body)s, %(kind)s, %(payload)s::jsonb, moment.at,
           moment.at, 'received', 0, '{{}}'::jsonb, '', %(was_caught_up)s, %(trace)s
    FROM notifications_contact AS person,
         (SELECT COALESCE(%(at)s, clock_timestamp() + make_interval(secs => COALESCE(
             (SELECT offset_seconds FROM notifications_clock WHERE id = 1), 0))) AS at) AS moment
    WHERE {person}
    FOR KEY SHARE OF person
    ON CONFLICT (message_sid) DO NOTHING
    RETURNING id
"""
# Plain equalities, by what the message shows of the person: "IS NOT DISTINCT FROM" would read every contact.
BY_NUMBER: Final = "person.phone_number = %(number)s"
BY_ID: Final = "person.whatsapp_id = %(hidden)s"
_bell = {"rung": 0.0}  # of this process


def clean(text: str) -> str:
    """What PostgreSQL can store of a text: no NUL, no lone surrogate, at most 4096 characters."""
    return text[:TEXT_LIMIT].replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def receive(fields: Mapping[str, str], *, at: datetime | None = None, was_caught_up: bool = False) -> bool:
    """Store what Twilio brought, once per MessageSid; False: it was here already.

    `fields` are the webhook's form fields. `at` is the time of writing, default: the database's now. Raises
    `ValueError` for a sender without an address and database errors where nothing can be stored.
    """
    kept = {clean(name): clean(value) for name, value in fields.items()}
    number, hidden = contacts.split_address(kept["From"])
    whatsapp_id = contacts.split_address(kept.get("ExternalUserId", ""))[1] or hidden
    if not number and not whatsapp_id:
        raise ValueError("From holds no address.")
    facts = {
        "sid": kept["MessageSid"],
        "sender": kept["From"][:160],
        "receiver": kept["To"][:160],
        "body": kept.get("Body", ""),
        "kind": kept.get("MessageType", "")[:30],
        "payload": json.dumps(kept),
        "was_caught_up": was_caught_up,
        "trace": tracing.begin(),
        "number": number,
        "hidden": whatsapp_id,
        "at": at,
    }
    is_new = _store(facts) or (
        not InboundMessage.objects.filter(message_sid=facts["sid"]).exists() and _store_from_stranger(facts)
    )
    if is_new:
        _wake_worker()
    return is_new


def _store(facts: dict[str, Any]) -> bool:
    person = [words for words, known in ((BY_NUMBER, facts["number"]), (BY_ID, facts["hidden"])) if known]
    with connection.cursor() as cursor:
        cursor.execute(STORE.format(person=" AND ".join(person)), facts)
        return cursor.fetchone() is not None


def _wake_worker() -> None:
    """Let the worker look at once; it looks each second in any case.

    A commit that notifies excludes all others of its kind while it waits for the disk. So the message is committed
    first, and in a burst not every message rings: answering one takes longer than the pause.
    """
    now = time.monotonic()
    if now - _bell["rung"] >= RING_AGAIN_AFTER:
        _bell["rung"] = now
        try:
            wake.notify(wake.INBOX)
        except (DatabaseError, InterfaceError):  # the message is stored, and that is what Twilio must hear
            logger.warning("the worker could not be woken; it looks by itself within a second")


@transaction.atomic
def _store_from_stranger(facts: dict[str, Any]) -> bool:
    """The first message of a person, or the first that shows both the number and the WhatsApp id."""
    person = contacts.find_or_make(facts["number"], facts["hidden"])
    return _store(facts | {"number": person.phone_number, "hidden": person.whatsapp_id})


def process_next(*, worker: str, at: datetime) -> bool:
    """Answer the oldest message that may be answered now; False: there is none.

    Messages of one person are answered in order, one at a time, whatever the number of workers. A failure is rolled
    back, the message is kept as failed with the reason and tried again after 1, 10 and 60 s; the fourth is the last.
    A fault of the database (lost connection, deadlock) is put back and tried again after the same waits, without a
    word to anybody but at the fourth; raises it when the database is gone: the message stays leased until the lease
    runs out.
    """
    if not InboundMessage.objects.exclude(status=InboundStatus.PROCESSED).filter(due_at__lte=at).exists():
        return False  # a cheap look, by the index: most of the time there is nothing
    taken = _take(at)
    if taken is None:
        return False
    pk, tries, trace = taken
    with tracing.bound(trace):
        _process(pk, tries, worker, at)
    return True


def _process(pk: int, tries: int, worker: str, at: datetime) -> None:
    reading = _read(pk)
    try:
        with recording_failure(partial(_mark_failed, pk, tries, at)):
            _answer(pk, tries, at, reading)
    except Exception as error:
        if database_faults.passes(error):
            logger.warning("inbound message %d is put back: %s", pk, database_faults.name_of(error))
            _put_back(pk, tries, at, error)
        else:
            logger.exception("%s could not process inbound message %d", worker, pk)
    else:
        logger.info("inbound message %d is answered at try %d", pk, tries)


@transaction.atomic
def _put_back(pk: int, tries: int, at: datetime, error: Exception) -> None:
    """After a fault of the database: again a moment later; one that meets it each time is perhaps its cause."""
    if tries >= MOST_TRIES:
        _mark_failed(pk, tries, at, error)
    elif _still_ours(pk, tries):
        wait = RETRY_AFTER[tries - 1]
        InboundMessage.objects.filter(pk=pk).move(
            InboundStatus.RECEIVED, due_at=at + wait, leased_until=None, error=_in_words(error)
        )


def unfinished() -> Q:
    """Waiting, failed but not given up, or left behind by a worker that vanished."""
    return Q(status=InboundStatus.RECEIVED) | Q(status=InboundStatus.FAILED, attempts__lt=MOST_TRIES)


@transaction.atomic
def _take(at: datetime) -> tuple[int, int, str] | None:
    """Lease the next message: its id, the number of this try, by which later steps know that it is still ours, its trace."""
    # Older by the time of writing: what the catch-up brings may be older than what a webhook brought before it.
    older = Q(received_at__lt=OuterRef("received_at")) | Q(received_at=OuterRef("received_at"), pk__lt=OuterRef("pk"))
    blocks = InboundMessage.objects.filter(older, contact=OuterRef("contact")).filter(
        unfinished() | Q(status=InboundStatus.PROCESSING)
    )
    busy = InboundMessage.objects.filter(
        contact=OuterRef("contact"), status=InboundStatus.PROCESSING, leased_until__gt=at
    )
    ready = (
        InboundMessage.objects.filter(
            unfinished() | Q(status=InboundStatus.PROCESSING, leased_until__lte=at), due_at__lte=at
        )
        .exclude(Exists(blocks))
        .exclude(Exists(busy))
        .order_by("due_at", "pk")
    )
    for pk, contact, trace in ready.values_list("pk", "contact", "trace")[:20]:
        locked = Contact.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=contact).first()
        if locked is None:
            continue  # another worker is at this person
        tries = ready.filter(pk=pk).values_list("attempts", flat=True).first()  # looked at again under the lock
        if tries is None:
            continue
        InboundMessage.objects.filter(pk=pk).move(
            InboundStatus.PROCESSING, attempts=tries + 1, leased_until=at + LEASE, error=""
        )
        return pk, tries + 1, trace
    return None


def _read(pk: int) -> dict[str, Any] | None:
    """What a language model reads in the message, asked before the transaction begins; None where none is in use."""
    if not settings.UNDERSTANDING_BACKEND:
        return None
    heard_by_a_person = Exists(Conversation.objects.filter(contact=OuterRef("contact"), operator__isnull=False))
    body = InboundMessage.objects.filter(pk=pk).exclude(heard_by_a_person).values_list("body", flat=True).first()
    return language_model.ask(body) if body else None


def _still_ours(pk: int, tries: int) -> InboundMessage | None:
    """The message, unless the lease ran out meanwhile and another worker took it."""
    rows = InboundMessage.objects.select_for_update(no_key=True, of=("self",)).select_related("contact")
    return rows.filter(pk=pk, status=InboundStatus.PROCESSING, attempts=tries).first()


def _answer(pk: int, tries: int, at: datetime, reading: Mapping[str, Any] | None = None) -> None:
    # The person's row is the first lock of everything that a conversation does.
    Contact.objects.select_for_update(no_key=True, of=("self",)).get(inbound_messages__pk=pk)
    message = _still_ours(pk, tries)
    if message is None:
        return
    if tries > MOST_TRIES:
        raise TimeoutError("The worker vanished each time it answered this.")
    message.contact = contacts.note_inbound(
        sender=message.from_address,
        external_user_id=contacts.split_address(message.payload.get("ExternalUserId", ""))[1] or "",
        profile_name=message.payload.get("ProfileName", ""),
        at=message.received_at,
    )
    is_late = at - message.received_at > TOO_LATE  # whether no webhook brought it or no worker was there
    said = staff_replies.hear(message.contact.phone_number, message.body, at=at)
    if said is not None:
        notices.reply(message.contact, text=said, message=message, at=at)
    elif is_late and not contacts.is_opt_out(message.body):  # "stop" holds however late we read it
        _answer_too_late(message, at)
    else:
        machine.advance(message, at=at, reading=reading)
    InboundMessage.objects.filter(pk=pk).move(
        InboundStatus.PROCESSED, processed_at=at, leased_until=None, error="", conversation=message.conversation
    )
    if tries > 1:
        _end_alerts(at)


def _answer_too_late(message: InboundMessage, at: datetime) -> None:
    message.conversation, _is_new = conversations.open_for(message.contact, at=at)  # so that staff see it in the talk
    if message.conversation.operator_id is None:
        notices.late_answer(message, at=at)
    staff_alerts.inbound_late(message.pk, at=at)


def _mark_failed(pk: int, tries: int, at: datetime, error: Exception) -> None:
    """After the rollback: keep the message as failed, say a kind word once, tell staff."""
    message = _still_ours(pk, tries)
    if message is None:
        return
    wait = RETRY_AFTER[min(tries, len(RETRY_AFTER)) - 1]
    InboundMessage.objects.filter(pk=pk).move(
        InboundStatus.FAILED,
        due_at=at + wait,
        leased_until=None,
        error=_in_words(error),
    )
    notices.sorry(message, at=at)
    staff_alerts.inbound_failed(pk, error, at=at)


def _in_words(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:2000].replace("\x00", "\ufffd")


def _end_alerts(at: datetime) -> None:
    """A retry worked: the alert about a kind of failure ends with the last message that it left unanswered."""
    for fingerprint in escalation.open_fingerprints("inbound:"):
        fault = fingerprint.removeprefix("inbound:")
        failed = InboundMessage.objects.filter(status=InboundStatus.FAILED, error__startswith=f"{fault}: ")
        if fault != "late" and not failed.exists():
            escalation.resolve(fingerprint, at=at)


def read_missed(at: datetime) -> int:
    """Store what Twilio listed in the last 2 hours and we do not know; returns how many. Calls Twilio."""
    return _read_missed(at - CATCH_UP_WINDOW)


def read_missed_day(at: datetime) -> int:
    """The same for 24 hours, so that an outage of ours loses nothing; returns how many. Calls Twilio."""
    return _read_missed(at - CATCH_UP_LONG_WINDOW)


def _read_missed(since: datetime) -> int:
    stored = 0
    # The list is the newest first and knows whole seconds only: of two within a second the later one is named first.
    listed = [*catch_up.listed_inbound(max(since, _installed_at()))][::-1]
    for fields in sorted(listed, key=itemgetter("SentAt")):
        stored += _catch_up(fields)
    if stored:
        logger.warning("%d messages were read from Twilio's list that no webhook had brought", stored)
    return stored


def _catch_up(fields: Mapping[str, str]) -> bool:
    """One message of the list; one that cannot be stored does not hold the others up."""
    if InboundMessage.objects.filter(message_sid=fields["MessageSid"]).exists():
        return False
    fields = {**fields, **catch_up.media_of(fields)}
    try:
        with transaction.atomic():
            return receive(fields, at=datetime.fromisoformat(fields["SentAt"]), was_caught_up=True)
    except (ValueError, DataError, IntegrityError) as error:
        logger.warning("message %s of Twilio's list cannot be stored: %s", fields["MessageSid"], type(error).__name__)
        return False


def _installed_at() -> datetime:
    """When this table was made: what people wrote before was never meant for us."""
    moment: datetime = MigrationRecorder(connection).migration_qs.filter(app="marketplace").earliest("applied").applied
    return moment
