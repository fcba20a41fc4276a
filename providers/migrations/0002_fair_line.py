"""Each row of coverage knows whether its provider may be asked, and since when: matching reads them in that order."""

import datetime

from django.db import migrations, models
from django.db.models.expressions import Value
from django.db.models.functions import Greatest

# Each trigger writes columns of its own, so that two transactions about one provider cannot undo each other.
FOLLOW = """
CREATE FUNCTION providers_coverage_follows_provider() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET
        rank = CASE WHEN NEW.status <> 'active' OR NOT NEW.is_verified OR NEW.daily_capacity = 0 THEN 2
                    WHEN NEW.phone_doubtful THEN 1 ELSE 0 END,
        away_until = NEW.unavailable_until
    WHERE provider_id = NEW.id;
    RETURN NULL;
END $$;

CREATE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET last_offer_at = NEW.last_offer_at WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;

CREATE TRIGGER coverage_follows_provider
    AFTER UPDATE OF status, is_verified, daily_capacity, phone_doubtful, unavailable_until ON providers_provider
    FOR EACH ROW
    WHEN ((OLD.status, OLD.is_verified, OLD.daily_capacity, OLD.phone_doubtful, OLD.unavailable_until)
          IS DISTINCT FROM (NEW.status, NEW.is_verified, NEW.daily_capacity, NEW.phone_doubtful, NEW.unavailable_until))
    EXECUTE FUNCTION providers_coverage_follows_provider();

CREATE TRIGGER coverage_follows_new_standing AFTER INSERT ON providers_standing
    FOR EACH ROW WHEN (NEW.last_offer_at IS NOT NULL)
    EXECUTE FUNCTION providers_coverage_follows_standing();

CREATE TRIGGER coverage_follows_standing AFTER UPDATE OF last_offer_at ON providers_standing
    FOR EACH ROW WHEN (OLD.last_offer_at IS DISTINCT FROM NEW.last_offer_at)
    EXECUTE FUNCTION providers_coverage_follows_standing();
"""
FORGET = """
DROP TRIGGER coverage_follows_provider ON providers_provider;
DROP TRIGGER coverage_follows_new_standing ON providers_standing;
DROP TRIGGER coverage_follows_standing ON providers_standing;
DROP FUNCTION providers_coverage_follows_provider();
DROP FUNCTION providers_coverage_follows_standing();
"""
CATCH_UP = """
UPDATE providers_coverage AS covered SET
    rank = CASE WHEN provider.status <> 'active' OR NOT provider.is_verified OR provider.daily_capacity = 0 THEN 2
                WHEN provider.phone_doubtful THEN 1 ELSE 0 END,
    away_until = provider.unavailable_until,
    last_offer_at = standing.last_offer_at
FROM providers_provider AS provider
LEFT JOIN providers_standing AS standing ON standing.provider_id = provider.id
WHERE provider.id = covered.provider_id
"""


class Migration(migrations.Migration):
    dependencies = [("providers", "0001_the_network")]

    operations = [
        migrations.AddField("coverage", "rank", models.PositiveSmallIntegerField(default=2, editable=False)),
        migrations.AddField("coverage", "away_until", models.DateTimeField(editable=False, null=True)),
        migrations.AddField("coverage", "last_offer_at", models.DateTimeField(editable=False, null=True)),
        migrations.AddField(
            "coverage",
            "in_line_since",
            models.GeneratedField(
                db_persist=True,
                expression=Greatest(
                    "last_offer_at", "away_until", Value(datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC))
                ),
                output_field=models.DateTimeField(),
            ),
        ),
        migrations.AddConstraint(
            "coverage", models.CheckConstraint(name="coverage_rank_is_known", condition=models.Q(rank__in=[0, 1, 2]))
        ),
        migrations.AddIndex(
            "coverage",
            models.Index(name="coverage_line", fields=["service", "zone", "rank", "in_line_since", "provider"]),
        ),
        migrations.RunSQL(FOLLOW, FORGET),
        migrations.RunSQL(CATCH_UP, migrations.RunSQL.noop),
    ]
