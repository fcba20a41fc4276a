"""The page of a request that answers "what if" and "why not this one?"."""

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from marketplace.models import MatchRun, Offer, ServiceRequest
from providers import scoring
from providers.models import ProviderStatus
from tests.factories import a_request
from tests.providers.factories import a_provider

pytestmark = pytest.mark.django_db


def page(request: ServiceRequest, **fields: str) -> str:
    client = Client()
    user = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
    rights = ["view_servicerequest", "see_personal_data"]  # without the second, names are initials
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client.force_login(user)
    answer = client.get(reverse("admin:marketplace_servicerequest_lab", args=[request.pk]), fields)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_page_shows_whom_the_search_would_choose_and_changes_nothing() -> None:
    chosen = a_provider(name="Chosen <b>")
    a_provider(name="Left out", status=ProviderStatus.SUSPENDED)
    request = a_request()
    before = list(ServiceRequest.objects.values()), Offer.objects.count(), MatchRun.objects.count()
    shown = page(request)
    assert "Chosen &lt;b&gt;" in shown
    assert shown.index("Left out") > shown.index("Chosen &lt;b&gt;")
    assert (list(ServiceRequest.objects.values()), Offer.objects.count(), MatchRun.objects.count()) == before
    assert chosen.offers.count() == 1


def test_a_box_that_is_not_ticked_searches_among_those_who_were_not_asked() -> None:
    a_provider(name="Asked before")
    request = a_request()
    ticked, unticked = page(request, who="Asked", as_if_new="on"), page(request, who="Asked")
    assert "dj-badge dj-good" in ticked
    assert "dj-badge dj-bad" in unticked


@pytest.mark.parametrize("fields", [{"weight_distance": "x"}, {"limit": "0"}, {"moment": "noon"}, {"zone": "0"}])
def test_what_makes_no_sense_is_said_at_its_field(fields: dict[str, str]) -> None:
    a_provider(name="Somebody")
    shown = page(a_request(), **fields)
    assert 'role="alert"' in shown
    assert "Somebody" not in shown


def test_weights_of_nothing_but_zeros_are_refused() -> None:
    zeros = {f"weight_{name}": "0" for name in scoring.Weights.names()}
    assert 'role="alert"' in page(a_request(), **zeros)


def test_only_who_may_see_requests_sees_the_page() -> None:
    client = Client()
    client.force_login(User.objects.create_user("staff", is_staff=True))
    request = a_request()
    assert client.get(reverse("admin:marketplace_servicerequest_lab", args=[request.pk])).status_code == 403
