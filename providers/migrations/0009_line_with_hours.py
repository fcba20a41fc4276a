"""The index of the lines with the new columns, apart from their filling, whose old rows it would hold as well."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("providers", "0008_hours_in_the_line")]

    operations = [
        migrations.AddIndex(
            model_name="coverage",
            index=models.Index(
                fields=["service", "zone", "rank", "in_line_since", "provider"],
                include=(
                    "away_until",
                    "base_zone_id",
                    "radius_km",
                    "daily_capacity",
                    "takes_emergencies",
                    "held_back",
                    "works_at",
                    "open_jobs",
                    "jobs_today",
                    "jobs_today_on",
                    "offers_made",
                    "offers_accepted",
                    "rating_sum",
                    "rating_count",
                    "reply_seconds",
                    "last_offer_at",
                ),
                name="coverage_line",
            ),
        ),
    ]
