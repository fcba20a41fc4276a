"""What each group of the staff may do and see, and the history of what people change."""

import json
from datetime import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from djobea import groups, histories
from marketplace.models import Event, Job, MatchRun, Offer, Quote, Rating, ServiceRequest, VocabularyEntry
from notifications import personal_data
from notifications.models import Channel
from providers import coverage
from providers.models import Availability, Coverage, Provider, Standing, Zone
from tests.djobea.admin_rows import NUMBER, a_channel, a_full_house
from tests.providers.factories import a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db
SHOWN_TO_REVIEWERS = (
    Provider,
    Availability,
    Coverage,
    Standing,
    ServiceRequest,
    Job,
    Offer,
    MatchRun,
    Quote,
    Rating,
    Event,
)


def one_of(group: str) -> User:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def reviewer(client: Client) -> Client:
    client.force_login(one_of("reviewer"), backend="django.contrib.auth.backends.ModelBackend")
    return client


def row_page(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])  # noqa: SLF001


def test_every_right_of_the_table_exists() -> None:
    known = set(Permission.objects.values_list("content_type__app_label", "codename"))
    assert not {right for name in groups.TABLE for right in groups.rights_of(name)} - known


def test_groups_come_back_into_step_and_then_nothing_changes() -> None:
    reviewers = Group.objects.get(name="reviewer")
    reviewers.permissions.clear()
    reviewers.permissions.add(*Group.objects.get(name="manager").permissions.all())
    assert groups.bring_in_step() > 0
    assert {right.codename for right in reviewers.permissions.all()} == {
        codename for _app, codename in groups.rights_of("reviewer")
    }
    assert groups.bring_in_step() == 0


@pytest.mark.parametrize(
    ("group", "may", "may_not"),
    [
        ("operator", "marketplace.change_conversation", "notifications.change_channel"),
        ("operator", "notifications.see_personal_data", "auth.change_user"),
        ("reviewer", "marketplace.view_matchrun", "marketplace.view_conversation"),
        ("reviewer", "marketplace.change_vocabularyentry", "notifications.see_personal_data"),
        ("manager", "notifications.change_channel", "auth.delete_user"),
    ],
)
def test_each_group_has_what_its_work_needs(group: str, may: str, may_not: str) -> None:
    user = one_of(group)
    assert user.has_perm(may)
    assert not user.has_perm(may_not)


def test_a_reviewer_sees_the_work_and_nobody(reviewer: Client, at: datetime) -> None:
    a_full_house(at)
    Provider.objects.filter(pk=Provider.objects.earliest("pk").pk).update(
        email="paul@example.com", notes=f"Tel {NUMBER}"
    )
    pages = [
        reverse("admin:index"),
        reverse("admin:marketplace_servicerequest_board"),
        reverse("admin:marketplace_servicerequest_changelist"),
        reverse("admin:marketplace_rating_changelist"),
        reverse("admin:providers_provider_changelist"),
        row_page(ServiceRequest.objects.latest("pk")),
        row_page(Provider.objects.earliest("pk")),
    ]
    for address in pages:
        answer = reviewer.get(address)
        page = answer.content.decode()
        assert answer.status_code == 200, address
        for private in (NUMBER, NUMBER[1:], "Awa", "Fuite d", "J&#x27;ai une fuite", "paul@"):
            assert private not in page, (address, private)


