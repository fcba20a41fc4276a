import pytest

from providers import audit, coverage
from providers.audit import coverage_agrees
from providers.models import Coverage, Provider
from tests.audits import broken_rows
from tests.providers.factories import NOON, a_provider, a_service, a_zone

pytestmark = pytest.mark.django_db


def covered(provider: Provider) -> set[tuple[str, str]]:
    rows = Coverage.objects.filter(provider=provider).values_list("service__slug", "zone__slug")
    return {(service, zone) for service, zone in rows}


def test_coverage_is_each_service_in_each_zone() -> None:
    provider = a_provider(
        services=[a_service("plomberie"), a_service("menage")], zones=[a_zone("akwa"), a_zone("bali")]
    )
    assert covered(provider) == {
        ("plomberie", "akwa"),
        ("plomberie", "bali"),
        ("menage", "akwa"),
        ("menage", "bali"),
    }


def test_a_second_refresh_writes_nothing() -> None:
    provider = a_provider()
    assert coverage.refresh(provider) == (0, 0)


def test_only_the_difference_is_written() -> None:
    provider = a_provider(zones=[a_zone("akwa"), a_zone("bali")])
    kept = Coverage.objects.get(provider=provider, zone__slug="akwa")
    provider.zones.set([a_zone("akwa"), a_zone("deido")])
    assert coverage.refresh(provider.pk) == (1, 1)
    assert covered(provider) == {("plomberie", "akwa"), ("plomberie", "deido")}
    kept.refresh_from_db()


def test_the_coverage_of_others_is_left_alone() -> None:
    other, provider = a_provider(), a_provider()
    other.zones.clear()
    coverage.refresh([provider])
    assert covered(other)
    assert coverage.refresh_all() == (0, 1)
    assert not covered(other)


def test_many_providers_take_as_few_statements_as_one(django_assert_num_queries: object) -> None:
    providers = [a_provider() for _ in range(5)]
    for provider in providers:
        provider.zones.add(a_zone("akwa"))
    with django_assert_num_queries(3 + 2):  # type: ignore[operator]  # lock, delete, insert; a savepoint around them
        assert coverage.refresh(providers) == (5, 0)


def test_the_audit_is_silent_about_a_healthy_coverage() -> None:
    a_provider()
    assert broken_rows(audit.AUDITS, NOON) == {}


def test_the_audit_tells_what_is_missing_and_what_is_too_much() -> None:
    provider = a_provider()
    provider.zones.add(a_zone("akwa"), a_zone("bali"))
    provider.zones.remove(a_zone("bonamoussadi"))
    ((_row, breach),) = coverage_agrees(None)
    assert "2" in breach
    assert "1" in breach
