"""Database backend: PostgreSQL as Django has it; the first connection starts the embedded server.

The settings choose it where `DATABASE_URL` names no server. Nothing is started by importing it, so `check`,
`makemessages` and mypy need no server.
"""

from typing import Any

from django.conf import settings
from django.db.backends.postgresql import base, client

from .server import EmbeddedServer


def embedded_server() -> EmbeddedServer:
    """The server of this installation, by its settings."""
    return EmbeddedServer(settings.DATA_DIR, settings.EMBEDDED_POSTGRES_OPTIONS)


class DatabaseClient(client.DatabaseClient):
    def runshell(self, parameters: Any) -> None:
        self.connection.get_connection_params()
        super().runshell(parameters)


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL on our own server."""

    client_class = DatabaseClient

    def get_connection_params(self) -> dict[str, Any]:
        """As Django has it, with the server started or joined, so that its socket is known."""
        if not self.settings_dict["HOST"]:
            server = embedded_server()
            server.start()
            self.settings_dict["HOST"] = server.host
        return super().get_connection_params()

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; where the server was stopped in the meantime, start it again."""
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            if not embedded_server().start():
                raise
            return super().get_new_connection(conn_params)
