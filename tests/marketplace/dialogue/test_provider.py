"""What providers get through with: offers, the running job, their absences, joining."""

from datetime import timedelta

import pytest

from marketplace import dispatch
from marketplace.models import Job, JobStatus, OfferStatus
from providers.models import Provider

from .conftest import OTHER_PLUMBER, PLUMBER, Phone, a_provider

LEAK = "fuite d'eau à Bonamoussadi, urgent"


@pytest.fixture
def searching(customer: Phone, plumber: Provider, plumber_phone: Phone) -> Phone:
    """A customer whose search has reached the plumber's phone."""
    customer.writes(LEAK)
    customer.writes("oui")
    plumber_phone.at = customer.at
    return customer


@pytest.fixture
def working(searching: Phone, plumber_phone: Phone) -> Phone:
    """A plumber with the job."""
    plumber_phone.writes("1")
    return plumber_phone


@pytest.mark.parametrize("yes", ["1", "oui", "accepter", "Accepter", "j'accepte", "ok", "👍", "yes I go come"])
def test_an_offer_is_accepted_by_number_or_word(searching: Phone, plumber_phone: Phone, yes: str) -> None:
    plumber_phone.writes(yes)
    job = Job.objects.get()
    assert job.provider.phone_number == plumber_phone.contact.phone_number
    assert [row.purpose for row in plumber_phone.news] == ["offer_won"]


def test_an_offer_is_accepted_by_a_tap(searching: Phone, plumber: Provider, plumber_phone: Phone) -> None:
    plumber_phone.taps(f"offer:{plumber.offers.get().pk}:accept")
    assert Job.objects.get().provider == plumber


def test_a_second_tap_on_accept_is_answered_too(working: Phone, plumber: Provider) -> None:
    assert "déjà pour vous" in working.taps(f"offer:{plumber.offers.get().pk}:accept")
    assert Job.objects.count() == 1


def test_the_customer_learns_who_comes(searching: Phone, working: Phone, plumber: Provider) -> None:
    assert plumber.name in searching.received()[-1].body
    assert plumber.phone_number in searching.received()[-1].body
    assert plumber.name in searching.writes("suivi")


@pytest.mark.parametrize("no", ["2", "non", "je refuse", "non pas dispo", "trop loin"])
def test_an_offer_is_declined_by_number_or_word(
    searching: Phone, plumber: Provider, plumber_phone: Phone, no: str
) -> None:
    assert "merci" in plumber_phone.writes(no)
    assert plumber.offers.get().status == OfferStatus.DECLINED


def test_the_slower_provider_gets_a_kind_word_at_once(customer: Phone) -> None:
    for number in (PLUMBER, OTHER_PLUMBER):
        a_provider(number)
    fast, slow = Phone(PLUMBER), Phone(OTHER_PLUMBER)
    customer.writes(LEAK)
    customer.writes("oui")
    fast.at = slow.at = customer.at
    fast.writes("1")
    for late in ("1", "oui"):
        assert "plus rapide" in slow.writes(late)
    offer = Provider.objects.get(phone_number=OTHER_PLUMBER).offers.get()
    assert "plus rapide" in slow.taps(f"offer:{offer.pk}:accept")
    assert Job.objects.count() == 1


def test_an_acceptance_after_the_end_of_the_offer_gets_the_job_while_nobody_else_has_it(
    searching: Phone, plumber_phone: Phone
) -> None:
    plumber_phone.at += timedelta(minutes=30)
    dispatch.expire_offers(plumber_phone.at)
    assert "pour vous" in plumber_phone.writes("oui")
    assert Job.objects.get().status == JobStatus.ASSIGNED


def test_an_acceptance_long_after_the_end_of_the_offer_is_thanked(searching: Phone, plumber_phone: Phone) -> None:
    dispatch.expire_offers(plumber_phone.at + timedelta(minutes=5))
    plumber_phone.at += timedelta(minutes=90)
    assert "terminée" in plumber_phone.writes("oui")
    assert not Job.objects.exists()