def test_a_reviewer_learns_the_name_of_no_provider(reviewer: Client, at: datetime) -> None:
    a_full_house(at)
    provider = Provider.objects.earliest("pk")
    Availability.objects.create(provider=provider, weekday=1, opens="08:00", closes="18:00")
    Standing.objects.get_or_create(provider=provider)
    coverage.refresh(provider)
    Provider.objects.update(name="Zacharie Ndjomo")
    named = [{"name": "Zacharie Ndjomo", "provider_id": 1, "reason": "chosen", "score": 1, "distance_km": 1}]
    MatchRun.objects.update(chosen=named, near_misses=named)
    rows = [model.objects.latest("pk") for model in SHOWN_TO_REVIEWERS]
    pages = [reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist") for row in rows]  # noqa: SLF001  public
    pages += [row_page(row) for row in rows]
    pages += [reverse("admin:providers_provider_history", args=[provider.pk])]
    for address in (*pages, reverse("admin:marketplace_servicerequest_board")):
        page = reviewer.get(address).content.decode()
        assert "Zacharie" not in page, address
        assert "Ndjomo" not in page, address


def test_a_reviewer_finds_no_provider_by_name_and_others_do(staff: Client) -> None:
    a_provider(name="Zacharie Ndjomo")
    address = reverse("admin:providers_provider_changelist")
    assert list(staff.get(address, {"q": "Zacharie"}).context["cl"].result_list)
    staff.force_login(one_of("reviewer"), backend="django.contrib.auth.backends.ModelBackend")
    assert not list(staff.get(address, {"q": "Zacharie"}).context["cl"].result_list)
    assert list(staff.get(address).context["cl"].result_list)


def test_the_same_page_shows_an_operator_whom_to_call(client: Client, at: datetime) -> None:
    client.force_login(one_of("operator"), backend="django.contrib.auth.backends.ModelBackend")
    a_full_house(at)
    page = client.get(row_page(ServiceRequest.objects.latest("pk"))).content.decode()
    assert "Awa &lt;b&gt;" in page
    assert "Fuite d" in page


def test_whom_one_may_not_see_one_cannot_find(reviewer: Client, at: datetime) -> None:
    a_full_house(at)
    found = reviewer.get(reverse("admin:marketplace_servicerequest_changelist"), {"q": NUMBER}).content.decode()
    assert row_page(ServiceRequest.objects.latest("pk")) not in found


def test_the_api_hides_the_same_from_a_token(client: Client, at: datetime) -> None:
    a_full_house(at)
    token = Token.objects.create(user=one_of("reviewer"))
    headers = {"Authorization": f"Token {token.key}"}
    first = client.get("/api/v1/requests/", headers=headers).json()["results"][0]
    assert first["description"] == personal_data.HIDDEN
    providers = client.get("/api/v1/providers/", headers=headers).json()["results"]
    assert all("••" in row["phone_number"] for row in providers)
    assert not {row["name"] for row in providers} & set(Provider.objects.values_list("name", flat=True))
    token = Token.objects.create(user=one_of("operator"))
    headers = {"Authorization": f"Token {token.key}"}
    assert client.get("/api/v1/requests/", headers=headers).json()["results"][0]["description"] == "Fuite d'eau"


def test_nothing_stays_hidden_after_a_page(reviewer: Client) -> None:
    reviewer.get(reverse("admin:index"))
    assert not personal_data.is_hidden()


@pytest.mark.parametrize(
    ("words", "masked"),
    [
        ("Appelez +237699000001.", "Appelez +237•••••••01."),
        ("?q=%2B237699000001&o=1", "?q=%2B237•••••••01&o=1"),
        ("from awa.n@djobea.example", "from •••@djobea.example"),
        ("12+345 = 357, 2026-01-01T10:00:00+01:00", "12+345 = 357, 2026-01-01T10:00:00+01:00"),
    ],
)
def test_addresses_lose_their_middle(words: str, masked: str) -> None:
    assert personal_data.mask_addresses(words) == masked


def test_a_manager_makes_no_superuser(client: Client, chief: User) -> None:
    manager = one_of("manager")
    client.force_login(manager, backend="django.contrib.auth.backends.ModelBackend")
    form = {"username": "manager", "is_active": "on", "is_staff": "on", "is_superuser": "on", "groups": []}
    answer = client.post(row_page(manager), form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    manager.refresh_from_db()
    assert not manager.is_superuser
    assert client.post(row_page(chief), form | {"username": "chief"}).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[chief.pk])
    assert client.get(password).status_code == 403


def zone_form(zone: Zone, **changes: Any) -> dict[str, Any]:
    facts = {name: getattr(zone, name) for name in ("slug", "name", "arrondissement", "latitude", "longitude")}
    return {**facts, "city": zone.city_id, **changes}


def test_a_change_is_kept_with_who_when_why_and_what_was_before(staff: Client, chief: User) -> None:
    zone = a_zone()
    before = zone.name
    staff.post(row_page(zone), zone_form(zone, name="Bonamoussadi Nord", why="So people say"))
    states: Any = histories.of(zone).order_by("history_id")
    assert [(row.name, row.history_user, row.history_change_reason) for row in states] == [
        (before, None, None),
        ("Bonamoussadi Nord", chief, "So people say"),
    ]
    page = staff.get(reverse("admin:providers_zone_history", args=[zone.pk])).content.decode()
    assert "So people say" in page
    assert "chief" in page


def provider_form(provider: Provider, **changes: Any) -> dict[str, Any]:
    facts = {
        "name": provider.name,
        "phone_number": provider.phone_number,
        "language": "fr",
        "services": [service.pk for service in provider.services.all()],
        "zones": [zone.pk for zone in provider.zones.all()],
        "radius_km": 15,
        "status": "active",
        "daily_capacity": 6,
        "availability-TOTAL_FORMS": 0,
        "availability-INITIAL_FORMS": 0,
    }
    return facts | changes


def test_whoever_suspends_a_provider_says_why(staff: Client) -> None:
    provider = a_provider()
    asked = staff.post(row_page(provider), provider_form(provider, status="suspended", why=" "))
    assert "status" in asked.context["adminform"].form.errors
    assert (
        staff.post(row_page(provider), provider_form(provider, status="suspended", why="Two no-shows")).status_code
        == 302
    )
    provider.refresh_from_db()
    assert provider.status == "suspended"
    kept: Any = histories.of(provider).first()
    assert kept.history_change_reason == "Two no-shows"
    assert (
        staff.post(row_page(provider), provider_form(provider, status="suspended", daily_capacity=3)).status_code == 302
    )


def test_the_words_that_are_understood_have_a_history(staff: Client, chief: User) -> None:
    word = VocabularyEntry.objects.create(kind="service_name", text="plombier", service=a_service())
    form = {"kind": "service_name", "text": "plombyé", "service": word.service_id, "weight": 3, "active": "on"}
    assert staff.post(row_page(word), form | {"why": "So they write it"}).status_code == 302
    states: Any = histories.of(word).order_by("history_id")
    assert [(row.text, row.history_user, row.history_change_reason) for row in states] == [
        ("plombier", None, None),
        ("plombyé", chief, "So they write it"),
    ]
    assert "plomby" in staff.get(reverse("admin:marketplace_vocabularyentry_history", args=[word.pk])).content.decode()
    staff.post(reverse("admin:marketplace_vocabularyentry_delete", args=[word.pk]), {"post": "yes"})
    assert [row.history_type for row in states.all()] == ["~", "~", "-"]


def test_the_services_of_a_provider_are_part_of_its_history(staff: Client) -> None:
    provider = a_provider()
    other = a_service("electricite")
    form = provider_form(provider, services=[other.pk], why="Changed trade")
    assert staff.post(row_page(provider), form).status_code == 302
    states: Any = list(histories.of(provider).order_by("history_id"))
    assert [row.service_id for row in states[-1].services.all()] == [other.pk]
    assert [row.service_id for row in states[0].services.all()] != [other.pk]
    assert states[-1].history_change_reason == "Changed trade"


def test_what_the_machine_changes_leaves_no_history(staff: Client, at: datetime) -> None:
    channel = a_channel()
    channel.pause_code = "63007"
    channel.save()
    assert not histories.of(channel).exists()
    staff.post(row_page(channel), {"per_second": "5", "failure_share": "0.4"})
    assert Channel.objects.get().per_second == 5
    assert histories.of(channel).count() == 2
    assert not json.dumps([str(row) for row in histories.of(channel)]).count("tokens")
