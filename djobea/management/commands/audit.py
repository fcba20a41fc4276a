"""`manage.py audit`: prove the invariants from the rows."""

from typing import Any

from django.core.management.base import BaseCommand

from djobea.auditing import audit
from notifications import clock


class Command(BaseCommand):
    help = "Check every invariant of the data; prints one line a breach and exits with 1 if there is any."

    def handle(self, *_args: Any, **_options: Any) -> None:
        breaches = audit(clock.now())
        for breach in breaches:
            self.stdout.write(breach)
        self.stdout.write(f"{len(breaches)} breaches")
        if breaches:
            raise SystemExit(1)
