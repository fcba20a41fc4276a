"""What holds for every test: which ones can run here, and how the browser starts."""

import io
import logging
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from typing import Any, Final

import pytest
from django.conf import settings
from django.db import connection
from hypothesis import settings as hypothesis_settings

from djobea.logging import configuration, configure
from tests import quiet_transactions
from tests.quiet_transactions import _no_calls_inside_transactions  # noqa: F401  a fixture of every test

CHROMIUM: Final = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser") or ""
CHROMIUM_ARGUMENTS: Final = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
REQUIRE_ALL: Final = os.environ.get("REQUIRE_ALL") == "1"
BROWSER_FIXTURES: Final = {"page", "context", "browser", "browser_context_args"}
NEEDS: Final[tuple[tuple[str, Callable[[], str]], ...]] = (
    ("browser", lambda: "" if CHROMIUM else "Chromium is not installed: `apt install chromium`, or set CHROMIUM."),
    (
        "broker",
        lambda: "" if _has_brokers() else "Redis or RabbitMQ is not installed: `apt install redis rabbitmq-server`.",
    ),
)

# A database makes the first example slow and the next ones fast: no deadline a test.
hypothesis_settings.register_profile("djobea", deadline=None, print_blob=True)
hypothesis_settings.load_profile("djobea")
quiet_transactions.install()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs a browser by its fixtures; skip, with a clear word, what cannot run on this machine."""
    for item in items:
        if BROWSER_FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.browser)
        for marker, lack in NEEDS:
            if item.get_closest_marker(marker) and (reason := lack()):
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """With REQUIRE_ALL=1 (as `.ci/run` sets it) nothing may be skipped."""
    report: Any = yield
    if REQUIRE_ALL and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome, report.longrepr = "failed", f"REQUIRE_ALL=1, but skipped: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """The same for whole modules that skip themselves."""
    report: Any = yield
    if REQUIRE_ALL and report.skipped:
        report.outcome, report.longrepr = "failed", f"REQUIRE_ALL=1, but skipped: {report.longrepr}"
    return report


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The system's own Chromium: nothing is downloaded."""
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": list(CHROMIUM_ARGUMENTS)}


@pytest.fixture(scope="session")
def browser_context_args(browser_context_args: dict[str, Any]) -> dict[str, Any]:
    """Pages speak French, as those of our users."""
    return {**browser_context_args, "locale": "fr-FR", "timezone_id": "Africa/Douala"}


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The database of the tests; a process that a test has killed may still be leaving when it is dropped."""
    yield
    with django_db_blocker.unblock():
        connection.close()  # a test may have had the server cut it
        _end_other_sessions()


def _end_other_sessions() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What is logged as JSON while the test runs."""
    configure(configuration(level="INFO", style="json"))
    handler = logging.getLogger().handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    stream = io.StringIO()
    handler.setStream(stream)
    yield stream
    configure(settings.LOGGING)


def _has_brokers() -> bool:
    return bool(shutil.which("redis-server") and (shutil.which("rabbitmq-server") or shutil.which("rabbitmqctl")))
