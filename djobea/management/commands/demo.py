"""`manage.py demo`: the whole product on this machine, with no account anywhere."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from djobea.demo.preparation import prepare
from djobea.demo.show import Show


class Command(BaseCommand):
    help = "Runs Djobea with a simulated Twilio: database, web server, worker and phones in the browser."
    requires_system_checks = []  # the first start writes the secrets; the programs check their settings themselves

    def add_arguments(self, parser: CommandParser) -> None:
        """Only for the demo itself."""
        parser.add_argument("--prepare", action="store_true", help="only bring the database up to date, and end")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Prepare, or play until somebody stops it."""
        if settings.ENVIRONMENT_FINDINGS:
            finding = settings.ENVIRONMENT_FINDINGS[0]
            raise CommandError(f"{finding.problem} {finding.remedy}")
        if options["prepare"]:
            self.check()
            prepare(self.stdout.write)
        else:
            Show(settings.PORT).run()
