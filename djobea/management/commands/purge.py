"""`manage.py purge`: forget what is past its age."""

from argparse import ArgumentParser
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from djobea import erasing, purging
from notifications import clock


class Command(BaseCommand):
    help = "Forget records and personal data that are past their age (RETENTION_DAYS), in small batches."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What to do."""
        parser.add_argument("--dry-run", action="store_true", help="only tell what would be forgotten")
        parser.add_argument("--person", help="erase this person, whatever the age: number, WhatsApp id or email")

    def handle(self, *_args: Any, dry_run: bool, person: str | None, **_options: Any) -> None:
        """Tell each kind of record, its period and its rows."""
        at = clock.now()
        if person:
            self._erase(person, at, dry_run=dry_run)
        elif dry_run:
            for kind, many, oldest in purging.foresee(at):
                since = f"{timezone.localtime(oldest):%Y-%m-%d}" if oldest else "-"
                self._line(kind, f"{many:>9} past their age, oldest {since}")
        else:
            for kind, many in purging.purge(at):
                self._line(kind, f"{many:>9} forgotten")

    def _erase(self, person: str, at: datetime, *, dry_run: bool) -> None:
        result = erasing.erase(person, by="manage.py purge", at=at, is_rehearsal=dry_run)
        if result is None:
            raise CommandError("Nobody has this number, WhatsApp id or email.")
        if result.obstacles:
            raise CommandError("\n".join(["Not erased:", *result.obstacles]))
        for what, many in result.rows.items():
            self.stdout.write(f"{what:<18} {many:>9} rows")
        self.stdout.write(f"{result.pseudonym}: {'nothing was changed (dry run)' if dry_run else 'erased'}")

    def _line(self, kind: Any, what: str) -> None:
        self.stdout.write(f"{kind.name:<18} {kind.days:>5} days {what}  ({kind.what})")
