"""`manage.py check_channels`: is each channel's sender right? Closes a circuit whose cause is gone."""

from typing import Any

from django.core.management.base import BaseCommand

from notifications import clock, probing, seeding
from notifications.models import Channel


class Command(BaseCommand):
    help = "Ask Twilio about each sender, say in one line a channel what is wrong, and reopen what is right again."

    def handle(self, *_args: Any, **_options: Any) -> None:
        seeding.seed()
        broken = 0
        for channel in Channel.objects.order_by("pk"):
            if not channel.is_configured:
                self.stdout.write(f"{channel.name}: not configured")
                continue
            is_right, answer = probing.probe(channel)
            at = clock.now()
            probing.note_probe(channel, is_right, answer, at=at)
            channel.refresh_from_db()
            state = "paused" if channel.is_paused(at) else "open"
            verdict = {True: "right", False: "wrong", None: "unknown"}[is_right]
            broken += is_right is False
            self.stdout.write(f"{channel.name}: {state}, {verdict}: {answer}")
        if broken:
            raise SystemExit(1)
