import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Final

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from marketplace import vocabulary
from marketplace.models.vocabulary import VocabularyEntry
from marketplace.seeding_vocabulary import seed_vocabulary
from marketplace.understanding import Context, Understanding, understand
from marketplace.understanding.evaluation import evaluate, read_messages
from marketplace.understanding.shipped import shipped_vocabulary
from providers.models import City, Service, Zone
from providers.seeding import seed_places, seed_services

MESSAGES: Final = Path(__file__).resolve().parents[2] / "benchmarks" / "data" / "messages_dev.jsonl"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Each test begins and ends without a vocabulary in memory."""
    vocabulary.forget()
    yield
    vocabulary.forget()


@pytest.fixture
def plumbing() -> Service:
    return Service.objects.create(slug="plomberie", name_fr="Plomberie", name_en="Plumbing")


@pytest.fixture
def akwa() -> Zone:
    city = City.objects.create(slug="douala", name="Douala")
    return Zone.objects.create(slug="akwa", name="Akwa", city=city, latitude=4.05, longitude=9.7)


def read(text: str) -> Understanding:
    return understand(text, Context(vocabulary.current_vocabulary(fresh_for=0)))


def test_an_empty_table_means_the_shipped_words() -> None:
    assert read("fuite d'eau à Bonamoussadi").zone == "bonamoussadi"


def test_the_seeded_table_understands_as_well_as_the_shipped_files() -> None:
    seed_places()
    seed_services()
    seed_vocabulary()
    messages = read_messages(MESSAGES)
    assert evaluate(messages, vocabulary.current_vocabulary()).summary() == (
        evaluate(messages, shipped_vocabulary()).summary()
    )


def test_seeding_twice_adds_nothing_and_keeps_what_operators_did(plumbing: Service, akwa: Zone) -> None:
    assert seed_vocabulary() > 500
    VocabularyEntry.objects.filter(folded="plombier").update(active=False)
    assert seed_vocabulary() == 0
    assert not VocabularyEntry.objects.filter(folded="plombier", active=True).exists()


def test_a_taught_word_takes_effect_without_a_restart(plumbing: Service, akwa: Zone) -> None:
    seed_vocabulary()
    assert read("mon zinzolin est mort").service != "plomberie"
    vocabulary.teach(kind="object", text="zinzolin", service=plumbing)
    assert read("mon zinzolin est mort").service == "plomberie"


def test_a_taught_word_works_for_a_service_that_no_model_knows(plumbing: Service, akwa: Zone) -> None:
    seed_vocabulary()
    hairdresser = Service.objects.create(slug="coiffure", name_fr="Coiffure", name_en="Hairdressing")
    vocabulary.teach(kind="service_name", text="coiffeuse", service=hairdresser)
    known = read("je cherche une coiffeuse à Akwa")
    assert (known.intent.value, known.service) == ("request", "coiffure")


def test_a_taught_alias_intent_and_urgency_are_understood(plumbing: Service, akwa: Zone) -> None:
    seed_vocabulary()
    vocabulary.teach(kind="zone_alias", text="La Salle des Fêtes", zone=akwa)
    vocabulary.teach(kind="intent", text="on fait comment là", value="status")
    vocabulary.teach(kind="urgency", text="ça brûle", value="emergency")
    assert read("je suis à la salle des fetes").zone == "akwa"
    assert read("On fait comment là ?").intent.value == "status"
    assert read("un plombier ça brûle").urgency.value == "emergency"


def test_a_word_switched_off_is_forgotten(plumbing: Service, akwa: Zone) -> None:
    seed_vocabulary()
    vocabulary.teach(kind="object", text="zinzolin", service=plumbing)
    assert read("zinzolin").service == "plomberie"
    VocabularyEntry.objects.filter(folded="zinzolin").update(active=False)
    assert read("zinzolin").service is None


def test_a_fresh_vocabulary_asks_the_database_nothing(
    plumbing: Service, akwa: Zone, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    seed_vocabulary()
    vocabulary.current_vocabulary()
    with django_assert_num_queries(0):  # type: ignore[operator]  # a fixture of pytest-django without a public type
        vocabulary.current_vocabulary()


def test_words_without_letters_cannot_be_taught(plumbing: Service) -> None:
    with pytest.raises(ValueError, match="no words"):
        vocabulary.teach(kind="object", text="?!", service=plumbing)


@pytest.mark.parametrize(
    "facts",
    [
        {"kind": "object"},
        {"kind": "zone_alias", "value": "x"},
        {"kind": "intent"},
        {"kind": "nonsense", "value": "x"},
        {"kind": "intent", "value": "status", "weight": 0},
        {"kind": "intent", "value": "status", "language": "de"},
    ],
)
def test_a_row_that_points_nowhere_is_refused(facts: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        VocabularyEntry.objects.create(text="mot", **facts)


def test_the_evaluation_ends_with_a_json_summary(tmp_path: Path) -> None:
    file = tmp_path / "messages.jsonl"
    file.write_text(json.dumps({"text": "bonjour", "intent": "greeting"}), encoding="utf-8")
    out = StringIO()
    call_command("evaluate_understanding", str(file), stdout=out)
    summary = json.loads(out.getvalue().splitlines()[-1])
    assert summary["intent"] == 100
    assert list(summary) == ["intent", "service", "zone", "urgency", "frame_requests", "frame_all"]


def test_the_evaluation_says_what_is_wrong_with_a_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("evaluate_understanding", str(tmp_path / "absent.jsonl"))
