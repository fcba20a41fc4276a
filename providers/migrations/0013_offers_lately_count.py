"""The weights that the simulation found better once offers are counted (benchmarks/README.md), where nobody has set others."""

from django.db import migrations

NEWER = """
    INSERT INTO providers_scoreweights (distance, rating, acceptance, load, fairness, response, why, changed_by, created_at)
    SELECT 0.50, 0.07, 0.03, 0.26, 0.13, 0.01, '', '', now()
    WHERE NOT EXISTS (SELECT 1 FROM providers_scoreweights WHERE changed_by <> '')
"""


class Migration(migrations.Migration):
    dependencies = [("providers", "0012_offers_lately")]

    operations = [migrations.RunSQL(NEWER, migrations.RunSQL.noop)]
