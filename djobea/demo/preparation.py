"""What the demo needs in its database: tables, first data, an admin user."""

import os
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from . import phones
from .secrets_file import ADMIN_PASSWORD, ADMIN_USER

PHONES_NOTE: Final = "demo-phones.json"


def prepare(say: Callable[[str], object]) -> None:
    """Bring the database up to date. Everything here may run again and again; data that are there stay.

    Raises `CommandError` when the server does not answer.
    """
    try:
        connection.ensure_connection()
    except OperationalError as error:
        first_line = str(error).strip().splitlines()[0]
        raise CommandError(f"PostgreSQL does not answer: {first_line} Check DATABASE_URL.") from error
    call_command("migrate", verbosity=1, interactive=False)
    call_command("seed")
    _ensure_admin(os.environ[ADMIN_USER], os.environ[ADMIN_PASSWORD], say)
    phones.write(settings.DATA_DIR / PHONES_NOTE)


def _ensure_admin(name: str, password: str, say: Callable[[str], object]) -> None:
    """Make the user on the first start only: whoever changed the password since keeps it."""
    users = get_user_model().objects
    user = users.filter(username=name).first()
    if user is None:
        users.create_superuser(name, f"{name}@djobea.example", password)
        say(f"Admin user {name!r} made.")
    elif not user.check_password(password):
        say(f"Admin user {name!r} has another password than .env; `manage.py changepassword {name}` sets one.")
