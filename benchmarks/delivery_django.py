"""Two peers in `delivery.py` that live in Django: `tasks_db` (django-tasks-db) and `post_office` (django-post_office).

django-tasks-db runs one task at a time a worker, so as many workers are forked as calls may be in flight (few where
they do not wait); it polls, here every 20 ms. django-post_office sends in batches with two processes of 32 threads and
logs every mail (its default), called again as soon as it is done.

    python benchmarks/delivery_django.py tasks_db|post_office prepare | fill COUNT | pace COUNT PER_SECOND | work
"""

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import django
from django.conf import settings

from benchmarks import delivery_channel as channel

POLL = 0.02  # seconds
TEXT = "Bonjour ! Votre demande est bien notée : un plombier de Makepe vous appelle dans les dix minutes."


def set_up() -> None:
    from psycopg.conninfo import conninfo_to_dict

    facts = conninfo_to_dict(channel.DSN)
    settings.configure(
        SECRET_KEY="benchmark",  # noqa: S106  signs nothing
        INSTALLED_APPS=["django.contrib.contenttypes", "django_tasks_db", "post_office"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": facts["dbname"],
                "USER": facts.get("user", ""),
                "PASSWORD": facts.get("password", ""),
                "HOST": facts.get("host", ""),
                "PORT": facts.get("port", ""),
                "CONN_MAX_AGE": None,
            }
        },
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
        TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}},
        EMAIL_BACKEND="post_office.EmailBackend",
        POST_OFFICE={
            "BACKENDS": {"default": "benchmarks.delivery_mail.Backend"},
            "BATCH_SIZE": 1000,
            "THREADS_PER_PROCESS": channel.IN_FLIGHT // 2,
            "LOG_LEVEL": 2,
            "MESSAGE_ID_ENABLED": False,
        },
        LOGGING_CONFIG=None,
    )
    logging.disable(logging.WARNING)
    django.setup()


def prepare(_system: str) -> None:
    from django.core.management import call_command

    call_command("migrate", verbosity=0)


def fill(system: str, count: int) -> None:
    from django.db import transaction

    if system == "post_office":
        from post_office import mail

        mail.send_many([letter(number) for number in range(count)])
        return
    from benchmarks.delivery_tasks import deliver

    with transaction.atomic():
        for number in range(count):
            deliver.enqueue(number)


def pace(system: str, count: int, per_second: float) -> None:
    if system == "post_office":
        from post_office import mail

        channel.paced(count, per_second, lambda number: forget(mail.send(**letter(number))))
        return
    from benchmarks.delivery_tasks import deliver

    channel.paced(count, per_second, lambda number: forget(deliver.enqueue(number)))


def forget(_value: Any) -> None:
    """Whatever the call returned: the commit is now."""


def letter(number: int) -> dict[str, Any]:
    return {
        "recipients": f"{number}@example.cm",
        "sender": "djobea@example.cm",
        "subject": "Djobea",
        "message": f"{number} {TEXT}",
    }


def work(system: str) -> None:
    if system == "post_office":
        send_mail_for_ever()
        return
    many = channel.IN_FLIGHT if channel.CHANNEL == "http" else 4
    many = min(many, int(os.environ.get("DELIVERY_CONNECTIONS", "1000")))
    children = [fork_worker() for _ in range(many)]

    def stop(*_: Any) -> None:
        for child in children:
            os.kill(child, signal.SIGKILL)
        os._exit(0)

    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, stop)
    for child in children:
        os.waitpid(child, 0)


def fork_worker() -> int:
    child = os.fork()
    if child:
        return child
    from django.core.management import call_command

    call_command("db_worker", interval=POLL, startup_delay=False, verbosity=0)
    os._exit(0)


def send_mail_for_ever() -> None:
    from post_office import mail

    processes = 2 if not os.environ.get("DELIVERY_STAMPS") else 1  # forking for each single mail would only cost
    while True:
        if not sum(mail.send_queued(processes=processes)):
            time.sleep(POLL)


if __name__ == "__main__":
    set_up()
    which, deed, *numbers = sys.argv[1:]
    {"prepare": prepare, "fill": fill, "pace": pace, "work": work}[deed](which, *map(int, numbers))
