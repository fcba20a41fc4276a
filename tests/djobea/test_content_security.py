"""Pages load nothing from elsewhere and run no script that stands in them."""

import pytest
from django.test import Client


@pytest.mark.django_db
def test_pages_are_strict_and_the_admin_gets_what_its_libraries_need(client: Client) -> None:
    strict = client.get("/health/live/").headers["Content-Security-Policy"]
    admin = client.get("/admin/login/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in strict
    assert "unsafe" not in strict
    script = next(part for part in admin.split(";") if part.strip().startswith("script-src"))
    assert "'unsafe-eval'" in script
    assert "'unsafe-inline'" not in script
    assert "http:" not in admin
    assert "https:" not in admin


@pytest.mark.django_db
def test_the_front_page_leads_to_the_console_and_the_simulator_is_hidden(client: Client) -> None:
    assert client.get("/").headers["Location"] == "/admin/"
    assert client.get("/simulator/").status_code == 404
