import pytest

from providers.geography import haversine_km, nearest_zone
from tests.providers.factories import a_zone


def test_a_degree_on_the_equator_is_about_111_km() -> None:
    assert haversine_km(0, 0, 0, 1) == pytest.approx(111.2, abs=0.1)


def test_the_other_side_of_the_earth_is_half_its_girth_away() -> None:
    assert haversine_km(0, 0, 0, 180) == pytest.approx(20015, abs=1)


def test_douala_and_yaounde_are_two_hundred_km_apart() -> None:
    assert haversine_km(4.0483, 9.7043, 3.8667, 11.5167) == pytest.approx(202, abs=1)


@pytest.mark.django_db
class TestNearestZone:
    def test_a_shared_location_lies_in_the_quarter_whose_centre_is_nearest(self) -> None:
        a_zone("makepe", at=(4.079, 9.753))
        bonamoussadi = a_zone("bonamoussadi", at=(4.089, 9.740))
        assert nearest_zone(4.0885, 9.7410) == bonamoussadi

    def test_a_quarter_wins_over_the_centre_of_its_city(self) -> None:
        a_zone("douala", at=(4.048, 9.704), whole=True)
        akwa = a_zone("akwa", at=(4.050, 9.699))
        assert nearest_zone(4.048, 9.704) == akwa

    def test_far_from_all_quarters_the_city_is_the_zone(self) -> None:
        a_zone("bonamoussadi", at=(4.089, 9.740))
        douala = a_zone("douala", at=(4.048, 9.704), whole=True)
        assert nearest_zone(4.048, 9.85) == douala

    def test_nobody_works_far_out_at_sea(self) -> None:
        a_zone()
        assert nearest_zone(0.0, 0.0) is None

    @pytest.mark.parametrize("point", [(91.0, 0.0), (0.0, 181.0), (float("nan"), 0.0), (float("inf"), 9.7)])
    def test_a_point_that_is_not_on_earth_has_no_zone(self, point: tuple[float, float]) -> None:
        a_zone()
        assert nearest_zone(*point) is None
