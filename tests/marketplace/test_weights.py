"""Staff change what counts in a score, and see before what that would have changed."""

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from marketplace import weights_preview
from marketplace.models import MatchRun, Offer
from notifications import clock
from providers import standing, weights
from providers.models import Provider, ScoreWeights
from providers.scoring import DEFAULT_WEIGHTS, Weights
from tests.factories import a_request
from tests.providers.factories import NOON, a_provider, a_zone

pytestmark = pytest.mark.django_db
ONLY_RATING = Weights(0, 1, 0, 0, 0, 0)
PAGE = "admin:providers_scoreweights_add"


@pytest.fixture
def near() -> Provider:
    return a_provider(name="Near", base_zone=a_zone())


@pytest.fixture
def rated() -> Provider:
    provider = a_provider(name="Rated", base_zone=a_zone("akwa", at=(4.05, 9.699)))
    for _ in range(20):
        standing.note_rating(provider.pk, 5)
    return provider


def staff(*rights: str) -> Client:
    user = User.objects.create_user("chief", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=rights))
    client = Client()
    client.force_login(user)
    return client


def as_fields(values: Weights, **more: Any) -> dict[str, Any]:
    return {name: getattr(values, name) for name in weights.PARTS} | more


@pytest.fixture(autouse=True)
def _first_weights() -> None:
    """What the migrations put there, which tests that empty all tables take away."""
    ScoreWeights.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute(import_module("providers.migrations.0003_score_weights").FIRST)
        cursor.execute(import_module("providers.migrations.0013_offers_lately_count").NEWER)


def test_a_new_installation_counts_as_the_code_does_and_without_any_row_too() -> None:
    assert weights.in_force() == DEFAULT_WEIGHTS
    ScoreWeights.objects.all().delete()
    assert weights.in_force() == DEFAULT_WEIGHTS


def test_weights_that_somebody_has_set_outlast_an_upgrade() -> None:
    weights.change(ONLY_RATING, by="chief", why="", at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(import_module("providers.migrations.0013_offers_lately_count").NEWER)
    assert weights.in_force() == ONLY_RATING


def test_the_next_search_counts_with_the_newest_weights(near: Provider, rated: Provider) -> None:
    first, _second = a_request().match_runs.get().chosen
    assert first["name"] == "Near"
    weights.change(ONLY_RATING, by="chief", why="", at=clock.now())
    first, _second = a_request().match_runs.get().chosen
    assert first["name"] == "Rated"
    assert ScoreWeights.objects.filter(changed_by="").exists(), "what counted before is kept"


@pytest.mark.parametrize("values", [Weights(0, 0, 0, 0, 0, 0), Weights(-1, 1, 1, 1, 1, 1), Weights(101, 1, 1, 1, 1, 1)])
def test_the_database_refuses_weights_that_make_no_sense(values: Weights) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        weights.change(values, by="", why="", at=NOON)


def test_the_preview_says_who_would_have_been_first_and_stores_nothing(near: Provider, rated: Provider) -> None:
    request = a_request()
    before = Offer.objects.count(), MatchRun.objects.count()
    found = weights_preview.preview(ONLY_RATING, at=NOON)
    (difference,) = found.differences
    assert (found.looked_at, found.others_first) == (1, 1)
    assert difference.request == request
    assert (difference.before[0].name, difference.after[0].name) == ("Near", "Rated")
    assert difference.newcomers == []
    assert found.km_before == 0
    assert found.km_after == pytest.approx(6.3, abs=0.1)
    assert (Offer.objects.count(), MatchRun.objects.count()) == before


def test_the_preview_names_who_would_be_asked_instead(near: Provider, rated: Provider) -> None:
    run = a_request().match_runs.get()
    MatchRun.objects.filter(pk=run.pk).update(sought=1)
    (difference,) = weights_preview.preview(ONLY_RATING, at=NOON).differences
    assert [candidate.name for candidate in difference.newcomers] == ["Rated"]


def test_the_same_weights_change_nothing(near: Provider, rated: Provider) -> None:
    a_request()
    assert weights_preview.preview(Weights(18, 9, 6, 35, 32, 5), at=NOON).differences == ()


def test_requests_before_yesterday_are_left_alone(near: Provider) -> None:
    a_request()
    assert weights_preview.preview(ONLY_RATING, at=NOON + timedelta(days=1)).looked_at == 1
    assert weights_preview.preview(ONLY_RATING, at=NOON + timedelta(days=2)).looked_at == 0


def test_two_queries_a_request_and_a_fixed_number_beside(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        a_provider()
    for _ in range(4):
        a_request()
    with django_assert_num_queries(2 + 2 * 4):
        weights_preview.preview(ONLY_RATING, at=NOON)


def test_the_page_shows_the_preview_first_and_changes_nothing_by_that(near: Provider, rated: Provider) -> None:
    a_request(at=clock.now())
    client = staff("add_scoreweights", "view_scoreweights")
    shown = client.get(reverse(PAGE), as_fields(ONLY_RATING)).content.decode()
    assert "<b>Rated</b>" in shown
    assert not ScoreWeights.objects.exclude(changed_by="").exists()
    assert client.post(reverse(PAGE), as_fields(ONLY_RATING, why="quality first")).status_code == 302
    row = ScoreWeights.objects.latest("pk")
    assert (weights.in_force(), row.changed_by, row.why) == (ONLY_RATING, "chief", "quality first")
    assert "quality first" in client.get(reverse("admin:providers_scoreweights_changelist")).content.decode()


@pytest.mark.parametrize("values", [as_fields(Weights(0, 0, 0, 0, 0, 0)), as_fields(ONLY_RATING, distance="-1")])
def test_the_page_says_what_makes_no_sense(values: dict[str, Any]) -> None:
    client = staff("add_scoreweights", "view_scoreweights")
    for answer in (client.get(reverse(PAGE), values), client.post(reverse(PAGE), values)):
        assert 'role="alert"' in answer.content.decode()
    assert not ScoreWeights.objects.exclude(changed_by="").exists()


def test_only_who_may_change_them_sees_the_page() -> None:
    assert staff("view_scoreweights").get(reverse(PAGE)).status_code == 403
