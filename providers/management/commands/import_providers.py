"""Import providers from a CSV or XLSX file and say what became of each row."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from providers.importing import ImportReport, Outcome, import_file
from providers.tables import UnreadableTable


class Command(BaseCommand):
    help = (
        "Imports providers from FILE (CSV or XLSX; columns: name, phone_number, services, zones, language, email; "
        "several services or zones are parted by |). Exit code 0: all rows were good; 1: some were not, or no file."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        parser.add_argument("--dry-run", action="store_true", help="report only, store nothing")
        parser.add_argument("--strict", action="store_true", help="one bad row keeps all rows out")
        parser.add_argument("--activate", action="store_true", help="new providers need no approval")

    def handle(self, *_args: Any, file: Path, dry_run: bool, strict: bool, activate: bool, **_options: Any) -> None:
        try:
            report = import_file(file.read_bytes(), file.name, dry_run=dry_run, strict=strict, activate=activate)
        except OSError as error:
            raise CommandError(_("%(file)s cannot be read: %(why)s") % {"file": file, "why": error.strerror}) from error
        except UnreadableTable as error:
            raise CommandError(str(error)) from error
        self._tell(report)
        if report.bad:
            raise CommandError(
                _("%(bad)d of %(all)d rows were kept out.") % {"bad": len(report.bad), "all": len(report.rows)}
                if report.stored or dry_run
                else _("Nothing was stored: %(bad)d of %(all)d rows are bad.")
                % {"bad": len(report.bad), "all": len(report.rows)}
            )

    def _tell(self, report: ImportReport) -> None:
        for row in report.rows:
            if reasons := [*row.problems, *row.remarks]:
                line = _("Line %(line)d (%(name)s): %(outcome)s.") % {
                    "line": row.line,
                    "name": row.name or "?",
                    "outcome": row.outcome.label,
                }
                self.stdout.write(f"{line} {' '.join(reasons)}")
        for outcome in Outcome:
            if count := report.count(outcome):
                self.stdout.write(f"{outcome.label}: {count}")
        if not report.stored:
            self.stdout.write(_("Nothing was stored."))
