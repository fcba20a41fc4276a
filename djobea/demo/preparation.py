"""What the demo needs in its database: tables, first data, an admin user."""

import os
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import OperationalError, connection

from notifications import clock
from notifications.models import Account, MessageTemplate
from notifications.models.template import Approval

from . import phones
from .cast import ACCOUNT_SID
from .secrets_file import ADMIN_PASSWORD, ADMIN_USER

PHONES_NOTE: Final = "demo-phones.json"
ACCOUNTS: Final = "notifications_account"  # the table


def prepare(say: Callable[[str], object]) -> None:
    """Bring the database up to date. Everything here may run again and again; data that are there stay.

    Raises `CommandError` when the server does not answer, or serves a real Twilio account.
    """
    try:
        connection.ensure_connection()
    except OperationalError as error:
        first_line = str(error).strip().splitlines()[0]
        raise CommandError(f"PostgreSQL does not answer: {first_line} Check DATABASE_URL.") from error
    _refuse_a_real_account()
    call_command("migrate", verbosity=1, interactive=False)
    call_command("seed")
    _ensure_admin(os.environ[ADMIN_USER], os.environ[ADMIN_PASSWORD], say)
    at = clock.now()
    people = phones.choose(at)
    phones.open_windows(people, at)
    phones.write(people, settings.DATA_DIR / PHONES_NOTE)
    _forget_templates()


def _refuse_a_real_account() -> None:
    """The demo plays with messages and templates: it must not meet a database that a real account sends from."""
    if ACCOUNTS not in connection.introspection.table_names():  # nothing is migrated yet
        return
    if Account.objects.exclude(sid=ACCOUNT_SID).exists():
        raise CommandError(
            "This database belongs to a real Twilio account, and the demo would mix made-up messages with its own: "
            "name another database in DATABASE_URL."
        )


def _forget_templates() -> None:
    """Each start brings a new simulator, which knows none of the templates that the last one made."""
    MessageTemplate.objects.update(content_sid="", approval=Approval.UNSUBMITTED)


def _ensure_admin(name: str, password: str, say: Callable[[str], object]) -> None:
    """Make the user on the first start only: whoever changed the password since keeps it."""
    users = get_user_model().objects
    user = users.filter(username=name).first()
    if user is None:
        users.create_superuser(name, f"{name}@djobea.example", password)
        say(f"Admin user {name!r} made.")
    elif not user.check_password(password):
        say(f"Admin user {name!r} has another password than .env; `manage.py changepassword {name}` sets one.")
