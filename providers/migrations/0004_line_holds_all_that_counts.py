"""The line of each cell holds all that a match compares, so that a match reads nothing beside its index."""

from django.db import migrations, models

# Each trigger writes columns of its own, so that two transactions about one provider cannot undo each other.
FOLLOW = """
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

CREATE OR REPLACE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        open_jobs = NEW.open_jobs, jobs_today = NEW.jobs_today, jobs_today_on = NEW.jobs_today_on,
        offers_made = NEW.offers_made, offers_accepted = NEW.offers_accepted, rating_sum = NEW.rating_sum,
        rating_count = NEW.rating_count, last_offer_at = NEW.last_offer_at
    WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;

CREATE FUNCTION providers_coverage_follows_hours() RETURNS trigger LANGUAGE plpgsql AS $$
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

DROP TRIGGER coverage_follows_provider ON providers_provider;
CREATE TRIGGER coverage_follows_provider
    AFTER UPDATE OF status, is_verified, daily_capacity, phone_doubtful, unavailable_until, base_zone_id, radius_km,
        takes_emergencies ON providers_provider
    FOR EACH ROW
    WHEN ((OLD.status, OLD.is_verified, OLD.daily_capacity, OLD.phone_doubtful, OLD.unavailable_until,
           OLD.base_zone_id, OLD.radius_km, OLD.takes_emergencies)
          IS DISTINCT FROM (NEW.status, NEW.is_verified, NEW.daily_capacity, NEW.phone_doubtful, NEW.unavailable_until,
           NEW.base_zone_id, NEW.radius_km, NEW.takes_emergencies))
    EXECUTE FUNCTION providers_coverage_follows_provider();

DROP TRIGGER coverage_follows_new_standing ON providers_standing;
CREATE TRIGGER coverage_follows_new_standing AFTER INSERT ON providers_standing
    FOR EACH ROW
    WHEN ((NEW.open_jobs, NEW.jobs_today, NEW.offers_made, NEW.offers_accepted, NEW.rating_sum, NEW.rating_count)
          <> (0, 0, 0, 0, 0, 0) OR NEW.last_offer_at IS NOT NULL OR NEW.jobs_today_on IS NOT NULL)
    EXECUTE FUNCTION providers_coverage_follows_standing();

DROP TRIGGER coverage_follows_standing ON providers_standing;
CREATE TRIGGER coverage_follows_standing
    AFTER UPDATE OF open_jobs, jobs_today, jobs_today_on, offers_made, offers_accepted, rating_sum, rating_count,
        last_offer_at ON providers_standing
    FOR EACH ROW
    WHEN ((OLD.open_jobs, OLD.jobs_today, OLD.jobs_today_on, OLD.offers_made, OLD.offers_accepted, OLD.rating_sum,
           OLD.rating_count, OLD.last_offer_at)
          IS DISTINCT FROM (NEW.open_jobs, NEW.jobs_today, NEW.jobs_today_on, NEW.offers_made, NEW.offers_accepted,
           NEW.rating_sum, NEW.rating_count, NEW.last_offer_at))
    EXECUTE FUNCTION providers_coverage_follows_standing();

CREATE TRIGGER coverage_follows_hours AFTER INSERT OR DELETE OR UPDATE OF provider_id ON providers_availability
    FOR EACH ROW EXECUTE FUNCTION providers_coverage_follows_hours();
"""
# Back to the columns of 0002; its own reverse drops the rest.
FORGET = """
DROP TRIGGER coverage_follows_hours ON providers_availability;
DROP FUNCTION providers_coverage_follows_hours();
CREATE OR REPLACE FUNCTION providers_coverage_follows_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        rank = CASE WHEN NEW.status <> 'active' OR NOT NEW.is_verified OR NEW.daily_capacity = 0 THEN 2
                    WHEN NEW.phone_doubtful THEN 1 ELSE 0 END,
        away_until = NEW.unavailable_until
    WHERE provider_id = NEW.id;
    RETURN NULL;
END $$;
CREATE OR REPLACE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET last_offer_at = NEW.last_offer_at WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;
"""
CATCH_UP = """
UPDATE providers_coverage AS covered SET
    base_zone_id = provider.base_zone_id, radius_km = provider.radius_km, daily_capacity = provider.daily_capacity,
    takes_emergencies = provider.takes_emergencies,
    keeps_hours = EXISTS (SELECT 1 FROM providers_availability AS hours WHERE hours.provider_id = provider.id),
    open_jobs = coalesce(standing.open_jobs, 0), jobs_today = coalesce(standing.jobs_today, 0),
    jobs_today_on = standing.jobs_today_on, offers_made = coalesce(standing.offers_made, 0),
    offers_accepted = coalesce(standing.offers_accepted, 0), rating_sum = coalesce(standing.rating_sum, 0),
    rating_count = coalesce(standing.rating_count, 0)
FROM providers_provider AS provider
LEFT JOIN providers_standing AS standing ON standing.provider_id = provider.id
WHERE provider.id = covered.provider_id
"""


class Migration(migrations.Migration):
    dependencies = [("providers", "0003_score_weights")]

    operations = [
        migrations.RemoveIndex(
            model_name='coverage',
            name='coverage_line',
        ),
        migrations.AddField(
            model_name='coverage',
            name='base_zone_id',
            field=models.BigIntegerField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='coverage',
            name='daily_capacity',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='jobs_today',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='jobs_today_on',
            field=models.DateField(editable=False, null=True),
        ),
        migrations.AddField(
            model_name='coverage',
            name='keeps_hours',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='offers_accepted',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='offers_made',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='open_jobs',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='radius_km',
            field=models.PositiveSmallIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='rating_count',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='rating_sum',
            field=models.PositiveIntegerField(default=0, editable=False),
        ),
        migrations.AddField(
            model_name='coverage',
            name='takes_emergencies',
            field=models.BooleanField(default=False, editable=False),
        ),
        migrations.AddIndex(
            model_name='coverage',
            index=models.Index(fields=['service', 'zone', 'rank', 'in_line_since', 'provider'], include=('away_until', 'base_zone_id', 'radius_km', 'daily_capacity', 'takes_emergencies', 'keeps_hours', 'open_jobs', 'jobs_today', 'jobs_today_on', 'offers_made', 'offers_accepted', 'rating_sum', 'rating_count', 'last_offer_at'), name='coverage_line'),
        ),
        migrations.RunSQL(FOLLOW, FORGET),
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
    ]
