"""Djobea's own part in `delivery.py`: the real worker (claim, deliver, settle, duties), with its WhatsApp sender replaced.

python benchmarks/delivery_djobea.py prepare | fill COUNT | pace COUNT PER_SECOND | work
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")

import django

django.setup()

from django.core.management import call_command
from django.db import transaction

from benchmarks import delivery_channel as channel
from notifications import channels, clock, outbox, seeding
from notifications.models import Channel, Contact, Notification, Priority

PEOPLE = 5000  # nobody gets 20 messages within a minute
TEXT = "Bonjour ! Votre demande est bien notée : un plombier de Makepe vous appelle dans les dix minutes."


def send(envelope: channels.Envelope) -> channels.Answer:
    """What takes Twilio's place: the message's number stands before its text."""
    channel.send(int(envelope.body.split(" ", 1)[0]))
    return channels.Accepted(f"SM{envelope.attempt_id:032x}", "RQ0")


def prepare() -> None:
    call_command("migrate", verbosity=0)
    seeding.seed()
    Channel.objects.update(per_second=1_000_000)
    now = clock.now()
    Contact.objects.bulk_create(
        Contact(phone_number=f"+2376{number:08}", last_inbound_at=now) for number in range(PEOPLE)
    )


def fill(count: int) -> None:
    """A backlog in one transaction, row by row as `enqueue` makes them."""
    people, now = list(Contact.objects.order_by("pk")[:PEOPLE]), clock.now()
    with transaction.atomic():
        Notification.objects.bulk_create(
            (
                Notification(
                    purpose="reply",
                    contact=people[number % len(people)],
                    phone_number=people[number % len(people)].phone_number,
                    body=f"{number} {TEXT}",
                    channel="whatsapp",
                    channels_left=["sms"],
                    priority=Priority.URGENT,
                    due_at=now,
                    created_at=now,
                )
                for number in range(count)
            ),
            batch_size=2000,
        )


def pace(count: int, per_second: float) -> None:
    people = list(Contact.objects.order_by("pk")[:PEOPLE])

    def commit_one(number: int) -> None:
        with transaction.atomic():
            outbox.enqueue(purpose="reply", body=f"{number} {TEXT}", contact=people[number % len(people)])

    channel.paced(count, per_second, commit_one)


def work() -> None:
    channels.SENDERS["whatsapp"] = send  # type: ignore[index]
    call_command("worker", concurrency=channel.IN_FLIGHT)


if __name__ == "__main__":
    deed, *numbers = sys.argv[1:]
    {"prepare": prepare, "fill": fill, "pace": pace, "work": work}[deed](*map(int, numbers))
