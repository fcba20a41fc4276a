"""`manage.py replay FILE`: play a saved conversation against today's code and show what differs from what happened."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from marketplace import replay


class Command(BaseCommand):
    """Ends with status 1 when anything differs, so that a fixture can stand guard."""

    help = "Play a saved conversation (JSON lines) in a world apart, on a fake clock; nothing leaves, nothing is kept."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--without-words", action="store_true", help="compare messages by their purpose only")

    def handle(self, *_args: Any, file: Path, without_words: bool, **_options: Any) -> None:
        """Read, play, tell."""
        try:
            fixture = replay.read(file.read_text(encoding="utf-8"))
            differences = replay.play(fixture, words=not without_words)
        except (OSError, ValueError, KeyError) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"The database did not let it be played: {error}") from error
        for difference in differences:
            self.stdout.write(str(difference))
        played = f"{len(fixture.events)} events and {len(fixture.sent)} messages to compare"
        if differences:
            raise CommandError(f"{file.name}: {len(differences)} differences ({played}).", returncode=1)
        self.stdout.write(f"{file.name}: as it happened ({played}).")
