"""The limit in `delivery.py`: a hand-written loop over Djobea's own tables, doing the same durable work with psycopg only.

Claims with SKIP LOCKED and inserts the attempts (one commit), sends, settles messages and attempts (one commit); no
rules, no duties, no limits. Over HTTP 64 threads send; without HTTP one thread does all, which is faster.

    python benchmarks/delivery_raw.py fill COUNT | pace COUNT PER_SECOND | work
"""

import queue
import signal
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import delivery_channel as channel

TEXT = "Bonjour ! Votre demande est bien notée : un plombier de Makepe vous appelle dans les dix minutes."
INSERT = """
    INSERT INTO notification_queue (purpose, contact_id, phone_number, whatsapp_id, email, language, body, sms_body,
        subject, choices, context, priority, reference, channel, channels_left, status, waiting_for, attempt_count,
        retry_count, max_retries, due_at, leased_by, last_error_code, last_error, possible_duplicate, created_at)
    SELECT 'reply', NULL, '+2376' || lpad((n %% 5000)::text, 8, '0'), '', '', 'fr', n || ' ' || %s, '', '', '[]', '{}',
        2, '', 'whatsapp', '{sms}', 'queued', '', 0, 0, 5, now(), '', '', '', false, now()
    FROM generate_series(%s::int, %s::int) AS n
"""
CLAIM = """
    UPDATE notification_queue SET status = 'sending', leased_by = 'raw', leased_until = now() + interval '1 minute',
        attempt_count = attempt_count + 1
    WHERE id = ANY(ARRAY(
        SELECT id FROM notification_queue
        WHERE status = 'queued' AND channel = 'whatsapp' AND priority = 2 AND due_at <= now()
        ORDER BY due_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED))
    RETURNING id, body, phone_number
"""
START = """
    INSERT INTO notifications_attempt
        (public_id, notification_id, channel, started_at, outcome, error_code, error_message, request_id, sender, receiver)
    SELECT t.public_id, t.id, 'whatsapp', now(), 'in_flight', '', '', '', 'raw', t.receiver
    FROM unnest(%s::uuid[], %s::bigint[], %s::text[]) AS t(public_id, id, receiver)
    RETURNING id
"""
FINISH = """
    UPDATE notifications_attempt AS a SET outcome = 'accepted', finished_at = now(), provider_sid = t.sid, latency_ms = 0
    FROM unnest(%s::bigint[], %s::text[]) AS t(id, sid) WHERE a.id = t.id
"""
SETTLE = """
    UPDATE notification_queue AS n SET status = 'sent', sent_at = now(), provider_sid = t.sid, leased_by = '',
        leased_until = NULL
    FROM unnest(%s::bigint[], %s::text[]) AS t(id, sid)
    WHERE n.id = t.id AND n.status = 'sending' AND n.leased_by = 'raw'
"""
Sent = tuple[int, int]  # notification, attempt
stopping = threading.Event()


def fill(count: int) -> None:
    with psycopg.connect(channel.DSN) as line:
        line.execute(INSERT, (TEXT, 0, count - 1))


def pace(count: int, per_second: float) -> None:
    with psycopg.connect(channel.DSN, autocommit=True) as line:

        def commit_one(number: int) -> None:
            with line.transaction():
                line.execute(INSERT, (TEXT, number, number))
                line.execute("NOTIFY raw_outbox")

        channel.paced(count, per_second, commit_one)


def work() -> None:
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    bell = threading.Event()
    threading.Thread(target=listen, args=(bell,), daemon=True).start()
    done: queue.SimpleQueue[Sent] = queue.SimpleQueue()
    in_flight = 0
    with psycopg.connect(channel.DSN, autocommit=True) as line, ThreadPoolExecutor(channel.IN_FLIGHT) as pool:
        while not stopping.is_set():
            settled = [done.get() for _ in range(done.qsize())]
            if settled:
                settle(line, settled)
                in_flight -= len(settled)
            claimed = claim(line, channel.IN_FLIGHT - in_flight)
            in_flight += len(claimed)
            for number, sent in claimed:
                if channel.CHANNEL == "http":
                    pool.submit(send, number, sent, done, bell)
                else:
                    channel.send(number)
                    done.put(sent)
            if not claimed and done.empty():
                bell.wait(1)
                bell.clear()


def send(number: int, sent: Sent, done: "queue.SimpleQueue[Sent]", bell: threading.Event) -> None:
    channel.send(number)
    done.put(sent)
    bell.set()


def claim(line: psycopg.Connection, most: int) -> list[tuple[int, Sent]]:
    if most < 1:
        return []
    with line.transaction():
        rows = line.execute(CLAIM, (most,)).fetchall()
        if not rows:
            return []
        ids, receivers = [row[0] for row in rows], [row[2] for row in rows]
        attempts = line.execute(START, ([uuid.uuid4() for _ in rows], ids, receivers)).fetchall()
    return [
        (int(body.split(" ", 1)[0]), (pk, attempt)) for (pk, body, _), (attempt,) in zip(rows, attempts, strict=True)
    ]


def settle(line: psycopg.Connection, results: list[Sent]) -> None:
    ids, attempts = [pk for pk, _ in results], [attempt for _, attempt in results]
    sids = [f"SM{attempt:032x}" for attempt in attempts]
    with line.transaction():
        line.execute(FINISH, (attempts, sids))
        line.execute(SETTLE, (ids, sids))


def listen(bell: threading.Event) -> None:
    with psycopg.connect(channel.DSN, autocommit=True) as line:
        line.execute("LISTEN raw_outbox")
        for _ in line.notifies():
            bell.set()


if __name__ == "__main__":
    deed, *numbers = sys.argv[1:]
    {"fill": fill, "pace": pace, "work": work}[deed](*map(int, numbers))
