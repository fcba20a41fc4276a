"""How long the console's lists take with a million messages: every list, every filter, every sort, every search.

Needs PostgreSQL (DATABASE_URL, else the embedded server); its tables go into a database of their own, which is dropped
at the end. A million messages, attempts and receipts (94% delivered, 3% dead letters of 12 causes, the rest queued,
unconfirmed or called off), and a fifth as many contacts. Pages are what the lists themselves offer: each choice of each
filter, each sortable column both ways, and the searches of SEARCHES. Time is the server's own, from the request to the last byte of
the answer, without a network. Prints one JSON line a page, {"benchmark": "console", "page", "p50_ms", "max_ms",
"cpu_ms" (of our process alone), "queries", "slowest_query_ms" (at the first look)}, and at last the slowest.

    python benchmarks/console.py --rows 1000000 --rounds 5
    python benchmarks/console.py --lists notification --keep       # leave the database for another look
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
LISTS = (
    *("notification", "attempt", "receipt", "contact", "unreachablemark", "staffaction", "staffactionline"),
    *("escalationalert", "chainlink", "messagetemplate", "channel", "account"),
)
SEARCHES = {
    "notification": (
        *("+237699123456", "699 12 34 56", "6991", "SM000000000000000000000000000abcde", "SM00000000000000000000"),
        *("request:4242", "request:42", "#77777", "nobody@nowhere.example", "offer", "nothing like it"),
    ),
    "attempt": ("SM000000000000000000000000000abcde", "63024", "#77777", "nothing"),
    "receipt": ("SM000000000000000000000000000abcde", "SM0000", "nothing"),
    "contact": ("+237699123456", "699 12", "Awa", "nobody at all", "a@b.example"),
    "staffaction": ("chief", "nothing"),
    "escalationalert": ("63007", "nothing"),
    "messagetemplate": ("offer",),
}
FILL = (
    """
    INSERT INTO notifications_contact (phone_number, whatsapp_id, email, name, language, time_zone, last_inbound_at,
        opted_out_at, created_at)
    SELECT '+23769' || lpad(n::text, 7, '0'), NULL, NULL, (ARRAY['Awa','Paul','Chantal','Ibrahim'])[n %% 4 + 1] || ' ' || n,
        (ARRAY['fr','en','pcm'])[n %% 3 + 1], 'Africa/Douala', now() - n * interval '1 minute',
        CASE WHEN n %% 50 = 0 THEN now() END, now() - n * interval '1 minute'
    FROM generate_series(1, %(rows)s / 5) AS n
    """,
    """
    INSERT INTO notifications_channel (name, sender, is_configured, per_second, tokens, pause_code, pause_reason,
        is_half_open, failed_trials, failure_share, probe_answer)
    SELECT name, 'x', true, 20, 0, '', '', false, 0, 0.5, '' FROM unnest(ARRAY['whatsapp','sms','email']) AS name
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO notification_queue (purpose, contact_id, phone_number, whatsapp_id, email, language, body, sms_body,
        subject, choices, context, priority, reference, channel, channels_left, status, waiting_for, attempt_count,
        retry_count, max_retries, due_at, leased_by, last_error_code, last_error, provider_sid, possible_duplicate,
        created_at, sent_at, delivered_at, settled_at)
    SELECT (ARRAY['offer','reply','job_news','reminder','rating_request'])[n %% 5 + 1], contact.id,
        contact.phone_number, '', '', 'fr',
        'Bonjour, une fuite à Bonamoussadi.', '', '', '[]', '{}', n %% 3, 'request:' || n / 4,
        CASE WHEN n %% 10 = 0 THEN 'sms' WHEN n %% 97 = 0 THEN 'email' ELSE 'whatsapp' END, '{}', kind.status,
        CASE WHEN kind.status = 'queued' AND n %% 2 = 0 THEN 'retry' ELSE '' END,
        CASE WHEN kind.status IN ('queued', 'cancelled', 'expired') THEN 0 ELSE 1 END, 0, 5,
        now() - n * interval '20 seconds', '',
        CASE WHEN kind.status = 'dead' THEN (ARRAY['63024','63016','30003','21408','21610','63007','30008','63018',
            '20003','63032','30005','internal'])[n %% 12 + 1] ELSE '' END,
        '', CASE WHEN kind.status IN ('delivered', 'read', 'sent') THEN 'SM' || lpad(to_hex(n), 32, '0') END,
        n %% 500 = 0, now() - n * interval '20 seconds',
        CASE WHEN kind.status IN ('delivered', 'read') THEN now() END,
        CASE WHEN kind.status IN ('delivered', 'read') THEN now() END,
        CASE WHEN kind.status NOT IN ('queued', 'unconfirmed') THEN now() - n * interval '20 seconds' END
    FROM generate_series(1, %(rows)s) AS n
    JOIN notifications_contact AS contact ON contact.id = (SELECT min(id) FROM notifications_contact) + n %% (%(rows)s / 5)
    CROSS JOIN LATERAL (SELECT CASE WHEN n %% 100 < 3 THEN 'dead' WHEN n %% 100 = 3 THEN 'queued'
        WHEN n %% 1000 = 4 THEN 'unconfirmed' WHEN n %% 1000 = 104 THEN 'cancelled' WHEN n %% 1000 = 204 THEN 'expired'
        WHEN n %% 1000 = 304 THEN 'sent' WHEN n %% 3 = 0 THEN 'read' ELSE 'delivered' END AS status) AS kind
    """,
    """
    INSERT INTO notifications_attempt (public_id, notification_id, channel, started_at, finished_at, outcome, error_code,
        error_message, request_id, provider_sid, latency_ms, sender, receiver)
    SELECT gen_random_uuid(), id, channel, created_at, created_at,
        CASE WHEN status = 'dead' THEN 'refused' WHEN status = 'unconfirmed' THEN 'unknown' ELSE 'accepted' END,
        last_error_code, '', '', provider_sid, 80, '', ''
    FROM notification_queue WHERE attempt_count > 0 ORDER BY id DESC
    """,
    """
    INSERT INTO notifications_receipt (provider_sid, status, error_code, error_message, received_at, applied_at, failures)
    SELECT provider_sid, 'delivered', '', '', now(), now(), 0 FROM notification_queue WHERE provider_sid IS NOT NULL
    """,
    """
    INSERT INTO notifications_unreachablemark (contact_id, channel, until, code)
    SELECT id, CASE WHEN id %% 2 = 0 THEN 'sms' ELSE 'whatsapp' END, now(), '30005' FROM notifications_contact
    WHERE id %% 2 < 2
    """,
    """
    INSERT INTO notifications_escalationalert (fingerprint, severity, title, cause, remedy, state, occurrences, reference,
        first_seen_at, last_seen_at, resolved_at, resolved_by, notes, code)
    SELECT 'dead-letter:' || n, (ARRAY['warning','error','critical'])[n %% 3 + 1], 'Alert ' || n, 'cause', 'remedy',
        CASE WHEN n %% 100 = 0 THEN 'open' ELSE 'resolved' END, 1, '', now() - n * interval '1 minute',
        now() - n * interval '1 minute', CASE WHEN n %% 100 = 0 THEN NULL ELSE now() END, '', '', ''
    FROM generate_series(1, %(rows)s / 200) AS n
    """,
    """
    INSERT INTO notifications_chainlink (alert_id, due_at, channel, is_for_everybody, status, done_at)
    SELECT id, first_seen_at, 'sms', true, 'told', first_seen_at FROM notifications_escalationalert
    """,
    """
    INSERT INTO notifications_staffaction (deed, status, by, why, selection, channel, begun_at, finished_at, last_id,
        cursor, done_count, skipped, note)
    SELECT 'retry', 'done', 'chief', 'because', '{"criteria": {"status": "dead"}}', '', now(), now(), 0, 0, 1, '{}', ''
    FROM generate_series(1, %(rows)s / 200) AS n
    """,
    """
    INSERT INTO notifications_staffactionline (action_id, notification_id, status_before, channel_before, error_before,
        old_values)
    SELECT (SELECT max(id) FROM notifications_staffaction), id, 'dead', 'whatsapp', '63024', '{}'
    FROM notification_queue WHERE id %% 2 = 0
    """,
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="messages of the queue")
    parser.add_argument("--rounds", type=int, default=5, help="times that each page is asked for")
    parser.add_argument("--lists", default=",".join(LISTS), help="models whose lists are measured")
    parser.add_argument("--keep", action="store_true", help="keep the database, and take it again where it is there")
    options = parser.parse_args()
    os.environ |= {"DJANGO_SETTINGS_MODULE": "djobea.settings", "DEBUG": "0", "SECRET_KEY": "benchmark-" + "0" * 50}
    os.environ |= {"LOG_LEVEL": "ERROR"}
    import django
    from django.conf import settings

    django.setup()
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    from django.db import connection

    creation: Any = connection.creation
    creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=options.keep)
    try:
        fill(options.rows)
        measure(options.lists.split(","), options.rounds)
    finally:
        if not options.keep:
            creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)


def fill(rows: int) -> None:
    from django.db import connection

    from notifications.models import Notification

    if Notification.objects.exists():
        return
    with connection.cursor() as cursor:
        for statement in FILL:
            cursor.execute(statement, {"rows": rows})
        cursor.execute("VACUUM ANALYZE")


def measure(models: list[str], rounds: int) -> None:
    """Ask for every page of these lists, and print what it took."""
    from django.contrib.auth.models import User
    from django.test import Client, RequestFactory

    chief, _ = User.objects.get_or_create(username="chief", is_staff=True, is_superuser=True)
    client = Client(HTTP_ACCEPT_LANGUAGE="fr", HTTP_ACCEPT_ENCODING="gzip", HTTP_HOST="localhost")
    client.force_login(chief, backend="django.contrib.auth.backends.ModelBackend")
    worst: list[tuple[float, float, str]] = []
    request = RequestFactory().get("/")
    request.user = chief
    for path in pages(request, models):
        median, most = time_page(client, path, rounds)
        worst.append((median, most, path))
    print(json.dumps({"benchmark": "console-worst", "pages": len(worst), "slowest": sorted(worst)[-5:],
                      "max_ms": max(most for _median, most, _path in worst)}), flush=True)  # fmt: skip


def pages(request: Any, models: list[str]) -> Iterator[str]:
    """The addresses of the lists, of each choice of their filters, of each order, and of the searches; then rows."""
    from django.apps import apps
    from django.contrib import admin
    from django.urls import reverse

    yield reverse("admin:index")
    for name in models:
        address = reverse(f"admin:notifications_{name}_changelist")
        yield address
        yield f"{address}?p=40"
        model = apps.get_model("notifications", name)
        changelist = admin.site.get_model_admin(model).get_changelist_instance(request)
        for spec in changelist.filter_specs:
            for choice in list(spec.choices(changelist))[1:]:
                yield address + choice["query_string"]
        for number, field in enumerate(changelist.list_display, 1):
            if changelist.get_ordering_field(field):
                yield from (
                    f"{address}?o={sign}{number - 1 if changelist.list_display[0] == 'action_checkbox' else number}"
                    for sign in ("", "-")
                )
        for term in SEARCHES.get(name, ()):
            yield f"{address}?{urlencode({'q': term})}"
        newest = model.objects.order_by("-pk").first()
        if newest:
            yield reverse(f"admin:notifications_{name}_change", args=[newest.pk])


def time_page(client: Any, path: str, rounds: int) -> tuple[float, float]:
    """Median and longest time of a page in milliseconds; a first look is not counted."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as queries:
        answer = client.get(path)
    if answer.status_code != 200:
        print(json.dumps({"benchmark": "console-broken", "page": path, "status": answer.status_code}), flush=True)
    many, slowest = len(queries), max((float(query["time"]) for query in queries.captured_queries), default=0)
    taken, worked = [], []
    for _round in range(rounds):
        began, began_work = time.perf_counter(), time.process_time()
        client.get(path)
        worked.append((time.process_time() - began_work) * 1000)
        taken.append((time.perf_counter() - began) * 1000)
    median, most = round(statistics.median(taken), 1), round(max(taken), 1)
    facts = {
        "page": path,
        "p50_ms": median,
        "max_ms": most,
        "cpu_ms": round(statistics.median(worked), 1),
        "queries": many,
    }
    print(json.dumps({"benchmark": "console"} | facts | {"slowest_query_ms": round(slowest * 1000)}), flush=True)
    return median, most


if __name__ == "__main__":
    main()