def test_with_two_open_offers_a_bare_one_is_asked_back(
    customer: Phone, plumber: Provider, plumber_phone: Phone
) -> None:
    for phone, text in ((customer, LEAK), (Phone("+237699000002"), "mon wc est bouché à Akwa, urgent")):
        phone.writes(text)
        phone.writes("oui")
        plumber_phone.at = phone.at
    plumber_phone.writes("1")
    assert Job.objects.count() == 0
    assert len(plumber_phone.choices) == 2
    plumber_phone.writes("2")
    assert Job.objects.get().request.zone.slug == "akwa"


def test_a_provider_who_needs_help_is_a_customer_too(plumber_phone: Phone) -> None:
    assert "lectricité" in plumber_phone.writes("j'ai besoin d'un électricien à Akwa")
    plumber_phone.writes("oui")
    assert plumber_phone.request is not None


def test_an_offer_that_comes_during_a_request_of_ones_own_takes_the_next_one(
    customer: Phone, plumber: Provider, plumber_phone: Phone
) -> None:
    plumber_phone.writes("j'ai besoin d'un électricien à Akwa")
    customer.at = plumber_phone.at + timedelta(seconds=30)
    customer.writes(LEAK)
    customer.writes("oui")
    plumber_phone.at = customer.at
    plumber_phone.writes("1")
    assert Job.objects.count() == 1
    assert plumber_phone.conversation.slots["draft"]["services"] == ["electricite"]


def test_the_job_is_told_in_the_providers_words(working: Phone, searching: Phone) -> None:
    assert "route" in working.writes("je suis en route")
    assert Job.objects.get().status == JobStatus.ON_THE_WAY
    working.writes("je suis là")
    assert Job.objects.get().status == JobStatus.STARTED
    assert "Bravo" in working.writes("terminé")
    assert Job.objects.get().status == JobStatus.DONE


def test_the_customer_rates_the_job_with_a_number(working: Phone, searching: Phone) -> None:
    working.writes("c'est fini")
    searching.at = working.at
    assert "Merci" in searching.writes("5")
    rating = Job.objects.get().ratings.get()
    assert (rating.stars, rating.by_customer) == (5, True)


def test_a_bad_rating_offers_a_person(working: Phone, searching: Phone) -> None:
    working.writes("terminé")
    searching.at = working.at
    searching.writes("1 étoile, nul")
    assert Job.objects.get().ratings.get().stars == 1
    assert searching.choices == ["menu:human"]


def test_a_provider_who_did_not_come_is_replaced(working: Phone, searching: Phone) -> None:
    searching.at = working.at
    assert "désolé" in searching.writes("le plombier n'est pas venu")
    searching.writes("1")
    assert Job.objects.get().status == JobStatus.NO_SHOW
    assert searching.request is not None


def test_a_provider_gives_a_job_back_after_one_question(working: Phone, searching: Phone) -> None:
    working.writes("je ne peux plus venir")
    assert Job.objects.get().status == JobStatus.ASSIGNED
    working.writes("oui")
    assert Job.objects.get().status == JobStatus.CANCELLED


def test_a_provider_sees_the_jobs_of_the_day(working: Phone) -> None:
    assert "Bonamoussadi" in working.writes("mes jobs")


def test_an_absence_ends_when_the_provider_says(plumber_phone: Phone, plumber: Provider) -> None:
    plumber_phone.writes("indisponible jusqu'à vendredi")
    plumber.refresh_from_db()
    assert plumber.unavailable_until is not None
    assert plumber.unavailable_until > plumber_phone.at + timedelta(days=1)
    plumber_phone.writes("disponible")
    plumber.refresh_from_db()
    assert plumber.unavailable_until is None


def test_an_absence_without_an_end_lasts_for_the_day(plumber_phone: Phone, plumber: Provider) -> None:
    plumber_phone.writes("je ne suis pas disponible aujourd'hui")
    plumber.refresh_from_db()
    assert plumber.unavailable_until is not None
    assert timedelta(0) < plumber.unavailable_until - plumber_phone.at <= timedelta(days=1)
