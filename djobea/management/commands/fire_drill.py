"""`manage.py fire_drill SCRIPT`: a scripted outage of the simulated Twilio, and what staff would have seen."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from djobea.drills.running import Drill, Report
from djobea.drills.script import WrongScriptError, load, shipped
from djobea.drills.twilio import NoSimulatorError, SimulatedTwilio


class Command(BaseCommand):
    help = "Play an outage against a running demo (never in production), and say what was seen and whether anything was lost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("script", metavar="SCRIPT", help=f"{', '.join(shipped())}, or a TOML file")
        parser.add_argument("--simulator", default="", help="its address (default: the demo's, PORT + 1)")

    def handle(self, *_args: Any, **options: Any) -> None:
        if not settings.DEBUG:
            raise CommandError(
                "A drill shifts the clock, so it runs beside the demo only: DEBUG=1 python manage.py fire_drill …"
            )
        address = options["simulator"] or settings.TWILIO_API_BASE_URL or f"http://127.0.0.1:{settings.PORT + 1}"
        twilio = SimulatedTwilio(address)
        try:
            script = load(options["script"])
            twilio.call("faults")
            self.stdout.write(f"# {script.title}\n")
            report = Drill(script, twilio, self._say).run()
        except (WrongScriptError, NoSimulatorError) as error:
            raise CommandError(str(error)) from error
        self._conclude(report)
        if not report.is_passed:
            raise CommandError("The drill failed.")

    def _say(self, seconds: float, sentence: str) -> None:
        self.stdout.write(f"+{int(seconds) // 60:02}:{int(seconds) % 60:02}  {sentence}")
        self.stdout.flush()

    def _conclude(self, report: Report) -> None:
        fates = ", ".join(f"{count} {status}" for status, count in sorted(report.fates.items()))
        self.stdout.write(f"\n{sum(report.fates.values())} messages: {fates or '-'}; {report.inbound} people wrote.")
        for sentence in (*report.losses, *report.unmet):
            self.stdout.write(f"!! {sentence}")
        self.stdout.write("Nothing was lost." if not report.losses else f"{len(report.losses)} losses.")
        self.stdout.write(f"The drill took {report.took:.0f} s.")
