import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("djobea", "0001_what_the_audit_found")]

    operations = [
        migrations.CreateModel(
            name="RememberedAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("caller", models.CharField(max_length=64)),
                ("key", models.CharField(max_length=200)),
                ("fingerprint", models.CharField(max_length=64)),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("content_type", models.CharField(blank=True, max_length=100)),
                ("body", models.TextField(blank=True)),
                (
                    "created_at",
                    models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False),
                ),
            ],
            options={
                "verbose_name": "remembered answer",
                "verbose_name_plural": "remembered answers",
                "indexes": [models.Index(fields=["created_at"], name="remembered_answer_by_age")],
                "constraints": [
                    models.UniqueConstraint(fields=("caller", "key"), name="remembered_answer_is_unique")
                ],
            },
        ),
        # What `createcachetable` makes; here, so that `migrate` is enough.
        migrations.RunSQL(
            """
            CREATE TABLE djobea_cache (
                cache_key varchar(255) NOT NULL PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL
            );
            CREATE INDEX djobea_cache_expires ON djobea_cache (expires);
            """,
            "DROP TABLE djobea_cache",
        ),
    ]
