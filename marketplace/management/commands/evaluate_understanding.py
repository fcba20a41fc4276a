"""`manage.py evaluate_understanding FILE`: how well labelled messages are understood."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError

from marketplace.understanding.evaluation import FIELDS, evaluate, read_messages
from marketplace.understanding.lexicon import Vocabulary
from marketplace.understanding.shipped import shipped_vocabulary
from marketplace.vocabulary import current_vocabulary


class Command(BaseCommand):
    """Print the misses, then one JSON line with the figures in percent."""

    help = "Measure the understanding on a file of labelled messages (JSON lines); the last line is a JSON summary."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """FILE, and whether to leave the database aside."""
        parser.add_argument("file", type=Path)
        parser.add_argument("--shipped", action="store_true", help="use the shipped vocabulary, not the database's")
        parser.add_argument("--quiet", action="store_true", help="print the summary only")

    def handle(self, *_args: Any, file: Path, shipped: bool, quiet: bool, **_options: Any) -> None:
        """Evaluate and print."""
        try:
            messages = read_messages(file)
        except (OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        tally = evaluate(messages, shipped_vocabulary() if shipped else self.vocabulary())
        if not quiet:
            for miss in tally.misses:
                self.stdout.write(f"{miss.id} {miss.field}: {miss.wanted} -> {miss.got}: {miss.text!r}")
            for name in FIELDS:
                self.stdout.write(f"{name}: {tally.right[name, '']} of {tally.rows[name, '']}")
        self.stdout.write(json.dumps(tally.summary()))

    def vocabulary(self) -> Vocabulary:
        """The operators' vocabulary, or the shipped one where no database can be asked."""
        try:
            return current_vocabulary()
        except DatabaseError as error:
            self.stderr.write(f"The vocabulary table cannot be read ({type(error).__name__}); the shipped one is used.")
            return shipped_vocabulary()
