from datetime import timedelta

import pytest

from marketplace import promises
from marketplace.models import RequestStatus, ServiceRequest, Urgency
from marketplace.promises import Keeping
from notifications import clock
from tests.djobea.admin_rows import a_request

pytestmark = pytest.mark.django_db


def test_every_urgency_promises_something() -> None:
    assert set(promises.FOUND_WITHIN) == set(promises.AT_WORK_WITHIN) == set(Urgency.values)


@pytest.mark.parametrize(
    ("minutes", "keeping"), [(0, Keeping.KEPT), (8, Keeping.KEPT), (9, Keeping.NEAR), (15, Keeping.BROKEN)]
)
def test_an_emergency_is_found_within_five_waves(minutes: int, keeping: Keeping) -> None:
    at = clock.now()
    promise = promises.of_search(a_request(at))
    assert promise.due_at == at + timedelta(minutes=15)
    assert promise.keeping(at + timedelta(minutes=minutes)) == keeping


def test_a_visit_is_late_half_an_hour_after_the_hour_that_was_wanted() -> None:
    at = clock.now()
    request = a_request(at, RequestStatus.MATCHED)
    assert promises.of_visit(request, at).due_at == at + timedelta(hours=1)
    request.scheduled_for = at + timedelta(days=2)
    assert promises.of_visit(request, at).due_at == at + timedelta(days=2, minutes=30)


def test_an_hour_that_had_passed_when_the_job_was_given_promises_nothing() -> None:
    at = clock.now()
    request = a_request(at, RequestStatus.MATCHED)
    request.scheduled_for = at - timedelta(hours=3)
    assert promises.of_visit(request, at).due_at == at + timedelta(hours=1)


def test_the_promise_that_breaks_first_is_in_front() -> None:
    at = clock.now()
    calm, urgent = a_request(at - timedelta(minutes=20)), a_request(at)
    ServiceRequest.objects.filter(pk=calm.pk).update(urgency=Urgency.UNSPECIFIED)
    assert list(promises.soonest_first(ServiceRequest.objects.all())) == [urgent, calm]
