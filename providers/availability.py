"""Who is at work at a given moment: working hours in local time, absences, and the two ways to change them."""

from datetime import datetime, time
from typing import Final

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from providers.models import Availability, Provider, ProviderQuerySet

# People write the end of the day as 23:59; the minute after it belongs to the same evening.
END_OF_DAY: Final = time(23, 59)


def local_moment(at: datetime) -> tuple[int, time]:
    """Day of the week (Monday is 0) and time of day at `at`, in the local time zone."""
    local = timezone.localtime(at)
    return local.weekday(), local.time()


def second_of_week(at: datetime) -> int:
    """Local seconds since Monday 0:00, as the working hours stand in the coverage."""
    weekday, now = local_moment(at)
    return ((weekday * 24 + now.hour) * 60 + now.minute) * 60 + now.second


def is_open(provider: Provider, at: datetime) -> bool:
    """Whether `at` lies in the working hours of the provider; without any hours it always does."""
    hours = list(provider.availability.all())
    weekday, now = local_moment(at)
    return not hours or any(
        row.weekday == weekday and row.opens <= now and (now < row.closes or row.closes >= END_OF_DAY) for row in hours
    )


def in_working_hours(at: datetime) -> Q:
    """The same as a condition on providers."""
    weekday, now = local_moment(at)
    own_hours = Availability.objects.filter(provider=OuterRef("pk"))
    open_now = own_hours.filter(Q(closes__gt=now) | Q(closes__gte=END_OF_DAY), weekday=weekday, opens__lte=now)
    return ~Exists(own_hours) | Exists(open_now)


def available_now(at: datetime) -> ProviderQuerySet:
    """Providers who may get an offer at `at`: approved, checked, not away, and in their working hours."""
    return Provider.objects.at_work(at).filter(in_working_hours(at))


def set_unavailable(provider_id: int, *, until: datetime) -> bool:
    """Give this provider no offers before `until`; false when that was known already, or there is no such provider."""
    changed = Provider.objects.filter(pk=provider_id).exclude(unavailable_until=until)
    return changed.update(unavailable_until=until) > 0


def set_available(provider_id: int) -> bool:
    """End an absence; false when there was none. Searches that wait for somebody may be tried again after it."""
    away = Provider.objects.filter(pk=provider_id, unavailable_until__isnull=False)
    return away.update(unavailable_until=None) > 0
