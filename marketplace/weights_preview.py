"""What other weights of the score would have changed for the requests since yesterday; nothing is stored."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils import timezone

from marketplace import match_runs
from marketplace.models import MatchRun, ServiceRequest
from providers import matching, weights
from providers.matching import Candidate
from providers.scoring import Weights

LOOKED_AT: Final = 200  # requests, the newest first; each costs one query


@dataclass(frozen=True, slots=True)
class Difference:
    """One request whose first wave would be another."""

    request: ServiceRequest
    ran_at: datetime
    before: tuple[Candidate, ...]  # whom the weights in force choose, the best first
    after: tuple[Candidate, ...]  # whom the other weights choose

    @property
    def is_first_another(self) -> bool:
        """Whether somebody else would come first."""
        return self.before[0].provider_id != self.after[0].provider_id

    @property
    def newcomers(self) -> list[Candidate]:
        """Who would be asked instead of others."""
        known = {candidate.provider_id for candidate in self.before}
        return [candidate for candidate in self.after if candidate.provider_id not in known]


@dataclass(frozen=True, slots=True)
class Preview:
    """What changes, and what it would mean on average for whoever comes first."""

    since: datetime
    looked_at: int
    differences: tuple[Difference, ...]
    km_before: float
    km_after: float

    @property
    def others_first(self) -> int:
        """Requests for which somebody else would come first."""
        return sum(difference.is_first_another for difference in self.differences)


def preview(other: Weights, *, at: datetime) -> Preview:
    """Search once more for each request since the beginning of yesterday as its first run did, with both weights.

    Hours and absences are judged at the time of the run, all else as it is now; so both see the same people. Raises
    `ValueError` for weights that make no sense.
    """
    now = weights.in_force()
    since = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    looked_at, differences, before_km, after_km = 0, [], 0.0, 0.0
    for run in _first_runs(since):
        need = match_runs.need_in(run)
        before, after = (
            matching.find_candidates(need, run.level, run.ran_at, run.sought, weights=each, near_misses=False).chosen
            for each in (now, other)
        )
        if not before:
            continue
        looked_at += 1
        before_km += before[0].distance_km
        after_km += after[0].distance_km
        if [candidate.provider_id for candidate in before] != [candidate.provider_id for candidate in after]:
            differences.append(Difference(run.request, run.ran_at, before, after))
    return Preview(since, looked_at, tuple(differences), before_km / (looked_at or 1), after_km / (looked_at or 1))


def _first_runs(since: datetime) -> list[MatchRun]:
    """The first run of each request since then that found somebody, the newest requests first."""
    runs = MatchRun.objects.filter(ran_at__gte=since).exclude(need={}).exclude(chosen=[])
    first = runs.order_by("request_id", "pk").distinct("request_id").values("pk")
    rows = MatchRun.objects.filter(pk__in=first).select_related("request__service", "request__zone")
    return list(rows.order_by("-ran_at")[:LOOKED_AT])
