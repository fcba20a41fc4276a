"""How long the health function and `/metrics` take with a million messages stored, against a thousand.

Needs PostgreSQL (DATABASE_URL, else the embedded server); its tables go into a database of their own, which is dropped
at the end. Of the messages 97% are delivered with one attempt each, 3% wait (due later, or before a paused channel);
10,000 providers work in 20 quarters of two cities. Prints one JSON line a figure:
{"benchmark": "health", "what": "examine or metrics", "messages", "median_ms", "worst_ms", "queries"}, then the ratios.

    python benchmarks/health.py --million 1000000 --providers 10000 --rounds 20
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
FEW = 1000
MESSAGES = """
    INSERT INTO notification_queue (purpose, phone_number, whatsapp_id, email, language, body, sms_body, subject, choices,
        context, priority, reference, channel, channels_left, status, waiting_for, attempt_count, retry_count, max_retries,
        due_at, leased_by, last_error_code, last_error, possible_duplicate, created_at)
    SELECT 'reminder', '+2377' || lpad((n %% 9000000)::text, 8, '0'), '', '', 'fr', 'Rappel', '', '', '[]', '{}', n %% 3,
        'request:' || n, CASE WHEN n %% 50 = 0 THEN 'sms' ELSE 'whatsapp' END, '{}',
        'queued', CASE WHEN n %% 50 = 0 THEN 'channel' ELSE '' END, 0, 0, 5,
        now() + CASE WHEN n %% 50 = 0 THEN interval '-1 hour' ELSE interval '1 day' END, '', '', '', false, now()
    FROM generate_series(1, %s) AS n
"""
# A delivered message needs the attempt that brought it, so the rows are settled afterwards.
ATTEMPTS = """
    INSERT INTO notifications_attempt (public_id, notification_id, channel, started_at, finished_at, outcome, error_code,
        error_message, request_id, sender, receiver, latency_ms)
    SELECT gen_random_uuid(), id, channel, now() - id * interval '1 second', now() - id * interval '1 second',
        CASE WHEN id %% 40 = 0 THEN 'refused' ELSE 'accepted' END, '', '', '', '', '', 80
    FROM notification_queue WHERE id %% 100 >= 3
"""
SETTLE = """
    UPDATE notification_queue SET status = 'delivered', attempt_count = 1, waiting_for = '', settled_at = now(),
        sent_at = now(), delivered_at = now()
    WHERE id %% 100 >= 3
"""
CHANNELS = """
    INSERT INTO notifications_channel (name, sender, is_configured, per_second, tokens, pause_code, pause_reason,
        is_half_open, failed_trials, failure_share, probe_answer, paused_until, paused_at)
    VALUES ('whatsapp', '', true, 20, 0, '', '', false, 0, 0.5, '', NULL, NULL),
           ('sms', '', true, 20, 0, 'staff', '', false, 0, 0.5, '', now() + interval '1 day', now())
    ON CONFLICT (name) DO UPDATE SET is_configured = true, pause_code = EXCLUDED.pause_code,
        paused_until = EXCLUDED.paused_until, paused_at = EXCLUDED.paused_at
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--million", type=int, default=1_000_000, help="messages of the full table")
    parser.add_argument("--providers", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "djobea.settings", "DEBUG": "0", "SECRET_KEY": "benchmark-" + "0" * 50}
    import django

    django.setup()
    from django.db import connection

    creation: Any = connection.creation
    creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        furnish(options.providers)
        small, full = (measure(many, options.rounds) for many in (FEW, options.million))
        for what, milliseconds in full.items():
            tell("health-ratio", what=what, ratio=round(milliseconds / small[what], 2))
    finally:
        creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def furnish(providers: int) -> None:
    """Channels, cities, and providers in three quarters each."""
    from django.db import connection

    from providers.models import City, Provider, Zone

    with connection.cursor() as cursor:
        cursor.execute(CHANNELS)
    cities = [City.objects.get_or_create(slug=slug, defaults={"name": slug})[0] for slug in ("douala", "yaounde")]
    zones = [
        Zone.objects.create(slug=f"benchmark-{n}", name=f"{n}", city=cities[n % 2], latitude=4, longitude=9)
        for n in range(20)
    ]
    people = Provider.objects.bulk_create(
        Provider(name=f"P{n}", phone_number=f"+237677{n:06d}", status="active", is_verified=True)
        for n in range(providers)
    )
    through: Any = Provider.zones.through
    through.objects.bulk_create(
        through(provider_id=person.pk, zone_id=zones[(person.pk + step) % 20].pk)
        for person in people
        for step in range(3)
    )


def measure(messages: int, rounds: int) -> dict[str, float]:
    """Fill the queue with so many messages, and time both; medians in milliseconds."""
    from django.db import connection
    from prometheus_client import CollectorRegistry, generate_latest

    from djobea import metrics, status
    from notifications import clock

    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE notification_queue, notifications_attempt RESTART IDENTITY CASCADE")
        cursor.execute(MESSAGES, [messages])
        cursor.execute(ATTEMPTS.replace("%%", "%"))
        cursor.execute(SETTLE.replace("%%", "%"))
        cursor.execute("VACUUM ANALYZE")

    def read_metrics() -> None:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(metrics.DatabaseCollector(clock.now()))
        generate_latest(registry)

    return {
        what: timed(what, deed, messages, rounds)
        for what, deed in (("examine", lambda: status.examine(clock.now())), ("metrics", read_metrics))
    }


def timed(what: str, deed: Callable[[], object], messages: int, rounds: int) -> float:
    """The median of the rounds, in milliseconds."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        deed()
    taken = []
    for _round in range(rounds):
        began = time.perf_counter()
        deed()
        taken.append((time.perf_counter() - began) * 1000)
    facts = {"median_ms": round(statistics.median(taken), 1), "worst_ms": round(max(taken), 1), "queries": len(queries)}
    tell("health", what=what, messages=messages, **facts)
    return statistics.median(taken)


def tell(benchmark: str, **facts: object) -> None:
    print(json.dumps({"benchmark": benchmark} | facts), flush=True)


if __name__ == "__main__":
    main()
