"""How soon somebody answers counts in the score, and stands in the line of each cell like the rest."""

import django.core.validators
from django.db import migrations, models

FOLLOW = """
CREATE OR REPLACE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        open_jobs = NEW.open_jobs, jobs_today = NEW.jobs_today, jobs_today_on = NEW.jobs_today_on,
        offers_made = NEW.offers_made, offers_accepted = NEW.offers_accepted, rating_sum = NEW.rating_sum,
        rating_count = NEW.rating_count, reply_seconds = NEW.reply_seconds, last_offer_at = NEW.last_offer_at
    WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;

DROP TRIGGER coverage_follows_standing ON providers_standing;
CREATE TRIGGER coverage_follows_standing
    AFTER UPDATE OF open_jobs, jobs_today, jobs_today_on, offers_made, offers_accepted, rating_sum, rating_count,
        reply_seconds, last_offer_at ON providers_standing
    FOR EACH ROW
    WHEN ((OLD.open_jobs, OLD.jobs_today, OLD.jobs_today_on, OLD.offers_made, OLD.offers_accepted, OLD.rating_sum,
           OLD.rating_count, OLD.reply_seconds, OLD.last_offer_at)
          IS DISTINCT FROM (NEW.open_jobs, NEW.jobs_today, NEW.jobs_today_on, NEW.offers_made, NEW.offers_accepted,
           NEW.rating_sum, NEW.rating_count, NEW.reply_seconds, NEW.last_offer_at))
    EXECUTE FUNCTION providers_coverage_follows_standing();

DROP TRIGGER coverage_follows_new_standing ON providers_standing;
CREATE TRIGGER coverage_follows_new_standing AFTER INSERT ON providers_standing
    FOR EACH ROW
    WHEN ((NEW.open_jobs, NEW.jobs_today, NEW.offers_made, NEW.offers_accepted, NEW.rating_sum, NEW.rating_count)
          <> (0, 0, 0, 0, 0, 0) OR NEW.last_offer_at IS NOT NULL OR NEW.jobs_today_on IS NOT NULL
          OR NEW.reply_seconds <> 240)
    EXECUTE FUNCTION providers_coverage_follows_standing();
"""
# Back to the columns of 0004.
FORGET = """
CREATE OR REPLACE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        open_jobs = NEW.open_jobs, jobs_today = NEW.jobs_today, jobs_today_on = NEW.jobs_today_on,
        offers_made = NEW.offers_made, offers_accepted = NEW.offers_accepted, rating_sum = NEW.rating_sum,
        rating_count = NEW.rating_count, last_offer_at = NEW.last_offer_at
    WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;

DROP TRIGGER coverage_follows_standing ON providers_standing;
CREATE TRIGGER coverage_follows_standing
    AFTER UPDATE OF open_jobs, jobs_today, jobs_today_on, offers_made, offers_accepted, rating_sum, rating_count,
        last_offer_at ON providers_standing
    FOR EACH ROW EXECUTE FUNCTION providers_coverage_follows_standing();

DROP TRIGGER coverage_follows_new_standing ON providers_standing;
CREATE TRIGGER coverage_follows_new_standing AFTER INSERT ON providers_standing
    FOR EACH ROW EXECUTE FUNCTION providers_coverage_follows_standing();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0006_number_checks'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='scoreweights',
            name='score_weights_are_between_0_and_100',
        ),
        migrations.RemoveConstraint(
            model_name='scoreweights',
            name='score_weights_are_not_all_zero',
        ),
        migrations.RemoveIndex(
            model_name='coverage',
            name='coverage_line',
        ),
        migrations.AddField(
            model_name='coverage',
            name='reply_seconds',
            field=models.PositiveSmallIntegerField(db_default=240, default=240, editable=False),
        ),
        migrations.AddField(
            model_name='scoreweights',
            name='response',
            field=models.FloatField(db_default=0.05, default=0.05, validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)], verbose_name='response time'),
        ),
        migrations.AddField(
            model_name='standing',
            name='reply_seconds',
            field=models.PositiveSmallIntegerField(db_default=240, default=240, verbose_name='usual time to answer, in seconds'),
        ),
        migrations.AddIndex(
            model_name='coverage',
            index=models.Index(fields=['service', 'zone', 'rank', 'in_line_since', 'provider'], include=('away_until', 'base_zone_id', 'radius_km', 'daily_capacity', 'takes_emergencies', 'keeps_hours', 'open_jobs', 'jobs_today', 'jobs_today_on', 'offers_made', 'offers_accepted', 'rating_sum', 'rating_count', 'reply_seconds', 'last_offer_at'), name='coverage_line'),
        ),
        migrations.AddConstraint(
            model_name='scoreweights',
            constraint=models.CheckConstraint(condition=models.Q(('distance__range', (0, 100)), ('rating__range', (0, 100)), ('acceptance__range', (0, 100)), ('load__range', (0, 100)), ('fairness__range', (0, 100)), ('response__range', (0, 100))), name='score_weights_are_between_0_and_100'),
        ),
        migrations.AddConstraint(
            model_name='scoreweights',
            constraint=models.CheckConstraint(condition=models.Q(('distance__gt', 0), ('rating__gt', 0), ('acceptance__gt', 0), ('load__gt', 0), ('fairness__gt', 0), ('response__gt', 0), _connector='OR'), name='score_weights_are_not_all_zero'),
        ),
        migrations.RunSQL(FOLLOW, FORGET),
    ]
