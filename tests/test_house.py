"""The house stands: its tests run on PostgreSQL, in French."""

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.django_db
def test_tests_run_on_a_real_postgresql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int")
        assert cursor.fetchone()[0] >= 140000


def test_french_is_the_first_language() -> None:
    assert settings.LANGUAGE_CODE == "fr"
