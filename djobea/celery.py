"""Celery, for installations with a broker (CELERY_BROKER_URL): `celery -A djobea.celery worker`, and `beat` once.

The broker carries only nudges; what is to be done stands in the database. So a nudge that is lost costs at most the
second until beat's next, one that comes twice finds nothing to do, and none is kept longer than it is of use.
"""

import os
from typing import Final

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")

LOOK: Final = 1.0  # seconds between two nudges of beat: the fallback for a NOTIFY that nobody heard
STALE: Final = 10  # seconds after which a nudge is dropped: newer ones have come
BEAT: Final = ("send", "answer", "quick_duties", "slow_duties")

# Celery closes a pool of connections at every task (celery#10554), and a forked child must not inherit one.
settings.DATABASES["default"]["OPTIONS"].pop("pool", None)

app = Celery("djobea")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    include=["djobea.tasks"],
    task_ignore_result=True,
    task_acks_late=False,  # a nudge needs no second life, and a late word to a broker that is gone ends kombu's loop
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,  # our own logs, with masked numbers
    worker_cancel_long_running_tasks_on_connection_loss=False,  # what a task sends is true whatever the broker does
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_heartbeat=10,
    # Seconds. A broker that is away must not hold up who nudges: the next nudge is a second away. One retry there must
    # be, since it is what makes a broken connection of the pool anew.
    broker_connection_timeout=2,
    task_publish_retry=True,
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0, "interval_max": 0},
    broker_transport_options={"socket_connect_timeout": 2, "socket_timeout": 5, "visibility_timeout": 120}
    if settings.CELERY_BROKER_URL.startswith("redis")
    else {"confirm_publish": True},
    enable_utc=True,
    timezone=settings.TIME_ZONE,
    beat_schedule={name: {"task": f"djobea.{name}", "schedule": LOOK, "options": {"expires": STALE}} for name in BEAT},
    beat_scheduler="celery.beat:Scheduler",  # in memory: nudges a second apart are not worth a file
)
