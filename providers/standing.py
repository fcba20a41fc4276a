"""What became of a provider's offers and jobs, summed up for matching.

The app that owns offers and jobs calls these in the transaction that writes them, so that sum and rows agree.
Outside a transaction they raise `RuntimeError`. A provider's row is made at its first note.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.db.models import Case, DurationField, ExpressionWrapper, F, FloatField, IntegerField, Value, When
from django.db.models.functions import Coalesce, Exp, Extract, Greatest, Least
from django.utils import timezone

from providers import scoring
from providers.models import Standing

FEWEST_STARS: Final = 1
MOST_STARS: Final = 5
LONGEST_REPLY: Final = 3600  # seconds


def note_offered(provider_ids: Iterable[int], at: datetime) -> None:
    """Each of these providers was sent an offer at `at`. The rows are locked in one order, so waves cannot deadlock."""
    _require_transaction()
    ids = sorted(set(provider_ids))
    rows = Standing.objects.filter(pk__in=ids)
    known = set(rows.order_by("pk").select_for_update(no_key=True).values_list("pk", flat=True))
    _make_rows([provider_id for provider_id in ids if provider_id not in known])
    rows.update(
        offers_made=F("offers_made") + 1,
        offers_lately=Coalesce(F("offers_lately") * _faded(at), 0.0) + 1,
        last_offer_at=Greatest(F("last_offer_at"), Value(at)),
    )


def _faded(at: datetime) -> Exp:
    """What each offer of before counts at `at`, as `scoring.fairness` has it; nothing where there was none."""
    age = ExpressionWrapper(F("last_offer_at") - Value(at), output_field=DurationField())
    scales = Extract(age, "epoch", output_field=FloatField()) / Value(scoring.OFFERS_FADE_HOURS * 3600)
    return Exp(Greatest(Least(scales, 0.0), -50.0))  # a clock that ran ahead; PostgreSQL refuses to underflow


def note_accepted(provider_id: int, *, after: timedelta | None = None) -> None:
    """The provider took an offer (one that `note_offered` has counted), so long `after` it was made."""
    _note(
        provider_id,
        offers_accepted=F("offers_accepted") + 1,
        offers_lately=F("offers_lately") + scoring.JOB_IN_OFFERS,  # as if at the time of the offer: a matter of minutes
        unanswered_in_a_row=0,
        **_replied(after),
    )


def note_declined(provider_id: int, *, after: timedelta | None = None) -> None:
    """The provider said no, which is an answer."""
    _note(provider_id, unanswered_in_a_row=0, **_replied(after))


def _replied(after: timedelta | None) -> dict[str, Any]:
    """The mean of answers, in which the new one counts an eighth; no time is no answer of the provider's own."""
    seconds = min(int(after.total_seconds()), LONGEST_REPLY) if after else 0
    if seconds <= 0:
        return {}
    return {"reply_seconds": F("reply_seconds") + (Value(seconds) - F("reply_seconds")) / Value(8)}


def note_answered(provider_id: int, *, after: timedelta | None = None) -> None:
    """The provider is heard of again, perhaps too late: silence is counted anew."""
    _note(provider_id, unanswered_in_a_row=0, **_replied(after))


def note_back(provider_id: int, at: datetime) -> None:
    """From `at` on the provider may get offers again (came back, was approved, a hold ends): searches learn of it."""
    _note(provider_id, back_at=at)


def note_unanswered(provider_id: int) -> int:
    """An offer ran out without a word; returns how many did so in a row, this one included."""
    _note(provider_id, unanswered_in_a_row=F("unanswered_in_a_row") + 1)
    return Standing.objects.values_list("unanswered_in_a_row", flat=True).get(pk=provider_id)


def note_job_opened(provider_id: int, at: datetime) -> None:
    """A job was given to the provider; it counts towards the jobs of the local day of `at`."""
    today = timezone.localdate(at)
    on_this_day = Case(When(jobs_today_on=today, then=F("jobs_today") + 1), default=Value(1))
    _note(provider_id, open_jobs=F("open_jobs") + 1, jobs_today=on_this_day, jobs_today_on=today)


def note_job_closed(provider_id: int, *, done: bool, opened_at: datetime | None = None) -> None:
    """A job ended. One that was not done gives its place back, if the day of `opened_at` is the day still counted.

    The counts stop at zero: whoever ends a job must not fail because a sum is off; the audit finds that.
    """
    facts: dict[str, Any] = {"open_jobs": Greatest(F("open_jobs") - 1, Value(0))}
    if done:
        facts["jobs_done"] = F("jobs_done") + 1
    elif opened_at is not None:
        given_back = When(jobs_today_on=timezone.localdate(opened_at), then=Greatest(F("jobs_today") - 1, Value(0)))
        facts["jobs_today"] = Case(given_back, default=F("jobs_today"), output_field=IntegerField())
    _note(provider_id, **facts)


def note_rating(provider_id: int, stars: int, *, instead_of: int | None = None) -> None:
    """A customer gave 1 to 5 stars, perhaps `instead_of` an earlier rating. Raises `ValueError` for other numbers."""
    for given in (stars, instead_of if instead_of is not None else stars):
        if not FEWEST_STARS <= given <= MOST_STARS:
            raise ValueError(f"A rating is 1 to 5 stars, not {given}.")
    counted = 1 if instead_of is None else 0
    _note(
        provider_id,
        rating_sum=F("rating_sum") + stars - (instead_of or 0),
        rating_count=F("rating_count") + counted,
    )


def _note(provider_id: int, **facts: Any) -> None:
    _require_transaction()
    row = Standing.objects.filter(pk=provider_id)
    if not row.update(**facts):
        _make_rows([provider_id])
        row.update(**facts)


def _make_rows(provider_ids: list[int]) -> None:
    if provider_ids:
        Standing.objects.bulk_create([Standing(provider_id=pk) for pk in provider_ids], ignore_conflicts=True)


def _require_transaction() -> None:
    if not connection.in_atomic_block:
        raise RuntimeError("A standing is written in the transaction of the offer or job that it sums up.")
