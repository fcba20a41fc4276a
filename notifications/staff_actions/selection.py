"""Which messages: a few by id, or all that match a filter. Plain data, so that a worker can go on with it later."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from django.db.models import Q, QuerySet

from notifications.models import Attempt, Notification, Priority, Status, WaitingFor

SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{4,32}")
HOME: Final = "237"  # numbers of nine digits are Cameroon's
BOOLEANS: Final = {"0": False, "1": True}
# Column -> the values it may have; None: any text.
CRITERIA: Final[Mapping[str, frozenset[str] | None]] = {
    "status": frozenset(Status.values),
    "channel": None,
    "purpose": None,
    "last_error_code": None,
    "priority": frozenset(str(value) for value in Priority.values),
    "waiting_for": frozenset(WaitingFor.values),
    "possible_duplicate": frozenset(BOOLEANS),
}


@dataclass(frozen=True)
class Selection:
    """Messages by `ids`, or (when `ids` is None) all that meet every one of `criteria` and the `search`.

    Criteria are columns of CRITERIA with a value as text. Raises `ValueError` for an unknown column or value: to
    ignore one would act on more messages than a person has seen.
    """

    ids: tuple[int, ...] | None = None
    criteria: Mapping[str, str] = field(default_factory=dict)
    search: str = ""

    def __post_init__(self) -> None:
        for name, value in self.criteria.items():
            if name not in CRITERIA:
                raise ValueError(f"Messages cannot be chosen by {name!r}.")
            values = CRITERIA[name]
            if values is not None and value not in values:
                raise ValueError(f"{name} is {value!r}, but it can only be one of {sorted(values)}.")

    @classmethod
    def of(cls, ids: Iterable[int]) -> "Selection":
        """These messages."""
        return cls(ids=tuple(sorted(set(ids))))

    @classmethod
    def where(cls, *, search: str = "", **criteria: str) -> "Selection":
        """All messages that match; no criterion at all means every message."""
        return cls(criteria=criteria, search=search.strip())

    @classmethod
    def from_json(cls, facts: Mapping[str, Any]) -> "Selection":
        """Read what `as_json` wrote."""
        ids = facts.get("ids")
        return cls(None if ids is None else tuple(ids), dict(facts.get("criteria", {})), facts.get("search", ""))

    def as_json(self) -> dict[str, Any]:
        """Plain data for the trace."""
        if self.ids is not None:
            return {"ids": list(self.ids)}
        return {"criteria": dict(self.criteria)} | ({"search": self.search} if self.search else {})

    def rows(self) -> QuerySet[Notification]:
        """The messages, in no order."""
        rows = Notification.objects.order_by()
        if self.ids is not None:
            return rows.filter(pk__in=self.ids)
        criteria: dict[str, Any] = dict(self.criteria)
        if "possible_duplicate" in criteria:
            criteria["possible_duplicate"] = BOOLEANS[criteria["possible_duplicate"]]
        rows = rows.filter(**criteria)
        return rows.filter(matching(self.search)) if self.search else rows


def matching(term: str) -> Q:
    """What a reviewer types: a number as people write it, a SID, a reference such as `request:42`, or `#17`.

    Each by equality or prefix, so that an index answers. A reference that is there whole means itself, not the longer
    ones that begin alike: nobody who looks for request 42 wants 420 to 429 as well.
    """
    term = term.strip()
    if re.fullmatch(r"#\d{1,18}", term):
        return Q(pk=int(term[1:]))
    if SID.fullmatch(term):
        older = Attempt.objects.filter(provider_sid__startswith=term).values("notification_id")[:100]
        return Q(provider_sid__startswith=term) | Q(pk__in=list(older.values_list("notification_id", flat=True)))
    if prefix := number_prefix(term):
        return Q(phone_number__startswith=prefix)
    if "@" in term:
        return Q(email__iexact=term) & ~Q(email="")  # as the index is made
    if ":" in term:
        whole = Q(reference=term) | Q(reference__startswith=f"{term}:")
        return whole if Notification.objects.filter(whole).exists() else Q(reference__startswith=term)
    return Q(reference__startswith=term) | Q(purpose=term)


def number_prefix(term: str) -> str:
    """The beginning of an E.164 number that `term` may mean; empty when it is no number."""
    digits = re.sub(r"[\s().-]", "", term)
    if not re.fullmatch(r"(\+|00)?\d{3,15}", digits):
        return ""
    bare = re.sub(r"^(\+|00)", "", digits)
    written_out = digits != bare or bare.startswith(HOME)
    return f"+{bare}" if written_out else f"+{HOME}{bare}"
