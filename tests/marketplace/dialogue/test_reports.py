"""What either side reports while a job runs, in words."""

import pytest

from marketplace.models import Job, JobStatus, Rating
from notifications.models import EscalationAlert
from providers.models import Provider

from .conftest import Phone

LEAK = "fuite d'eau à Bonamoussadi, urgent"


@pytest.fixture
def working(customer: Phone, plumber: Provider, plumber_phone: Phone) -> Phone:
    """A plumber with the job."""
    customer.writes(LEAK)
    customer.writes("oui")
    plumber_phone.at = customer.at
    plumber_phone.writes("1")
    customer.at = plumber_phone.at
    return plumber_phone


def events() -> list[str]:
    return list(Job.objects.get().request.events.order_by("pk").values_list("name", flat=True))


@pytest.mark.parametrize("words", ["oui", "je confirme", "ok", "1"])
def test_the_provider_confirms_in_a_word(working: Phone, words: str) -> None:
    working.writes(words)
    assert Job.objects.get().status == JobStatus.CONFIRMED


def test_no_to_the_job_asks_before_it_is_given_back(working: Phone) -> None:
    working.writes("non")
    assert Job.objects.get().status == JobStatus.ASSIGNED
    assert working.choices[0].startswith("giveup:")


@pytest.mark.parametrize("words", ["je serai en retard", "embouteillage", "I go late"])
def test_the_provider_announces_a_delay(working: Phone, words: str) -> None:
    working.writes(words)
    assert "delay_announced" in events()


@pytest.mark.parametrize("words", ["il n'y a personne", "client absent", "nobody is here"])
def test_the_provider_finds_nobody(working: Phone, words: str) -> None:
    working.writes("en route")
    working.writes(words)
    assert "absent_reported" in events()


def test_the_provider_rates_the_customer_with_a_number(working: Phone) -> None:
    working.writes("en route")
    working.writes("terminé")
    working.writes("4")
    rating = Rating.objects.get()
    assert (rating.stars, rating.by_customer) == (4, False)


@pytest.mark.parametrize("words", ["il est en retard", "Il tarde trop hein", "the man is late"])
def test_the_customer_has_the_provider_reminded(working: Phone, customer: Phone, words: str) -> None:
    customer.writes(words)
    assert "late_reported" in events()


def test_nobody_came_offers_a_reminder_too(working: Phone, customer: Phone) -> None:
    customer.writes("il n'est pas venu")
    customer.writes("2")
    assert "late_reported" in events()
    assert Job.objects.get().status == JobStatus.ASSIGNED


@pytest.mark.parametrize("words", ["c'est fini", "il a terminé", "work don finish"])
def test_the_customer_says_first_that_it_is_done_and_rates_upwards(working: Phone, customer: Phone, words: str) -> None:
    customer.writes(words)
    job = Job.objects.get()
    assert job.status == JobStatus.DONE
    assert job.customer_agreed_at is not None
    customer.writes("4")
    assert Rating.objects.get().stars == 4, "the fourth choice is four stars"


def test_a_complaint_is_kept_and_a_person_is_called(working: Phone, customer: Phone) -> None:
    working.writes("terminé")
    customer.at = working.at
    customer.writes("je veux porter plainte, c'est du travail mal fait")
    job = Job.objects.get()
    assert job.request.events.get(name="complaint").facts["words"].startswith("je veux porter plainte")
    assert EscalationAlert.objects.filter(fingerprint=f"job:{job.pk}:complaint").exists()
    assert customer.conversation.needs_human


def test_a_complaint_without_a_job_is_for_a_person(customer: Phone) -> None:
    customer.writes("je ne suis pas content de vous")
    assert not EscalationAlert.objects.filter(fingerprint__endswith=":complaint").exists()
