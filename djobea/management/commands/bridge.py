"""`manage.py bridge`: nudges Celery at each NOTIFY."""

import signal
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Under Celery: send a task for what was just committed, until SIGTERM or Ctrl-C (CELERY_BROKER_URL)."

    def handle(self, *_args: Any, **_options: Any) -> None:
        if not settings.CELERY_BROKER_URL:
            raise CommandError("CELERY_BROKER_URL is empty: the bridge has no broker. `manage.py worker` needs none.")
        from djobea.bridge import Bridge  # noqa: PLC0415  Celery is loaded only where it is used

        bridge = Bridge()

        def stop(_signal: int, _frame: FrameType | None) -> None:
            bridge.stop()

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        self.stdout.write("the bridge listens")
        bridge.run()
        self.stdout.write("the bridge has finished cleanly")
