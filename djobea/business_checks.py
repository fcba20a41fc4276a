"""How the business is: are searches led to their end, is anybody there to come, are the rows as they must be?"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext as _

from djobea.models import AuditResult
from djobea.verdicts import Component, State, by_age, limit
from marketplace.models import RequestStatus, ServiceRequest, Wave
from providers.models import City, Provider

MANY: Final = 1000  # counts stop here, so that a full table costs no more than a small one


def matching(at: datetime) -> Iterator[Component]:
    """Two ways to be unwell: waves that nobody ends (the workers), and searches that find nobody (the network)."""
    overdue = Wave.objects.filter(closed_at__isnull=True, ends_at__lte=at)
    oldest = overdue.order_by("ends_at").values_list("ends_at", flat=True).first()
    remedy = _("Offers are over and nobody searches on: look at the workers and their logs.")
    slow = by_age("matching", oldest, at, remedy)
    if slow.state != State.HEALTHY:
        yield slow
        return
    unmet = ServiceRequest.objects.filter(status=RequestStatus.WAITING).order_by()[: MANY + 1].count()
    most = limit("unmet_requests")
    yield Component(
        "matching",
        State.DEGRADED if unmet > most else State.HEALTHY,
        _("%(count)d requests found nobody yet") % {"count": unmet},
        _("Call providers, or widen the search of these requests.") if unmet > most else "",
        figure=unmet,
        threshold=most,
    )


def availability(at: datetime) -> Iterator[Component]:
    """Who could come, city by city. A city where nobody ever registered is not served yet, which is no fault."""
    fewest = limit("providers_in_city")
    for city in City.objects.all():
        here = Provider.zones.through.objects.filter(provider=OuterRef("pk"), zone__city=city)
        people = Provider.objects.filter(Exists(here))
        at_work = people.at_work(at).order_by()[: MANY + 1].count()
        is_thin = at_work < fewest and people.exists()
        sick = State.DEGRADED if at_work else State.CRITICAL
        yield Component(
            f"availability:{city.slug}",
            sick if is_thin else State.HEALTHY,
            _("%(count)d providers at work") % {"count": at_work},
            _("Approve applications, or ask providers who are away or on hold to come back.") if is_thin else "",
            figure=at_work,
            threshold=fewest,
            vital=False,  # the other cities are served
        )


def audit(at: datetime) -> Iterator[Component]:
    """What the self-audit last found, and whether it still looks."""
    results = list(AuditResult.objects.all())
    broken = [row.check_name for row in results if row.rows]
    oldest = min((row.ran_at for row in results), default=None)
    quiet = limit("quiet_audit_seconds")
    if broken:
        evidence = _("broken: %s") % ", ".join(broken)
        remedy = _("Run `manage.py audit` and show its lines to an engineer.")
        yield Component("audit", State.CRITICAL, evidence, remedy, figure=len(broken), threshold=0)
    elif oldest and at - oldest > timedelta(seconds=quiet):
        evidence = _("a check did not run for %d s") % (at - oldest).total_seconds()
        remedy = _("Look at the workers and their logs.")
        yield Component("audit", State.DEGRADED, evidence, remedy, oldest, (at - oldest).total_seconds(), quiet)
    else:
        evidence = _("%d checks in order") % len(results) if results else _("has not run yet")
        yield Component("audit", State.HEALTHY, evidence, figure=0, threshold=0)
