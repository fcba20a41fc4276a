"""The weights of the score become rows that staff edit; those that the code had so far are the first."""

import django.core.validators
from django.db import migrations, models

LIMITS = [django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(100)]
FIRST = """
    INSERT INTO providers_scoreweights (distance, rating, acceptance, load, fairness, why, changed_by, created_at)
    VALUES (0.18, 0.09, 0.06, 0.35, 0.32, '', '', now())
"""

class Migration(migrations.Migration):

    dependencies = [
        ('providers', '0002_fair_line'),
    ]

    operations = [
        migrations.CreateModel(
            name='ScoreWeights',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('distance', models.FloatField(validators=LIMITS, verbose_name='distance')),
                ('rating', models.FloatField(validators=LIMITS, verbose_name='rating')),
                ('acceptance', models.FloatField(validators=LIMITS, verbose_name='acceptance')),
                ('load', models.FloatField(validators=LIMITS, verbose_name='load')),
                ('fairness', models.FloatField(validators=LIMITS, verbose_name='fairness')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='why')),
                ('changed_by', models.CharField(blank=True, max_length=150, verbose_name='changed by')),
                ('created_at', models.DateTimeField(verbose_name='in force since')),
            ],
            options={
                'verbose_name': 'score weights',
                'verbose_name_plural': 'score weights',
                'ordering': ['-created_at', '-pk'],
                'indexes': [models.Index(fields=['-created_at', '-id'], name='score_weights_newest')],
                'constraints': [models.CheckConstraint(condition=models.Q(('distance__range', (0, 100)), ('rating__range', (0, 100)), ('acceptance__range', (0, 100)), ('load__range', (0, 100)), ('fairness__range', (0, 100))), name='score_weights_are_between_0_and_100'), models.CheckConstraint(condition=models.Q(('distance__gt', 0), ('rating__gt', 0), ('acceptance__gt', 0), ('load__gt', 0), ('fairness__gt', 0), _connector='OR'), name='score_weights_are_not_all_zero')],
            },
        ),
        migrations.RunSQL(FIRST, migrations.RunSQL.noop),
    ]
