"""`manage.py status_report`: how the system is, with six self-tests run now."""

import json
from argparse import ArgumentParser
from typing import Any, Final

from django.conf import settings
from django.core.management.base import BaseCommand
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import translation

from djobea import reporting, selftests
from djobea.verdicts import State
from notifications import clock

EXIT_CODES: Final = {State.HEALTHY: 0, State.DEGRADED: 1, State.CRITICAL: 2}


class Command(BaseCommand):
    help = "Write the status report. Exits with 0 when all is healthy, 1 when degraded, 2 when critical."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """For whom it is written."""
        parser.add_argument("--format", choices=("markdown", "json"), default="markdown")

    def handle(self, *_args: Any, format: str, **_options: Any) -> None:  # noqa: A002  the option's name
        """Run the self-tests, and write what is known."""
        at = clock.now()
        with translation.override(settings.LANGUAGE_CODE):
            facts = reporting.report(at, selftests.run(at))
            if format == "json":
                self.stdout.write(json.dumps(facts, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
            else:
                self.stdout.write(reporting.as_markdown(facts))
        if code := EXIT_CODES[facts["status"]]:
            raise SystemExit(code)
