"""A part that is not well raises one alert, keeps since when, and its alert ends by itself."""

from datetime import timedelta

import pytest

from djobea import status, watching
from djobea.models import ComponentState
from marketplace.models import InboundMessage
from notifications.models import EscalationAlert
from tests.factories import a_contact, an_inbound
from tests.providers.factories import NOON

pytestmark = pytest.mark.django_db


def a_late_message() -> InboundMessage:
    return an_inbound(a_contact(), at=NOON - timedelta(minutes=10))


def test_a_part_that_stays_sick_is_one_alert_that_ends_by_itself() -> None:
    message = a_late_message()
    watching.watch(NOON)
    assert not EscalationAlert.objects.exists()  # a busy moment wakes nobody
    watching.watch(NOON + watching.EVERY)
    watching.watch(NOON + 2 * watching.EVERY)
    alert = EscalationAlert.objects.get()
    assert (alert.fingerprint, alert.severity, alert.occurrences) == ("health:inbox", "critical", 1)
    assert alert.remedy
    assert ComponentState.objects.get(pk="inbox").since == NOON
    message.delete()
    later = NOON + timedelta(minutes=2)
    watching.watch(later)
    alert.refresh_from_db()
    assert alert.state == "resolved"
    row = ComponentState.objects.get(pk="inbox")
    assert (row.state, row.since) == ("healthy", later)


def test_since_when_is_the_same_on_every_look() -> None:
    watching.watch(NOON)
    watching.watch(NOON + timedelta(hours=1))
    assert ComponentState.objects.get(pk="workers").since == NOON
    (database,) = [part for part in status.examine(NOON).components if part.name == "database"]
    assert database.since == NOON
