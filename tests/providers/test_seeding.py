import pytest
from django.core.management import call_command

from providers import audit, seeding
from providers.matching import Level, Need, find_candidates
from providers.models import Provider, Service, Standing, Zone
from providers.phone_numbers import normalise
from tests.audits import broken_rows
from tests.providers.factories import NIGHT, NOON

pytestmark = pytest.mark.django_db


def everything() -> None:
    for step in seeding.steps(demo_providers=True):
        step.run()


def test_places_services_and_people_are_there() -> None:
    everything()
    assert Zone.objects.get(slug="douala").is_whole_city
    assert not Zone.objects.get(slug="bonamoussadi").is_whole_city
    assert str(Zone.objects.get(slug="bastos").city) == "Yaoundé"
    assert Service.objects.count() == 28
    assert Provider.objects.count() > 40


def test_seeding_again_adds_and_changes_nothing() -> None:
    everything()
    Zone.objects.filter(slug="akwa").update(name="Akwa (edited)")
    Service.objects.get(slug="plomberie").related.clear()
    Provider.objects.filter(phone_number="+237677000001").delete()
    assert [step.run() for step in seeding.steps(demo_providers=True)] == [0, 0, 0]
    assert Zone.objects.get(slug="akwa").name == "Akwa (edited)"
    assert not Service.objects.get(slug="plomberie").related.exists()


def test_each_service_has_somebody_and_each_relation_goes_both_ways() -> None:
    everything()
    assert not Service.objects.filter(providers=None).exists()
    assert Service.objects.get(slug="forage-pompe") in Service.objects.get(slug="plomberie").related.all()
    assert Service.objects.get(slug="plomberie") in Service.objects.get(slug="forage-pompe").related.all()


@pytest.mark.parametrize("at", [NOON, NIGHT])
def test_three_plumbers_come_to_bonamoussadi_at_any_hour(at: object) -> None:
    everything()
    need = Need(Service.objects.get(slug="plomberie").pk, Zone.objects.get(slug="bonamoussadi").pk)
    numbers = {candidate.phone_number for candidate in find_candidates(need, Level.EXACT, at, 5).chosen}  # type: ignore[arg-type]
    assert numbers >= {"+237677000001", "+237677000002", "+237677000003"}


def test_demo_numbers_are_sure_and_the_audits_are_silent() -> None:
    everything()
    for number in Provider.objects.values_list("phone_number", flat=True):
        assert normalise(number) == (number, False)
    assert broken_rows(audit.AUDITS, NOON) == {}
    assert Standing.objects.filter(rating_count__gt=0).exists()


def test_the_command_shows_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("seed")
    assert Provider.objects.exists()
    assert len(capsys.readouterr().out.splitlines()) >= 3


def test_demo_providers_can_be_left_out() -> None:
    call_command("seed", "--no-demo-providers", verbosity=0)
    assert Zone.objects.exists()
    assert not Provider.objects.exists()


def test_nobody_is_made_up_where_messages_reach_real_phones(settings: object) -> None:
    settings.TWILIO_ACCOUNT_SID = "AC" + "0" * 32  # type: ignore[attr-defined]
    settings.TWILIO_API_BASE_URL = ""  # type: ignore[attr-defined]
    call_command("seed")
    assert not Provider.objects.exists()
