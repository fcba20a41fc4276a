"""The talks that staff look at: who waits for a person, what somebody has taken over, and the newest of all others."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import OuterRef, Q, QuerySet, Subquery

from marketplace.models import Conversation, InboundMessage

WAITING_SHOWN: Final = 50
TAKEN_SHOWN: Final = 50
PER_PAGE: Final = 30
DIGITS: Final = 18  # of a bigint


@dataclass(frozen=True)
class Inbox:
    """Three lists. `before` names the last of the newest ones, for the next page; empty: there is none."""

    waiting: Sequence[Conversation]
    taken: Sequence[Conversation]
    newest: Sequence[Conversation]
    before: str


def read(reader: AbstractBaseUser, *, before: str = "") -> Inbox:
    """The inbox as `reader` sees it: a query a list and no count, whatever the tables hold.

    Who has waited longest comes first; then this reader's talks before those of others, unread ones in front.
    `before` is that of the page before this one; whatever makes no sense begins at the newest.
    """
    if page := _read_key(before):
        newest = _newest(page)
        return Inbox([], [], newest[:PER_PAGE], _key(newest))
    waiting = list(_rows().filter(needs_human=True).order_by("last_message_at", "pk")[:WAITING_SHOWN])
    taken = list(_rows().filter(operator__isnull=False, needs_human=False).order_by("-last_message_at", "-pk"))
    mine_first = sorted(taken[:TAKEN_SHOWN], key=lambda row: (row.operator_id != reader.pk, not row.is_unread))
    newest = _newest(None)
    return Inbox(waiting, mine_first, newest[:PER_PAGE], _key(newest))


def _rows() -> QuerySet[Conversation, Any]:
    """Talks with their person and the last thing that this person said."""
    said = InboundMessage.objects.filter(conversation=OuterRef("pk")).order_by("-pk")
    return Conversation.objects.select_related("contact", "operator").annotate(
        last_said=Subquery(said.values("body")[:1])
    )


def _newest(page: tuple[datetime, int] | None) -> list[Conversation]:
    rows = _rows().filter(needs_human=False, operator__isnull=True).order_by("-last_message_at", "-pk")
    if page:
        moment, pk = page
        rows = rows.filter(last_message_at__lte=moment).filter(Q(last_message_at__lt=moment) | Q(pk__lt=pk))
    return list(rows[: PER_PAGE + 1])


def _key(rows: Sequence[Conversation]) -> str:
    if len(rows) <= PER_PAGE:
        return ""
    last = rows[PER_PAGE - 1]
    return f"{last.last_message_at.isoformat()}~{last.pk}"


def _read_key(text: str) -> tuple[datetime, int] | None:
    moment, _tilde, pk = text.partition("~")
    try:
        return datetime.fromisoformat(moment).astimezone(UTC), int(pk) if len(pk) <= DIGITS else 0
    except (ValueError, OverflowError):
        return None


def note_seen(conversation: Conversation, *, at: datetime) -> bool:
    """Staff have read this talk up to `at`; false when they had already."""
    rows = Conversation.objects.filter(pk=conversation.pk)
    heard_at = conversation.contact.last_inbound_at
    unread = Q(seen_at__isnull=True) | Q(seen_at__lt=heard_at) if heard_at else Q(seen_at__isnull=True)
    return rows.filter(unread).update(seen_at=at) > 0
