"""Celery's own settings, looked at in a process of its own, as it starts. The engine at work: tests/faults/test_celery.py."""

import json
import os
import subprocess
import sys
from typing import Any

from tests.simulator_process import ROOT

LOOK = """
import json
from djobea.celery import app
from django.db import connection
app.loader.import_default_modules()
print(json.dumps({
    "options": sorted(connection.settings_dict["OPTIONS"]),
    "tasks": sorted(name for name in app.tasks if name.startswith("djobea.")),
    "beat": sorted(entry["task"] for entry in app.conf.beat_schedule.values()),
    "transport": app.conf.broker_transport_options,
}))
"""


def seen(**environment: str) -> dict[str, Any]:
    facts = {
        "DJANGO_SETTINGS_MODULE": "djobea.settings",
        "ENV_FILE": os.devnull,
        "DEBUG": "1",
        "SECRET_KEY": "x" * 60,
        "DATABASE_URL": "postgres://a@127.0.0.1/b",
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=os.environ | facts | environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_under_celery_the_pool_is_off_and_beat_nudges_every_task() -> None:
    found = seen(CELERY_BROKER_URL="redis://127.0.0.1:1/0", DATABASE_POOL_SIZE="4")
    assert "pool" not in found["options"]
    assert found["beat"] == found["tasks"]
    assert len(found["tasks"]) == 4
    assert "socket_timeout" in found["transport"]
