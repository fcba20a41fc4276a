"""`manage.py purge`: forget what is past its age."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from djobea import purging
from notifications import clock


class Command(BaseCommand):
    help = "Forget records and personal data that are past their age (RETENTION_DAYS), in small batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("--dry-run", action="store_true", help="only tell how much is past its age")

    def handle(self, *_args: Any, dry_run: bool, **_options: Any) -> None:
        """Tell each kind of record, its period and its rows."""
        at = clock.now()
        if dry_run:
            for kind, many, oldest in purging.foresee(at):
                since = f"{timezone.localtime(oldest):%Y-%m-%d}" if oldest else "-"
                self._line(kind, f"{many:>9} past their age, oldest {since}")
            return
        for kind, many in purging.purge(at):
            self._line(kind, f"{many:>9} forgotten")

    def _line(self, kind: Any, what: str) -> None:
        self.stdout.write(f"{kind.name:<18} {kind.days:>5} days {what}  ({kind.what})")
