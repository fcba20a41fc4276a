"""Stars after the job, from either side."""

from datetime import datetime
from typing import Final

from django.db import transaction

from marketplace import staff_alerts, timeline
from marketplace.models import Job, JobStatus, Rating
from providers import standing

UNHAPPY: Final = 2  # stars: staff hear both sides


@transaction.atomic
def rate(job: Job, stars: int, *, by_customer: bool, comment: str = "", at: datetime) -> bool:
    """Keep a rating of 1 to 5, once a side; False: this side has rated already, or the job is not done.

    Three stars and more from the customer say as well that the work is done; one or two are a complaint.

    Raises `ValueError` for other numbers.
    """
    if not 1 <= stars <= 5:  # noqa: PLR2004  the five stars
        raise ValueError(f"{stars} stars: a rating is between 1 and 5.")
    locked = Job.objects.select_for_update(no_key=True).get(pk=job.pk)
    if locked.status != JobStatus.DONE or Rating.objects.filter(job=job, by_customer=by_customer).exists():
        return False
    Rating.objects.create(job=locked, by_customer=by_customer, stars=stars, comment=comment[:2000], created_at=at)
    if by_customer:
        standing.note_rating(locked.provider_id, stars)
        if stars > UNHAPPY:
            Job.objects.filter(pk=job.pk, customer_agreed_at__isnull=True).update(customer_agreed_at=at)
        else:
            staff_alerts.somebody_complains(locked, by_customer=True, at=at)
    actor = "customer" if by_customer else f"provider:{locked.provider_id}"
    timeline.record(locked.request, "rated", actor, at, job=job.pk, stars=stars)
    return True
