"""`manage.py train_understanding`: rebuild the model file from the phrases and messages in the repository."""

from typing import Any

from django.core.management.base import BaseCommand

from marketplace.understanding.shipped import MODEL_FILE
from marketplace.understanding.training import train


class Command(BaseCommand):
    """Train and write; takes about two minutes, needs no database."""

    help = "Train the learned parts of the understanding and write their model file."
    requires_system_checks = ()

    def handle(self, *_args: Any, **_options: Any) -> None:
        """Train, then say how large the file is."""
        train(MODEL_FILE, tell=self.stdout.write)
        self.stdout.write(f"{MODEL_FILE}: {MODEL_FILE.stat().st_size} bytes")
