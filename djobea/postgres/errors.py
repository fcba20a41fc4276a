"""What can go wrong with the embedded server, in one sentence for people."""

from django.db.utils import OperationalError


class EmbeddedServerError(OperationalError):
    """The embedded server cannot start or stop; the text says why and what to do."""
