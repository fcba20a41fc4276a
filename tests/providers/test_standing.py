import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection, transaction

from providers import scoring, standing
from providers.models import Standing
from tests.providers.factories import NOON, a_provider


@pytest.mark.django_db
class TestStanding:
    def test_the_first_note_makes_the_row(self) -> None:
        provider = a_provider()
        standing.note_offered([provider.pk], NOON)
        row = Standing.objects.get(pk=provider.pk)
        assert (row.offers_made, row.last_offer_at) == (1, NOON)

    def test_a_wave_counts_for_each_of_its_providers_once(self) -> None:
        first, second = a_provider(), a_provider()
        standing.note_offered([first.pk], NOON)
        standing.note_offered([second.pk, first.pk, first.pk], NOON + timedelta(minutes=3))
        counts = dict(Standing.objects.values_list("pk", "offers_made"))
        assert counts == {first.pk: 2, second.pk: 1}

    def test_the_last_offer_never_moves_back(self) -> None:
        provider = a_provider()
        standing.note_offered([provider.pk], NOON)
        standing.note_offered([provider.pk], NOON - timedelta(hours=1))
        assert Standing.objects.get(pk=provider.pk).last_offer_at == NOON

    def test_offers_lately_fade_and_stand_in_the_line(self) -> None:
        provider = a_provider()
        fade = timedelta(hours=scoring.OFFERS_FADE_HOURS)
        for at, lately in ((NOON, 1), (NOON, 2), (NOON + fade, 1 + 2 / math.e), (NOON + 9000 * fade, 1)):
            standing.note_offered([provider.pk], at)
            assert Standing.objects.get(pk=provider.pk).offers_lately == pytest.approx(lately)
            assert provider.coverage.values_list("offers_lately", flat=True).get() == pytest.approx(lately)
        standing.note_offered([provider.pk], NOON)
        assert Standing.objects.get(pk=provider.pk).offers_lately == pytest.approx(2), "a clock that ran back"
        standing.note_accepted(provider.pk)
        assert Standing.objects.get(pk=provider.pk).offers_lately == 2 + scoring.JOB_IN_OFFERS

    def test_the_usual_time_to_answer_is_learned_slowly_and_silence_and_staff_teach_nothing(self) -> None:
        provider = a_provider()
        standing.note_offered([provider.pk], NOON)
        for after in (timedelta(minutes=20), timedelta(0), None):
            standing.note_declined(provider.pk, after=after)
        assert Standing.objects.get(pk=provider.pk).reply_seconds == 240 + (1200 - 240) // 8
        standing.note_declined(provider.pk, after=timedelta(days=2))
        row = Standing.objects.get(pk=provider.pk)
        assert row.reply_seconds == 360 + (3600 - 360) // 8
        assert set(provider.coverage.values_list("reply_seconds", flat=True)) == {row.reply_seconds}

    def test_silence_is_counted_until_an_answer_comes(self) -> None:
        provider = a_provider()
        standing.note_offered([provider.pk], NOON)
        assert standing.note_unanswered(provider.pk) == 1
        assert standing.note_unanswered(provider.pk) == 2
        standing.note_declined(provider.pk)
        assert standing.note_unanswered(provider.pk) == 1
        standing.note_accepted(provider.pk)
        assert standing.note_unanswered(provider.pk) == 1
        assert Standing.objects.get(pk=provider.pk).offers_accepted == 1

    def test_jobs_are_counted_by_local_day(self) -> None:
        provider = a_provider()
        late = NOON.replace(hour=23, minute=30)
        standing.note_job_opened(provider.pk, NOON)
        standing.note_job_opened(provider.pk, late)
        assert Standing.objects.get(pk=provider.pk).jobs_today == 2
        standing.note_job_opened(provider.pk, late + timedelta(hours=1))
        row = Standing.objects.get(pk=provider.pk)
        assert (row.open_jobs, row.jobs_today, row.jobs_today_on) == (3, 1, NOON.date() + timedelta(days=1))

    def test_a_job_that_is_done_keeps_its_place_in_the_day(self) -> None:
        provider = a_provider()
        standing.note_job_opened(provider.pk, NOON)
        standing.note_job_closed(provider.pk, done=True, opened_at=NOON)
        row = Standing.objects.get(pk=provider.pk)
        assert (row.open_jobs, row.jobs_today, row.jobs_done) == (0, 1, 1)

    def test_a_job_that_failed_gives_its_place_back_on_its_own_day_only(self) -> None:
        provider = a_provider()
        yesterday = NOON - timedelta(days=1)
        standing.note_job_opened(provider.pk, yesterday)
        standing.note_job_opened(provider.pk, NOON)
        standing.note_job_closed(provider.pk, done=False, opened_at=yesterday)
        assert Standing.objects.get(pk=provider.pk).jobs_today == 1
        standing.note_job_closed(provider.pk, done=False, opened_at=NOON)
        row = Standing.objects.get(pk=provider.pk)
        assert (row.open_jobs, row.jobs_today, row.jobs_done) == (0, 0, 0)

    def test_closing_once_too_often_stops_at_zero(self) -> None:
        provider = a_provider()
        standing.note_job_closed(provider.pk, done=False)
        assert Standing.objects.get(pk=provider.pk).open_jobs == 0

    def test_ratings_add_up_and_can_be_changed(self) -> None:
        provider = a_provider()
        standing.note_rating(provider.pk, 5)
        standing.note_rating(provider.pk, 3)
        standing.note_rating(provider.pk, 4, instead_of=3)
        row = Standing.objects.get(pk=provider.pk)
        assert (row.rating_sum, row.rating_count) == (9, 2)

    @pytest.mark.parametrize("stars", [0, 6, -1])
    def test_a_rating_has_one_to_five_stars(self, stars: int) -> None:
        with pytest.raises(ValueError, match="1 to 5"):
            standing.note_rating(a_provider().pk, stars)


@pytest.mark.django_db(transaction=True)
class TestStandingOfManyAtOnce:
    def test_outside_a_transaction_nothing_is_noted(self) -> None:
        provider = a_provider()
        with pytest.raises(RuntimeError, match="transaction"):
            standing.note_accepted(provider.pk)
        with pytest.raises(RuntimeError, match="transaction"):
            standing.note_offered([provider.pk], NOON)

    def test_waves_in_parallel_lose_no_count_and_block_nobody(self) -> None:
        ids = [a_provider().pk for _ in range(6)]

        def a_wave(number: int) -> None:
            try:
                with transaction.atomic():
                    standing.note_offered(ids if number % 2 else reversed(ids), NOON)
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(a_wave, range(24)))
        assert set(Standing.objects.values_list("offers_made", flat=True)) == {24}

    def test_work_that_rolls_back_takes_its_notes_along(self) -> None:
        provider = a_provider()

        def fails_later() -> None:
            with transaction.atomic():
                standing.note_offered([provider.pk], NOON)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fails_later()
        assert not Standing.objects.exists()
