"""The dry run: what an action would do, how long it takes under today's limits, and what it takes from the budget.

One query groups the messages by what matters; the rest is reckoned from the groups, so that a hundred thousand
messages cost little more than ten.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import BooleanField, Case, Count, Q, QuerySet, When

from notifications import routing, throttling, waiting
from notifications.channel_health import STAFF
from notifications.models import (
    Account,
    Channel,
    Contact,
    Notification,
    Priority,
    StaffDeed,
    Status,
    WaitingFor,
)

from . import slots
from .fates import BY_STATUS, Fate, Way, fate, is_blocked, may_duplicate
from .selection import Selection

COUNTED_AHEAD: Final = 50_000  # messages before these ones; more are not counted
DEFAULT_ZONE: Final = "Africa/Douala"


@dataclass(frozen=True)
class Wait:
    """Messages that are queued but do not leave at once. `until` None: nobody knows when."""

    waiting_for: WaitingFor
    count: int
    until: datetime | None = None


@dataclass
class Stream:
    """What leaves on one channel: `now` at `per_second` beginning at once, the rest when its `waits` end."""

    channel: str
    per_second: float
    now: int = 0
    ahead: int = 0  # others of the same channel that leave before
    waits: list[Wait] = field(default_factory=list)
    slots_end_at: datetime | None = None  # when the last that waits for a slot has it
    ends_at: datetime | None = None  # when the last has left; None: nobody knows

    @property
    def count(self) -> int:
        """All messages of this channel."""
        return self.now + sum(wait.count for wait in self.waits)

    def tidy(self, at: datetime) -> None:
        """Sum up waits of one kind, and reckon when the last message has left."""
        merged: dict[tuple[WaitingFor, datetime | None], int] = {}
        for wait in self.waits:
            merged[(wait.waiting_for, wait.until)] = merged.get((wait.waiting_for, wait.until), 0) + wait.count
        self.waits = [Wait(reason, count, until) for (reason, until), count in merged.items()]
        ends = [at + timedelta(seconds=(self.ahead + self.now) / self.per_second) if self.now else at]
        ends += [wait.until + timedelta(seconds=wait.count / self.per_second) for wait in self.waits if wait.until]
        ends += [self.slots_end_at] if self.slots_end_at else []
        self.ends_at = max(ends) if all(wait.until for wait in self.waits) else None


@dataclass(frozen=True)
class Budget:
    """What the messages take from an account's rolling day."""

    account: Account
    limit: int
    used: int
    kept: int  # for urgent messages
    takes: int
    next_slot: datetime | None

    @property
    def left(self) -> int:
        """Free slots when all that can leave now has left."""
        return max(0, self.limit - self.used - self.takes)

    @property
    def left_for_all(self) -> int:
        """Those of them that are not kept for urgent messages."""
        return max(0, self.left - self.kept)


@dataclass(frozen=True)
class Forecast:
    """What an action would do with its messages."""

    matched: int
    goes: int
    skipped: dict[Fate, int] = field(default_factory=dict)
    streams: Sequence[Stream] = ()
    budgets: Sequence[Budget] = ()
    duplicates: int = 0  # messages of which an earlier copy may have arrived

    @property
    def now(self) -> int:
        """Messages that begin to leave at once."""
        return sum(stream.now for stream in self.streams)

    @property
    def ends_at(self) -> datetime | None:
        """When the last of them has left; None: nobody knows, or none leaves."""
        ends = [stream.ends_at for stream in self.streams]
        return max((end for end in ends if end), default=None) if all(ends) else None


@dataclass(frozen=True)
class _Group:
    """Messages that fare alike."""

    channel: str
    channels_left: tuple[str, ...]
    priority: int
    purpose: str
    zone: str
    is_blocked: bool
    is_doubtful: bool  # an earlier copy may have arrived
    count: int


