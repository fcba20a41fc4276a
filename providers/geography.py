"""Distances, and the zone that a shared location lies in."""

import math
from typing import Final

from providers.models import Zone

EARTH_RADIUS_KM: Final = 6371.0
KM_PER_DEGREE: Final = math.pi * EARTH_RADIUS_KM / 180
POLE: Final = 90.0  # degrees
DATE_LINE: Final = 180.0
QUARTER_REACH_KM: Final = 5.0  # how far from its centre a quarter still gives its name
CITY_REACH_KM: Final = 25.0  # the same for a city as a whole


def haversine_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Distance in km between two points given in degrees, along the surface of a round earth.

    Source: Sinnott, "Virtues of the Haversine", Sky and Telescope, 1984. At most 0.6 % off the real earth.
    """
    north, south = math.radians(latitude), math.radians(other_latitude)
    half_height = math.sin((south - north) / 2) ** 2
    half_width = math.sin(math.radians(other_longitude - longitude) / 2) ** 2
    chord = half_height + math.cos(north) * math.cos(south) * half_width
    return 2 * EARTH_RADIUS_KM * math.asin(math.sqrt(min(chord, 1.0)))


def nearest_zone(latitude: float, longitude: float, *, within_km: float = QUARTER_REACH_KM) -> Zone | None:
    """The quarter whose centre is nearest, else the city around the point, else `None` (we do not work there)."""
    if not (abs(latitude) <= POLE and abs(longitude) <= DATE_LINE):
        return None
    reach = max(within_km, CITY_REACH_KM)
    height = reach / KM_PER_DEGREE
    width = height / max(math.cos(math.radians(latitude)), 0.01)
    around = Zone.objects.select_related("city").filter(
        latitude__range=(latitude - height, latitude + height),
        longitude__range=(longitude - width, longitude + width),
    )
    distances = sorted(
        (haversine_km(latitude, longitude, zone.latitude, zone.longitude), zone.slug, zone) for zone in around
    )
    for is_whole_city, limit in ((False, within_km), (True, CITY_REACH_KM)):
        for distance, _slug, zone in distances:
            if zone.is_whole_city is is_whole_city and distance <= limit:
                return zone
    return None
