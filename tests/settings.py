"""The settings of the house as tests have them: no `.env`, a database of their own, nothing slow."""

import os
from pathlib import Path

# Before the settings are read, so that processes started by a test see the same.
DATA_DIR = Path(__file__).resolve().parent.parent / ".data" / "tests"
STRANGERS = (
    "TWILIO_",
    "EMAIL_URL",
    "STAFF_ALERT",
    "RETENTION_DAYS",
    "CELERY_",
    "PUBLIC_BASE_URL",
    "SIMULATOR",
    "LANGUAGE_CODE",
    "PORT",
)
for name in [name for name in os.environ if name.startswith(STRANGERS)]:
    del os.environ[name]
os.environ |= {
    "ENV_FILE": os.devnull,
    "DEBUG": "0",
    "SECRET_KEY": "made-up-for-tests-" + "0" * 40,
    "DATABASE_URL": os.environ.get("TEST_DATABASE_URL", ""),
    "DATABASE_POOL_SIZE": "0",
    "DATA_DIR": str(DATA_DIR),
    "LOG_FORMAT": "text",
    # Playwright's event loop runs in the tests' thread, where Django would refuse to work.
    "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
}

from djobea.settings import *  # noqa: E402

if ENVIRONMENT_FINDINGS:  # a misspelt TEST_DATABASE_URL must not end in another server
    raise SystemExit(f"{ENVIRONMENT_FINDINGS[0].problem} {ENVIRONMENT_FINDINGS[0].remedy}")

ALLOWED_HOSTS = ["*"]  # live_server, testserver
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # fast; the real one is slow by intent
AXES_ENABLED = False  # switched on by its own tests
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
# Nothing here outlives the test run, so the server need not wait for the disk.
EMBEDDED_POSTGRES_OPTIONS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