def foresee(deed: str, selection: Selection, *, at: datetime, channel: str = "") -> Forecast:
    """The dry run of `deed` (retry, edit, move or cancel) on these messages; changes nothing.

    `channel` is the target of a move. Raises `KeyError` for another deed.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL jit = off")  # compiling such a CASE takes ten times as long as a million rows
        return _foresee(deed, selection, Way(at, channel))


def _foresee(deed: str, selection: Selection, way: Way) -> Forecast:
    decided = BY_STATUS[deed]
    fates: Counter[Fate] = Counter()
    ended = selection.rows().filter(status__in=decided).values("status").annotate(count=Count("pk"))
    for row in ended:
        fates[decided[Status(row["status"])]] += row["count"]
    rows = selection.rows().exclude(status__in=decided)
    if deed == StaffDeed.CANCEL:
        fates[Fate.GO] = rows.count()
        return _of_fates(fates)
    groups = _grouped(deed, rows, way, fates)
    doubtful = sum(group.count for group in groups if group.is_doubtful)
    return replace(_of_fates(fates, *_streams(groups, way.at)), duplicates=doubtful)


def of_waiting(channel: str, *, at: datetime) -> Forecast:
    """What leaves when `channel` is let send again: all that is due and waits there."""
    rows = Notification.objects.filter(status=Status.QUEUED, channel=channel, due_at__lte=at)
    facts = rows.order_by().values("priority", "purpose", "contact__time_zone").annotate(count=Count("pk"))
    groups = [
        _Group(
            *(channel, (), row["priority"], row["purpose"], row["contact__time_zone"] or DEFAULT_ZONE),
            *(False, False, row["count"]),
        )
        for row in facts
    ]
    total = Counter({Fate.GO: sum(group.count for group in groups)})
    return _of_fates(total, *_streams(groups, at, opened=channel))


def _of_fates(fates: Counter[Fate], streams: Sequence[Stream] = (), budgets: Sequence[Budget] = ()) -> Forecast:
    skipped: dict[Fate, int] = {each: count for each, count in fates.most_common() if each != Fate.GO}
    return Forecast(fates.total(), fates[Fate.GO], skipped, streams, budgets)


def _grouped(deed: str, rows: QuerySet[Notification], way: Way, fates: Counter[Fate]) -> list[_Group]:
    """Count the rows by fate into `fates`; those that go come back in groups."""
    facts = (
        rows.annotate(fate=fate(deed, way), blocked=_flag(is_blocked(way)), doubtful=may_duplicate())
        .values(
            *("fate", "blocked", "doubtful", "channel", "channels_left", "priority", "purpose"),
            "contact__time_zone",
        )
        .annotate(count=Count("pk"))
    )
    groups = []
    for row in facts:
        fates[Fate(row["fate"])] += row["count"]
        if row["fate"] == Fate.GO:
            left = () if way.channel else tuple(row["channels_left"])
            zone = row["contact__time_zone"] or DEFAULT_ZONE
            groups.append(
                _Group(
                    *(way.channel or row["channel"], left, row["priority"], row["purpose"], zone),
                    *(row["blocked"], row["doubtful"], row["count"]),
                )
            )
    return groups


def _flag(condition: Q) -> Case:
    return Case(When(condition, then=True), default=False, output_field=BooleanField())


def _streams(groups: Iterable[_Group], at: datetime, *, opened: str = "") -> tuple[list[Stream], list[Budget]]:
    """Where the groups leave, and what they take; `opened` is a channel that counts as open though it is paused."""
    channels = {channel.name: channel for channel in Channel.objects.select_related("account").order_by("name")}
    closed = {
        (each.channel.name, priority): each.waits_for
        for each in waiting.closed_channels(channels, at)
        for priority in each.priorities
    }
    streams: dict[str, Stream] = {}
    leaving: dict[str, list[_Group]] = {}
    for group in groups:
        name, wait = _way(group, channels, closed, at, opened)
        stream = streams.setdefault(name, Stream(name, throttling.speed(channels[name], at)))
        if wait is None:
            leaving.setdefault(name, []).append(group)
        else:
            stream.waits.append(wait)
    budgets = []
    for name, its_groups in leaving.items():
        streams[name].ahead = 0 if name == opened else _ahead(name, its_groups, at)
    for account in Account.objects.order_by("pk"):
        its_own = {name: mine for name, mine in leaving.items() if channels[name].account_id == account.pk}
        if its_own and account.daily_limit is not None:
            budgets.append(_take_slots(account, its_own, streams, at))
            leaving = {name: mine for name, mine in leaving.items() if name not in its_own}
    for name, its_groups in leaving.items():
        streams[name].now = sum(group.count for group in its_groups)
    for stream in streams.values():
        stream.tidy(at)
    return sorted(streams.values(), key=lambda stream: -stream.count), budgets


def _way(
    group: _Group, channels: dict[str, Channel], closed: Mapping[tuple[str, int], str], at: datetime, opened: str
) -> tuple[str, Wait | None]:
    """The channel by which a group leaves, and what it waits for first; the rules are those of `waiting`."""
    names = [name for name in group.channels_left if name in channels and channels[name].is_configured]
    elsewhere = next((name for name in names if not channels[name].is_paused(at)), "")
    if group.is_blocked:
        return _at_its_time(group, elsewhere or names[0], channels, at)
    own, is_urgent = channels[group.channel], group.priority == Priority.URGENT
    reason = "" if own.name == opened else closed.get((own.name, group.priority), "")
    if not reason:
        return _at_its_time(group, own.name, channels, at)
    if elsewhere and (is_urgent or (reason == WaitingFor.CHANNEL and own.pause_code != STAFF)):
        return _at_its_time(group, elsewhere, channels, at)
    if not own.is_paused(at):
        return _at_its_time(group, own.name, channels, at)  # the slots are counted out below
    return own.name, Wait(WaitingFor(reason), group.count, own.paused_until if reason == WaitingFor.BUDGET else None)


def _at_its_time(group: _Group, name: str, channels: dict[str, Channel], at: datetime) -> tuple[str, Wait | None]:
    if routing.route_for(group.purpose).quiet and (morning := routing.is_night(Contact(time_zone=group.zone), at)):
        return name, Wait(WaitingFor.QUIET_HOURS, group.count, morning)
    if channels[name].is_paused(at) and group.is_blocked:
        return name, Wait(WaitingFor.CHANNEL, group.count)
    return name, None


def _ahead(name: str, groups: Sequence[_Group], at: datetime) -> int:
    """Other messages that leave this channel before: due, and of the same or a higher priority."""
    lowest = min(group.priority for group in groups)
    due = Notification.objects.filter(status=Status.QUEUED, channel=name, priority__gte=lowest, due_at__lte=at)
    return due.order_by()[:COUNTED_AHEAD].count()


def _take_slots(account: Account, leaving: dict[str, list[_Group]], streams: dict[str, Stream], at: datetime) -> Budget:
    """Give the free slots to the urgent messages first; what is left over waits, each for a slot of its own."""
    limit = account.daily_limit or 0
    used = throttling.used_slots(account, at)
    kept = round(limit * account.urgent_share)
    ahead = sum(streams[name].ahead for name in leaving)
    taken = used + ahead
    for urgent in (True, False):
        usable = limit if urgent else limit - kept
        for name, groups in sorted(leaving.items()):
            wanted = sum(group.count for group in groups if (group.priority == Priority.URGENT) == urgent)
            now = min(wanted, max(0, usable - taken))
            streams[name].now += now
            if wanted > now:
                first = slots.free_at(account, taken + now + 1, usable, at)
                streams[name].waits.append(Wait(WaitingFor.BUDGET, wanted - now, first))
                last = slots.free_at(account, taken + wanted, usable, at)
                streams[name].slots_end_at = max(filter(None, (streams[name].slots_end_at, last)), default=None)
            taken += wanted
    takes = sum(streams[name].now for name in leaving)
    return Budget(account, limit, used, kept, takes, throttling.next_free_slot(account, at=at))
