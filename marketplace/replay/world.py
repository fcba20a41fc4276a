"""A world apart for a replay: a schema of its own in the same database, thrown away afterwards.

All tables are there, empty but for what describes the house (zones, trades, vocabulary, channels, texts). Nothing that
runs in it touches a row outside, and nothing outside sees it: workers look at the tables of the house only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from django.apps import apps
from django.db import connection, models
from psycopg import sql

from marketplace import vocabulary
from marketplace.models import VocabularyEntry
from notifications.failures import refuse_in_transaction
from notifications.models import Account, Channel, MessageTemplate
from providers.models import City, Service, Zone

HOUSE: Final[tuple[type[models.Model], ...]] = (
    City, Zone, Service, Service.related.through, VocabularyEntry, Account, Channel, MessageTemplate,
)  # fmt: skip
PREFIX: Final = "replay_"


@contextmanager
def world_apart() -> Iterator[str]:
    """Let this thread's connection see the world apart only; gives the schema's name.

    Raises `RuntimeError` inside a transaction, and the database's error where it allows no new schema.
    """
    refuse_in_transaction("A replay")
    name = f"{PREFIX}{os.getpid()}"
    with connection.cursor() as cursor:
        home = cursor.execute("SELECT current_schema()").fetchone()[0]
    options = connection.settings_dict.setdefault("OPTIONS", {})
    before = options.get("options")
    _make(name, home)
    try:
        # By the connection's own options, so that a connection that breaks and is made anew looks nowhere else either.
        options["options"] = f"{before or ''} -c search_path={name}".strip()
        connection.close()
        vocabulary.forget()
        _calm_channels()
        yield name
    finally:
        if before is None:
            options.pop("options", None)
        else:
            options["options"] = before
        connection.close()
        vocabulary.forget()
        _drop(name)


def _make(name: str, home: str) -> None:
    """The schema with empty tables like those of the house, and the rows that describe it."""
    _drop(name)
    tables = [model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.managed]  # noqa: SLF001  documented
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))
        existing = set(connection.introspection.table_names(cursor))
        for table in {*tables, "django_migrations"} & existing:
            _copy_shape(cursor, name, home, table)
        _copy_rules(cursor, name, home)
        _fill(cursor, name, home, "django_migrations")
        for model in HOUSE:
            _fill(cursor, name, home, model._meta.db_table)  # noqa: SLF001


def _copy_shape(cursor: Any, name: str, home: str, table: str) -> None:
    """Columns, defaults, checks and indexes; identity columns get sequences of their own."""
    statement = sql.SQL("CREATE TABLE {} (LIKE {} INCLUDING ALL)")
    cursor.execute(statement.format(sql.Identifier(name, table), sql.Identifier(home, table)))


def _copy_rules(cursor: Any, name: str, home: str) -> None:
    """The house's functions and triggers, on the tables of this world: what they name without a schema is found here."""
    cursor.execute("SET search_path TO pg_catalog")  # so that PostgreSQL writes each name with its schema
    cursor.execute(
        """
        SELECT pg_get_functiondef(f.oid) FROM pg_proc f JOIN pg_namespace s ON s.oid = f.pronamespace
        WHERE s.nspname = %s AND f.prokind = 'f'
            AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e')
        UNION ALL
        SELECT pg_get_triggerdef(t.oid) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
        JOIN pg_namespace s ON s.oid = c.relnamespace
        WHERE s.nspname = %s AND NOT t.tgisinternal
        """,
        [home, home],
    )
    rules = [definition.replace(f"{home}.", f"{name}.") for (definition,) in cursor.fetchall()]
    cursor.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(name)))
    for rule in rules:
        cursor.execute(rule)
    cursor.execute(sql.SQL("SET search_path TO {}").format(sql.Identifier(home)))


def _fill(cursor: Any, name: str, home: str, table: str) -> None:
    statement = sql.SQL("INSERT INTO {} OVERRIDING SYSTEM VALUE SELECT * FROM {}")
    cursor.execute(statement.format(sql.Identifier(name, table), sql.Identifier(home, table)))


def _calm_channels() -> None:
    """WhatsApp works in a replay: whatever is paused or spent today is not part of the story."""
    Account.objects.update(paused_until=None)
    Channel.objects.update(paused_until=None, pause_code="", is_configured=False)
    Channel.objects.filter(name="whatsapp").update(is_configured=True)


def _drop(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET client_min_messages TO warning")
        cursor.execute(sql.SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(sql.Identifier(name)))
        cursor.execute("RESET client_min_messages")
