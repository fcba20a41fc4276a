"""`manage.py worker`: the process that answers, sends and heals."""

import signal
from argparse import ArgumentParser
from types import FrameType
from typing import Any

from django.core.management.base import BaseCommand

from djobea.worker import Worker


class Command(BaseCommand):
    help = "Process inbound messages, send the queue and run all duties, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument("--concurrency", type=int, default=16, help="calls in flight at most (default 16)")

    def handle(self, *_args: Any, **options: Any) -> None:
        worker = Worker(concurrency=max(1, options["concurrency"]))
        if options["once"]:
            worker.run_once()
            return

        def stop(_signal: int, _frame: FrameType | None) -> None:
            worker.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write(f"worker {worker.name} is ready")
        worker.run()
        self.stdout.write(f"worker {worker.name} has finished cleanly")
