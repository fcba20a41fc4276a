from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from providers import standing
from providers.models import Availability, City, Coverage, Provider, Service, Standing, Zone
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db

MODELS = [City, Zone, Service, Provider, Availability, Coverage, Standing]


@pytest.fixture
def staff(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("chief", "chief@example.com", "made-up"))
    return client


@pytest.fixture
def provider() -> Provider:
    provider = a_provider(name="Awa")
    Availability.objects.create(provider=provider, weekday=1, opens="08:00", closes="17:00")
    standing.note_rating(provider.pk, 5)
    return provider


def address(name: str, *args: Any) -> str:
    return reverse(f"admin:providers_{name}", args=args)


def a_form(**facts: Any) -> dict[str, Any]:
    return {
        "name": "Bih",
        "phone_number": "677 12 34 56",
        "language": "fr",
        "services": [a_service().pk],
        "zones": [a_zone().pk],
        "radius_km": 15,
        "status": "active",
        "daily_capacity": 6,
        "availability-TOTAL_FORMS": 0,
        "availability-INITIAL_FORMS": 0,
    } | facts


@pytest.mark.parametrize("model", MODELS)
def test_each_list_opens_and_can_be_searched(staff: Client, provider: Provider, model: type[Any]) -> None:
    url = address(f"{model.__name__.lower()}_changelist")
    assert staff.get(url).status_code == 200
    assert staff.get(url, {"q": "awa"}).status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_each_row_opens(staff: Client, provider: Provider, model: type[Any]) -> None:
    row = model.objects.first()
    assert staff.get(address(f"{model.__name__.lower()}_change", row.pk)).status_code == 200


def test_the_list_of_providers_takes_few_queries(
    staff: Client, provider: Provider, django_assert_max_num_queries: Any
) -> None:
    for _ in range(20):
        a_provider()
    with django_assert_max_num_queries(15):
        staff.get(address("provider_changelist"))


def test_a_new_provider_has_a_normalised_number_and_a_coverage(staff: Client) -> None:
    answer = staff.post(address("provider_add"), a_form())
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    new = Provider.objects.get(name="Bih")
    assert (new.phone_number, new.phone_doubtful) == ("+237677123456", False)
    assert new.coverage.count() == 1


def test_a_doubtful_number_is_kept_and_flagged_until_staff_say_otherwise(staff: Client) -> None:
    staff.post(address("provider_add"), a_form(phone_number="600 12 34 56"))
    new = Provider.objects.get(name="Bih")
    assert new.phone_doubtful
    staff.post(address("provider_change", new.pk), a_form(phone_number="+237600123456"))
    new.refresh_from_db()
    assert not new.phone_doubtful


@pytest.mark.parametrize("number", ["12", "", "abc", "677123456 / 699123456"])
def test_what_is_no_number_comes_back_with_a_word(staff: Client, number: str) -> None:
    answer = staff.post(address("provider_add"), a_form(phone_number=number))
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["phone_number"]
    assert not Provider.objects.exists()


def test_the_same_number_in_another_guise_is_taken(staff: Client) -> None:
    a_provider(phone_number="+237677123456")
    answer = staff.post(address("provider_add"), a_form(phone_number="00237 677 12 34 56"))
    assert answer.status_code == 200
    assert Provider.objects.count() == 1


def test_a_changed_zone_changes_the_coverage(staff: Client, provider: Provider) -> None:
    akwa = a_zone("akwa")
    hours = provider.availability.get()
    staff.post(
        address("provider_change", provider.pk),
        a_form(
            zones=[akwa.pk],
            **{
                "availability-TOTAL_FORMS": 1,
                "availability-INITIAL_FORMS": 1,
                "availability-0-id": hours.pk,
                "availability-0-provider": provider.pk,
                "availability-0-weekday": 2,
                "availability-0-opens": "09:00",
                "availability-0-closes": "12:00",
            },
        ),
    )
    assert [row.zone for row in provider.coverage.all()] == [akwa]
    hours.refresh_from_db()
    assert hours.weekday == 2


@pytest.mark.parametrize("model", [Coverage, Standing])
def test_what_is_derived_cannot_be_edited(staff: Client, provider: Provider, model: type[Any]) -> None:
    name, row = model.__name__.lower(), model.objects.first()
    assert staff.get(address(f"{name}_add")).status_code == 403
    assert staff.post(address(f"{name}_change", row.pk), {}).status_code == 403
    assert staff.post(address(f"{name}_delete", row.pk), {"post": "yes"}).status_code == 403


def test_a_provider_can_be_deleted_with_what_is_derived(staff: Client, provider: Provider) -> None:
    answer = staff.post(address("provider_delete", provider.pk), {"post": "yes"})
    assert answer.status_code == 302
    assert not Provider.objects.exists()


def test_services_and_zones_are_found_by_autocomplete(staff: Client) -> None:
    a_zone()
    answer = staff.get(
        reverse("admin:autocomplete"),
        {"term": "bona", "app_label": "providers", "model_name": "provider", "field_name": "zones"},
    )
    assert [result["text"] for result in answer.json()["results"]] == ["Bonamoussadi"]


def test_times_of_the_standing_are_shown(staff: Client, provider: Provider) -> None:
    standing.note_offered([provider.pk], NOON)
    assert b"2026" in staff.get(address("standing_changelist")).content
