"""`manage.py audit`: prove the invariants from the rows."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from djobea.auditing import audit
from notifications import clock


class Command(BaseCommand):
    help = "Check every invariant of the data; prints one line a breach and exits with 1 if there is any."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """How much to look at."""
        parser.add_argument(
            "--quick", action="store_true", help="what the worker looks at: the newest rows and a slice of the old ones"
        )

    def handle(self, *_args: Any, quick: bool, **_options: Any) -> None:
        """Print what is broken."""
        breaches = audit(clock.now(), is_full=not quick)
        for breach in breaches:
            self.stdout.write(breach)
        self.stdout.write(f"{len(breaches)} breaches")
        if breaches:
            raise SystemExit(1)
