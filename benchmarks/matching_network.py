"""A made-up network for `matching.py`: any number of providers over the real zones and trades, by a few statements.

Four in five live in Douala. Each has one or two trades and covers the five quarters nearest to home. Of a hundred,
four wait for approval, are on hold or suspended, three are not checked, six are away, eight have a doubtful number,
sixty keep working hours on six days, fifteen take emergencies; three in four have a history of offers.
"""

from django.db import connection

ZONES_EACH = 5

PROVIDERS = """
    INSERT INTO providers_provider (name, phone_number, phone_doubtful, email, language, status, is_verified,
        takes_emergencies, unavailable_until, daily_capacity, radius_km, base_zone_id, notes)
    SELECT 'Provider ' || n, '+2376' || lpad(n::text, 8, '0'), n % 12 = 5, '', 'fr',
        CASE n % 100 WHEN 0 THEN 'suspended' WHEN 1 THEN 'on_hold' WHEN 2 THEN 'pending' WHEN 3 THEN 'pending'
            ELSE 'active' END,
        n % 33 <> 7, n % 7 = 3, CASE WHEN n % 16 = 9 THEN now() + n % 10 * interval '1 day' END, 6, 10 + n % 10,
        home.zones[1 + floor(random() * array_length(home.zones, 1))::int], ''
    FROM generate_series(1, {providers}) AS n
    CROSS JOIN LATERAL (SELECT array_agg(zone.id) AS zones FROM providers_zone AS zone
        JOIN providers_city AS city ON city.id = zone.city_id
        WHERE NOT zone.is_whole_city AND (city.slug = 'douala') = (n % 5 <> 0)) AS home
"""
# The trades, the most asked for first: half of the people are in the first quarter of them.
OFFERED = """
    INSERT INTO providers_provider_services (provider_id, service_id)
    SELECT DISTINCT provider.id, trades.ids[1 + floor(power(random(), 2) * array_length(trades.ids, 1))::int]
    FROM providers_provider AS provider
    CROSS JOIN (SELECT array_agg(id ORDER BY id) AS ids FROM providers_service) AS trades
    CROSS JOIN generate_series(1, 2) AS turn WHERE turn = 1 OR provider.id % 2 = 0
"""
SERVED = """
    INSERT INTO providers_provider_zones (provider_id, zone_id)
    SELECT provider.id, near.id FROM providers_provider AS provider
    JOIN (
        SELECT home.id AS home_id, zone.id, row_number() OVER (PARTITION BY home.id ORDER BY
            power(zone.latitude - home.latitude, 2) + power(zone.longitude - home.longitude, 2), zone.id) AS place
        FROM providers_zone AS home JOIN providers_zone AS zone ON NOT zone.is_whole_city
    ) AS near ON near.home_id = provider.base_zone_id AND near.place <= {zones}
"""
HOURS = """
    INSERT INTO providers_availability (provider_id, weekday, opens, closes)
    SELECT id, weekday, time '07:00' + id % 3 * interval '1 hour', time '17:00' + id % 4 * interval '1 hour'
    FROM providers_provider CROSS JOIN generate_series(0, 5) AS weekday WHERE id % 10 < 6
"""
STANDINGS = """
    INSERT INTO providers_standing (provider_id, open_jobs, jobs_today, jobs_today_on, jobs_done, offers_made,
        offers_accepted, unanswered_in_a_row, last_offer_at, rating_sum, rating_count)
    SELECT id, id % 3 / 2, CASE WHEN id % 40 = 11 THEN 6 ELSE 0 END, now()::date, id % 30, id % 60, id % 60 / 2, 0,
        now() - random() * interval '60 days', id % 20 * 4, id % 20
    FROM providers_provider WHERE id % 4 <> 0
"""
EMPTY = "TRUNCATE providers_provider RESTART IDENTITY CASCADE"


def fill(providers: int) -> None:
    """Replace the network by one of so many providers."""
    from providers import coverage

    with connection.cursor() as cursor:
        # Rows that come from rows need no look-up of their foreign keys, and an index is faster built than grown.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute("SELECT indexdef FROM pg_indexes WHERE indexname = 'coverage_line'")
        ((definition,),) = cursor.fetchall()
        cursor.execute("DROP INDEX coverage_line")
        cursor.execute(EMPTY)
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute(PROVIDERS.format(providers=providers))
        cursor.execute(OFFERED)
        cursor.execute(SERVED.format(zones=ZONES_EACH))
        cursor.execute(HOURS)
        cursor.execute(STANDINGS)
        cursor.execute("ANALYZE")
        coverage.refresh_all()
        cursor.execute(definition)
        cursor.execute("RESET session_replication_role")
        cursor.execute("VACUUM ANALYZE")
