"""How many offers somebody has had lately counts in the score, and stands in the line of each cell like the rest."""

from django.db import migrations, models

LINE = {
    "fields": ["service", "zone", "rank", "in_line_since", "provider"],
    "name": "coverage_line",
}
HELD = [
    *("away_until", "base_zone_id", "radius_km", "daily_capacity", "takes_emergencies", "held_back", "works_at"),
    *("open_jobs", "jobs_today", "jobs_today_on", "offers_made", "offers_accepted"),
    *("rating_sum", "rating_count", "reply_seconds", "last_offer_at"),
]
COLUMNS = (
    *("open_jobs", "jobs_today", "jobs_today_on", "offers_made", "offers_accepted", "rating_sum", "rating_count"),
    *("reply_seconds", "last_offer_at"),
)
FOLLOW = """
CREATE OR REPLACE FUNCTION providers_coverage_follows_standing() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE providers_coverage SET {sets} WHERE provider_id = NEW.provider_id;
    RETURN NULL;
END $$;

DROP TRIGGER coverage_follows_standing ON providers_standing;
CREATE TRIGGER coverage_follows_standing AFTER UPDATE OF {columns} ON providers_standing
    FOR EACH ROW WHEN (({old}) IS DISTINCT FROM ({new}))
    EXECUTE FUNCTION providers_coverage_follows_standing();
"""


def follow(columns):
    return FOLLOW.format(
        sets=", ".join(f"{name} = NEW.{name}" for name in columns),
        columns=", ".join(columns),
        old=", ".join(f"OLD.{name}" for name in columns),
        new=", ".join(f"NEW.{name}" for name in columns),
    )


class Migration(migrations.Migration):
    dependencies = [("providers", "0011_say_what_they_point_to")]

    operations = [
        migrations.AddField(
            model_name="standing",
            name="offers_lately",
            field=models.FloatField(db_default=0, default=0, verbose_name="offers lately"),
        ),
        migrations.AddField(
            model_name="coverage",
            name="offers_lately",
            field=models.FloatField(db_default=0, default=0, editable=False),
        ),
        migrations.RunSQL(follow([*COLUMNS, "offers_lately"]), follow(COLUMNS)),
        migrations.RemoveIndex(model_name="coverage", name="coverage_line"),
        migrations.AddIndex(model_name="coverage", index=models.Index(**LINE, include=[*HELD, "offers_lately"])),
    ]
