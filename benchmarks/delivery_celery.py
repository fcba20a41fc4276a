"""Celery in `delivery.py`, on Redis or RabbitMQ (DELIVERY_BROKER): each message is a row, which its task marks as sent.

Set as Celery's guide to optimising has it: no results, no events, no gossip, a prefetch for short tasks; late
acknowledgement and persistent messages, so that a worker that dies loses none. Threads where calls
wait for HTTP, processes where they do not.

    python benchmarks/delivery_celery.py prepare | fill COUNT | pace COUNT PER_SECOND | work | clear
"""

import os
import sys
import time
from pathlib import Path

import psycopg
import psycopg_pool
from celery import Celery

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import delivery_channel as channel

QUEUE = "djobea-benchmark"
TEXT = "Bonjour ! Votre demande est bien notée : un plombier de Makepe vous appelle dans les dix minutes."
app = Celery("delivery", broker=os.environ.get("DELIVERY_BROKER"))
app.conf.update(
    task_default_queue=QUEUE,
    task_ignore_result=True,
    task_acks_late=True,
    worker_prefetch_multiplier=16,
    worker_enable_remote_control=False,
    worker_send_task_events=False,
    worker_hijack_root_logger=False,
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 3600, "polling_interval": 0.01},
)
_pools: dict[int, psycopg_pool.ConnectionPool] = {}  # by process


def pool() -> psycopg_pool.ConnectionPool:
    if os.getpid() not in _pools:
        size = 8 if channel.CHANNEL == "http" else 1
        _pools[os.getpid()] = psycopg_pool.ConnectionPool(
            channel.DSN, min_size=size, max_size=size, kwargs={"autocommit": True}, open=True
        )
    return _pools[os.getpid()]


@app.task(name="deliver")
def deliver(number: int) -> None:
    channel.send(number)
    with pool().connection() as line:
        line.execute("UPDATE celery_message SET status = 'sent', sent_at = now() WHERE id = %s", (number,))


def prepare() -> None:
    with psycopg.connect(channel.DSN) as line:
        line.execute("CREATE TABLE celery_message (id bigint PRIMARY KEY, body text, status text, sent_at timestamptz)")


def fill(count: int) -> None:
    with psycopg.connect(channel.DSN) as line:
        line.execute(
            "INSERT INTO celery_message SELECT n, n || ' ' || %s, 'queued' FROM generate_series(0, %s) AS n",
            (TEXT, count - 1),
        )
    with app.producer_pool.acquire(block=True) as producer:
        for number in range(count):
            deliver.apply_async((number,), producer=producer)


def pace(count: int, per_second: float) -> None:
    with psycopg.connect(channel.DSN, autocommit=True) as line:

        def commit_one(number: int) -> float:
            line.execute("INSERT INTO celery_message VALUES (%s, %s, 'queued')", (number, f"{number} {TEXT}"))
            committed = time.monotonic()
            deliver.delay(number)
            return committed

        channel.paced(count, per_second, commit_one)


def work() -> None:
    kind = ["--pool=threads", f"--concurrency={channel.IN_FLIGHT}"]
    if channel.CHANNEL != "http":
        kind = ["--pool=prefork", "--concurrency=4"]
    quiet = ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel=ERROR"]
    app.worker_main(["worker", *kind, *quiet])


def clear() -> None:
    """Leave nothing behind on the broker."""
    with app.connection_or_acquire() as connection:
        connection.default_channel.queue_delete(QUEUE)


if __name__ == "__main__":
    deed, *numbers = sys.argv[1:]
    deeds = {"prepare": prepare, "fill": fill, "pace": pace, "work": work, "clear": clear}
    deeds[deed](*map(int, numbers))
