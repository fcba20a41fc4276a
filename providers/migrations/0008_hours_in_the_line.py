"""Working hours and the reason why staff hold somebody back stand in the line too: a match reads one index only.

The column `keeps_hours` stays in the database, and true, for the code of before, which runs on during an upgrade.
"""

import django.db.models.deletion
import providers.models.network
from django.db import migrations, models

HELD_BACK = """CASE WHEN {row}.status IN ('suspended', 'on_hold') THEN {row}.status
                     WHEN {row}.status <> 'active' THEN 'not_approved'
                     WHEN NOT {row}.is_verified THEN 'not_verified' ELSE '' END"""
# The minute after 23:59 belongs to the same evening.
WORKS_AT = """(SELECT range_agg(int4range(weekday * 86400 + extract(epoch FROM opens)::int,
        weekday * 86400 + CASE WHEN closes >= '23:59' THEN 86400 ELSE extract(epoch FROM closes)::int END))
    FROM providers_availability AS hours WHERE hours.provider_id = {whose})"""
CATCH_UP = f"""
UPDATE providers_coverage AS covered
SET held_back = {HELD_BACK.format(row="provider")}, works_at = {WORKS_AT.format(whose="provider.id")}
FROM providers_provider AS provider WHERE provider.id = covered.provider_id
"""
FOLLOW = f"""
CREATE OR REPLACE FUNCTION providers_coverage_follows_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        rank = CASE WHEN NEW.status <> 'active' OR NOT NEW.is_verified OR NEW.daily_capacity = 0 THEN 2
                    WHEN NEW.phone_doubtful THEN 1 ELSE 0 END,
        held_back = {HELD_BACK.format(row="NEW")},
        away_until = NEW.unavailable_until, base_zone_id = NEW.base_zone_id, radius_km = NEW.radius_km,
        daily_capacity = NEW.daily_capacity, takes_emergencies = NEW.takes_emergencies
    WHERE provider_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION providers_coverage_follows_hours() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose bigint;
    spans int4multirange;
BEGIN
    FOR whose IN SELECT DISTINCT id FROM (VALUES
        (CASE WHEN TG_OP <> 'INSERT' THEN OLD.provider_id END), (CASE WHEN TG_OP <> 'DELETE' THEN NEW.provider_id END)
    ) AS changed (id) WHERE id IS NOT NULL
    LOOP
        spans := {WORKS_AT.format(whose="whose")};
        UPDATE providers_coverage SET works_at = spans, keeps_hours = spans IS NOT NULL
        WHERE provider_id = whose AND works_at IS DISTINCT FROM spans;
    END LOOP;
    RETURN NULL;
END $$;

DROP TRIGGER coverage_follows_hours ON providers_availability;
CREATE TRIGGER coverage_follows_hours
    AFTER INSERT OR DELETE OR UPDATE OF provider_id, weekday, opens, closes ON providers_availability
    FOR EACH ROW EXECUTE FUNCTION providers_coverage_follows_hours();
"""
# Back to the columns of 0004.
FORGET = """
CREATE OR REPLACE FUNCTION providers_coverage_follows_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        rank = CASE WHEN NEW.status <> 'active' OR NOT NEW.is_verified OR NEW.daily_capacity = 0 THEN 2
                    WHEN NEW.phone_doubtful THEN 1 ELSE 0 END,
        away_until = NEW.unavailable_until, base_zone_id = NEW.base_zone_id, radius_km = NEW.radius_km,
        daily_capacity = NEW.daily_capacity, takes_emergencies = NEW.takes_emergencies
    WHERE provider_id = NEW.id;
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION providers_coverage_follows_hours() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    whose bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.provider_id ELSE NEW.provider_id END;
    keeps boolean := EXISTS (SELECT 1 FROM providers_availability WHERE provider_id = whose);
BEGIN
    UPDATE providers_coverage SET keeps_hours = keeps WHERE provider_id = whose AND keeps_hours <> keeps;
    IF TG_OP = 'UPDATE' THEN
        UPDATE providers_coverage SET keeps_hours = false WHERE provider_id = OLD.provider_id AND keeps_hours
            AND NOT EXISTS (SELECT 1 FROM providers_availability WHERE provider_id = OLD.provider_id);
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER coverage_follows_hours ON providers_availability;
CREATE TRIGGER coverage_follows_hours AFTER INSERT OR DELETE OR UPDATE OF provider_id ON providers_availability
    FOR EACH ROW EXECUTE FUNCTION providers_coverage_follows_hours();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0007_response_time'),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name='coverage',
            name='coverage_line',
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name='coverage', name='keeps_hours')],
            database_operations=[
                migrations.RunSQL(
                    "ALTER TABLE providers_coverage ALTER COLUMN keeps_hours SET DEFAULT false",
                    "ALTER TABLE providers_coverage ALTER COLUMN keeps_hours DROP DEFAULT",
                )
            ],
        ),
        migrations.AddField(
            model_name='coverage',
            name='held_back',
            field=models.CharField(db_default='', default='', editable=False, max_length=12),
        ),
        migrations.AddField(
            model_name='coverage',
            name='works_at',
            field=providers.models.network.SecondsOfTheWeek(editable=False, null=True),
        ),
        migrations.AlterField(
            model_name='coverage',
            name='zone',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='providers.zone'),
        ),
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
        migrations.RunSQL(FOLLOW, FORGET),
    ]
