"""Load balancers learn whether Djobea can serve; a broken sender never takes the webhooks away."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from djobea.postgres.server import EmbeddedServer
from notifications.models import Channel
from notifications.models.machine import Heartbeat

ASK = (
    "import django; django.setup()\n"
    "from django.test import Client\n"
    "answer = Client(headers={'host': 'localhost'}).get('/health/ready/')\n"
    "print(answer.status_code, answer.json()['components'][0]['evidence'])\n"
)


def ask_elsewhere(**surroundings: str) -> str:
    """What a process with these settings answers."""
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "djobea.settings"} | surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]


def test_a_living_process_says_so_without_a_database(client: Client) -> None:
    answer = client.get("/health/live/")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


@pytest.mark.django_db
def test_without_a_worker_the_answer_is_200_and_says_critical(client: Client) -> None:
    answer = client.get("/health/ready/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "critical"
    (workers,) = [part for part in answer.json()["components"] if part["name"] == "workers"]
    assert workers["state"] == "critical"
    assert workers["remedy"]


@pytest.mark.django_db
def test_a_healthy_system_says_so(client: Client) -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="one", started_at=now, seen_at=now)
    Channel.objects.update_or_create(name="whatsapp", defaults={"is_configured": True})
    answer = client.get("/health/ready/")
    assert (answer.status_code, answer.json()["status"]) == (200, "healthy")


@pytest.mark.django_db
def test_a_broken_sender_is_told_and_costs_no_200(client: Client) -> None:
    now = timezone.now()
    Heartbeat.objects.create(worker="one", started_at=now, seen_at=now)
    facts = {"paused_until": now + timedelta(hours=1), "pause_code": "63007", "is_configured": True}
    Channel.objects.update_or_create(name="whatsapp", defaults=facts)
    answer = client.get("/health/ready/")
    assert answer.status_code == 200
    assert answer.json()["status"] == "critical"
    assert "63007" in answer.content.decode()


@pytest.mark.django_db
def test_a_read_only_database_is_503(client: Client) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    answer = client.get("/health/ready/")
    assert answer.status_code == 503
    assert answer.json()["status"] == "critical"


def test_a_database_that_does_not_answer_is_503() -> None:
    assert ask_elsewhere(DATABASE_URL="postgres://nobody@127.0.0.1:1/nothing") == "503 The database does not answer."


@pytest.mark.restart
def test_missing_migrations_are_503(open_folder: Path) -> None:
    try:
        said = ask_elsewhere(DATABASE_URL="", DATA_DIR=str(open_folder))
        assert said.startswith("503 Migrations are missing:")
    finally:
        EmbeddedServer(open_folder).stop()


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_probes_only_answer_questions(client: Client, method: str) -> None:
    assert getattr(client, method)("/health/live/").status_code == 405


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/live/", "/health/ready/"])
def test_a_load_balancer_may_ask_by_address_and_over_plain_http(client: Client, settings: Any, path: str) -> None:
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["djobea.example"], True
    assert client.get(path, headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.get("/admin/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400
