from datetime import timedelta

import pytest

from providers.scoring import Facts, Weights, chance_of_acceptance, score, smoothed_rating
from tests.providers.factories import NOON

LATER = (timedelta(hours=1), timedelta(0))


def points(**facts: object) -> float:
    return score(Facts(**({"distance_km": 2.0} | facts)), NOON)[0]  # type: ignore[arg-type]  # facts of the test


def test_every_part_and_the_score_lie_between_zero_and_one() -> None:
    for facts in (Facts(0.0), Facts(500.0, 5, 5, 1000, 0, 30, NOON), Facts(0.0, 500, 100, 100, 100)):
        total, parts = score(facts, NOON)
        assert all(0 <= value <= 1 for value in [total, *parts.values()])


def test_the_nearer_one_comes_first() -> None:
    assert points(distance_km=1.0) > points(distance_km=6.0)


def test_better_ratings_count_and_few_ratings_count_little() -> None:
    assert points(rating_sum=100, rating_count=20) > points(rating_sum=80, rating_count=20)
    assert smoothed_rating(5, 1) < smoothed_rating(96, 20)
    assert smoothed_rating(0, 0) == 4


def test_whoever_takes_most_offers_comes_first_and_newcomers_are_not_buried() -> None:
    assert points(offers_made=20, offers_accepted=15) > points(offers_made=20, offers_accepted=5)
    assert points() > points(offers_made=20, offers_accepted=5)
    assert chance_of_acceptance(0, 0) == pytest.approx(4 / 7)


def test_somebody_with_an_open_job_gives_way() -> None:
    assert points(open_jobs=0) > points(open_jobs=1) > points(open_jobs=3)


def test_waiting_long_for_an_offer_is_made_good() -> None:
    just_now, yesterday = NOON - timedelta(minutes=5), NOON - timedelta(days=1)
    assert points() > points(last_offer_at=yesterday) > points(last_offer_at=just_now)


def test_each_offer_of_the_last_days_counts_and_fades() -> None:
    just_now, last_week = NOON - timedelta(minutes=5), NOON - timedelta(days=7)
    few, many = ({"last_offer_at": just_now, "offers_lately": lately} for lately in (2.0, 9.0))
    assert points(last_offer_at=just_now) > points(**few) > points(**many)
    assert points(last_offer_at=last_week, offers_lately=9.0) > points(**few)


def test_a_clock_that_ran_ahead_does_no_harm() -> None:
    ahead, now = (score(Facts(1.0, last_offer_at=NOON + delta, offers_lately=3.0), NOON)[1] for delta in LATER)
    assert ahead["fairness"] == now["fairness"] > 0


def test_a_related_trade_and_a_doubtful_number_cost_their_share() -> None:
    assert points(same_service=False) < points()
    assert points(phone_doubtful=True) < points()


def test_weights_count_in_relation_to_each_other() -> None:
    facts = Facts(3.0, rating_sum=9, rating_count=2)
    assert score(facts, NOON, Weights(50, 7, 3, 26, 13, 1))[0] == pytest.approx(score(facts, NOON)[0], abs=0.0002)
    only_distance = Weights(distance=1, rating=0, acceptance=0, load=0, fairness=0, response=0)
    assert score(facts, NOON, only_distance)[0] == score(facts, NOON, only_distance)[1]["distance"]


@pytest.mark.parametrize("weights", [Weights(0, 0, 0, 0, 0, 0), Weights(-1, 1, 1, 1, 1, 1)])
def test_weights_that_make_no_sense_are_refused(weights: Weights) -> None:
    with pytest.raises(ValueError, match="weights"):
        score(Facts(1.0), NOON, weights)


def test_who_answers_soon_comes_first_and_who_never_answered_is_believed_to_take_the_usual_time() -> None:
    assert points(reply_seconds=60) > points() == points(reply_seconds=240) > points(reply_seconds=1800)
