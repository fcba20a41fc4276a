"""`manage.py simulator`: Twilio's stand-in and the page with the phones."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from djobea.simulator import options, server


class Command(BaseCommand):
    """Starts the simulator in this process; it needs no database."""

    help = "Run a local stand-in for Twilio, with phones in the browser."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the simulator's own options."""
        options.add_arguments(parser)

    def handle(self, *_arguments: Any, **found: Any) -> None:
        """Run until SIGTERM or SIGINT."""
        known = {name: value for name, value in found.items() if name in options.Options.__dataclass_fields__}
        if code := server.run(options.Options(**known)):
            sys.exit(code)
