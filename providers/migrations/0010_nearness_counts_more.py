"""The weights that the simulation found better (benchmarks/README.md), where nobody has set others."""

from django.db import migrations

NEWER = """
    INSERT INTO providers_scoreweights (distance, rating, acceptance, load, fairness, response, why, changed_by, created_at)
    SELECT 0.26, 0.09, 0.04, 0.35, 0.34, 0.03, '', '', now()
    WHERE NOT EXISTS (SELECT 1 FROM providers_scoreweights WHERE changed_by <> '')
"""


class Migration(migrations.Migration):
    dependencies = [("providers", "0009_line_with_hours")]

    operations = [migrations.RunSQL(NEWER, migrations.RunSQL.noop)]
