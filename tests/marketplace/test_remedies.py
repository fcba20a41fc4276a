"""Staff widen the search for a request that nobody took, from the alert itself."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from marketplace import dispatch
from marketplace.models import Offer, RequestStatus, ServiceRequest, Urgency
from notifications import chains, clock, staff_links, staff_replies
from notifications.models import EscalationAlert, EscalationStep, Notification, OnCallPerson, Severity
from providers.models import Provider
from tests.djobea.admin_rows import an_alert
from tests.factories import a_request
from tests.providers.factories import NOON, a_provider, a_zone

pytestmark = pytest.mark.django_db


@pytest.fixture
def awa() -> OnCallPerson:
    user = User.objects.create_user("awa")
    return OnCallPerson.objects.create(name="Awa", user=user, phone_number="+237699000077")


@pytest.fixture
def alert() -> EscalationAlert:
    """Of a request that is no emergency, while only somebody far away is there, who takes emergencies."""
    EscalationStep.objects.create(severity=Severity.ERROR, channel="whatsapp")
    far_away()
    request = a_request(urgency=Urgency.TODAY)
    assert request.status == RequestStatus.WAITING
    return EscalationAlert.objects.get(fingerprint=f"request:{request.pk}:unmatched")


def far_away() -> Provider:
    return a_provider(zones=[a_zone("logbaba", at=(4.03, 9.77))], takes_emergencies=True, radius_km=1)


def request_of() -> ServiceRequest:
    return ServiceRequest.objects.get()


def test_the_alert_proposes_it_and_the_code_does_it(alert: EscalationAlert, awa: OnCallPerson) -> None:
    chains.escalate_due(NOON + timedelta(minutes=1))
    (message,) = Notification.objects.filter(purpose="staff_alert_whatsapp")
    assert f"{alert.code} large" in message.body
    said = staff_replies.hear(awa.phone_number, f"{alert.code} Élargir", at=NOON)
    assert "1" in str(said)
    offer = Offer.objects.get()
    assert (offer.level, request_of().status) == ("emergency", RequestStatus.SEARCHING)
    assert request_of().events.filter(name="widened", actor="staff:Awa").exists()


def test_nobody_else_widens(alert: EscalationAlert, awa: OnCallPerson) -> None:
    assert staff_replies.hear("+237699999999", f"{alert.code} large", at=NOON) is None
    assert not Offer.objects.exists()


def test_the_link_of_an_sms_does_it_too(
    alert: EscalationAlert, awa: OnCallPerson, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = staff_links.make(alert, person=awa, at=clock.now())
    monkeypatch.setattr(clock, "now", lambda: NOON)
    path = link[link.index("/go/") :]
    assert 'value="widen"' in client.get(path).content.decode()
    client.post(path, {"act": "widen"})
    assert Offer.objects.get().level == "emergency"


def test_it_happens_once_and_only_while_the_request_waits(alert: EscalationAlert) -> None:
    pk = request_of().pk
    assert dispatch.widen(pk, by="staff:awa", at=NOON) == 1
    assert dispatch.widen(pk, by="staff:awa", at=NOON) == 0
    assert Offer.objects.count() == 1


def test_where_nobody_is_in_reach_either_nothing_changes(alert: EscalationAlert) -> None:
    Provider.objects.update(takes_emergencies=False)
    assert dispatch.widen(request_of().pk, by="staff:awa", at=NOON) == 0
    assert request_of().status == RequestStatus.WAITING


def test_what_was_approved_stays_approved(alert: EscalationAlert) -> None:
    pk = request_of().pk
    dispatch.widen(pk, by="staff:awa", at=NOON)
    far_away()
    dispatch.expire_offers(NOON + timedelta(hours=1))
    assert Offer.objects.filter(level="emergency").count() == 2


def test_the_alerts_page_in_the_console_widens_assigns_and_calls(
    alert: EscalationAlert, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOON)
    client.force_login(User.objects.create_superuser("chief"), backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:notifications_escalationalert_change", args=[alert.pk])
    shown, request = client.get(page).content.decode(), request_of()
    assert f'href="{reverse("admin:marketplace_servicerequest_assign", args=[request.pk])}"' in shown
    assert f'href="tel:{request.number_to_call}"' in shown
    assert 'action="../do/remedy-widen/"' in shown
    client.post(reverse("admin:notifications_escalationalert_do", args=[alert.pk, "remedy-widen"]))
    assert request_of().events.filter(name="widened", actor="staff:chief").exists()


def test_other_alerts_have_none_of_these_buttons(client: Client) -> None:
    client.force_login(User.objects.create_superuser("chief"), backend="django.contrib.auth.backends.ModelBackend")
    other = an_alert(NOON)
    shown = client.get(reverse("admin:notifications_escalationalert_change", args=[other.pk])).content.decode()
    assert "remedy-" not in shown
    assert "tel:" not in shown
    widen = reverse("admin:notifications_escalationalert_do", args=[other.pk, "remedy-widen"])
    assert client.post(widen).status_code == 404
