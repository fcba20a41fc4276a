"""The million in `delivery.py`: does Djobea send as fast while a million rows wait behind as while a thousand do?

Three shapes: rows that are due later on the same channel, rows before a paused channel, and routine rows whose account
has spent its daily limit but for the part that is kept for urgent ones.
"""

from collections.abc import Callable
from typing import Any

import psycopg

FEW = 1000
WAITING = """
    INSERT INTO notification_queue (purpose, phone_number, whatsapp_id, email, language, body, sms_body, subject, choices,
        context, priority, reference, channel, channels_left, status, waiting_for, attempt_count, retry_count, max_retries,
        due_at, leased_by, last_error_code, last_error, possible_duplicate, created_at)
    SELECT 'reminder', '+2377' || lpad((n %% 9000000)::text, 8, '0'), '', '', 'fr', 'Rappel', '', '', '[]',
        '{{}}', {priority}, 'request:' || n, '{channel}', '{{}}', 'queued', '{waits_for}', 0, 0, 5,
        now() + {due}, '', '', '', false, now()
    FROM generate_series(1, %s) AS n
"""
OPEN = """
    UPDATE notifications_channel SET paused_until = NULL, paused_at = NULL, pause_code = '', is_half_open = false;
    UPDATE notifications_account SET daily_limit = NULL, urgent_share = 0.2, paused_until = NULL
"""
PAUSE = """
    UPDATE notifications_channel SET paused_until = now() + interval '1 day', paused_at = now(), pause_code = 'staff'
    WHERE name = 'sms'
"""
# The limit but for the urgent share is 1000, and 1000 calls were made.
SPEND = """
    UPDATE notifications_account SET daily_limit = 100000, urgent_share = 0.99;
    INSERT INTO notifications_attempt (public_id, notification_id, channel, account_id, started_at, finished_at, outcome,
        error_code, error_message, request_id, sender, receiver)
    SELECT gen_random_uuid(), (SELECT max(id) FROM notification_queue), 'whatsapp', account.id, now(), now(), 'accepted',
        '', '', '', '', ''
    FROM notifications_account AS account, generate_series(1, 1000)
"""
SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "due later": ({"priority": 2, "channel": "whatsapp", "waits_for": "", "due": "interval '1 day'"}, "SELECT 1"),
    "channel paused": ({"priority": 2, "channel": "sms", "waits_for": "channel", "due": "interval '-1 hour'"}, PAUSE),
    "budget spent": ({"priority": 1, "channel": "whatsapp", "waits_for": "budget", "due": "interval '-1 hour'"}, SPEND),
}


def measure_million(bench: Any, system: Any, work_off: Callable[..., tuple[float, float]], tell: Any) -> None:
    bench.prepare(system)
    seconds, million = bench.options.seconds, bench.options.million
    for shape, (facts, circumstances) in SHAPES.items():
        speeds = []
        for waiting in (FEW, million):
            with psycopg.connect(bench.dsn(system), autocommit=True) as line:
                line.execute("TRUNCATE notification_queue, notifications_attempt CASCADE")
                line.execute(OPEN)
                line.execute(WAITING.format(**facts), (waiting,))
                line.execute(circumstances)
            per_s, _cpu = work_off(bench, system, "noop", int(system.pile * (seconds + 1)), seconds)
            speeds.append(per_s)
            tell("delivery-million", shape=shape, waiting=waiting, per_s=per_s)
        tell("delivery-ratio", million=shape, ratio=speeds[1] / speeds[0])
