"""How fast the inbound webhook stores a message, against a bare view that checks the signature and inserts one row.

Needs PostgreSQL (DATABASE_URL, else the embedded server) and a free port. Both views run in the same server, in the
same run, for each of gunicorn's threads (when gunicorn is installed) and granian; rounds alternate between the views.
Every message that was answered with 200 must be stored, or the run fails. Prints one JSON line a figure:
{"benchmark": "intake", "server", "system": "djobea or bare", "per_s", "p99_ms"}, then the ratios.

    python benchmarks/intake.py --seconds 5 --clients 8
"""

import argparse
import http.client
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
TOKEN, SID = "0123456789abcdef0123456789abcdef", "AC00000000000000000000000000000001"
PATHS = {"djobea": "/webhooks/twilio/inbound/", "bare": "/bare/"}
ROUNDS = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=4.0, help="length of one round")
    parser.add_argument("--clients", type=int, default=8, help="connections at once")
    options = parser.parse_args()
    port = free_port()
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "djobea.settings",
        "DEBUG": "0",
        "SECRET_KEY": "benchmark-" + "0" * 50,
        "TWILIO_ACCOUNT_SID": SID,
        "TWILIO_AUTH_TOKEN": TOKEN,
        "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
        "PUBLIC_BASE_URL": f"http://127.0.0.1:{port}",
        "LOG_FORMAT": "text",
    }
    prepare()
    for server, command in servers(port).items():
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(port)
            measure(server, port, options.seconds, options.clients)
        finally:
            process.terminate()
            process.wait(15)


def prepare() -> None:
    import django
    from django.core.management import call_command
    from django.db import connection

    django.setup()
    call_command("migrate", verbosity=0)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE IF NOT EXISTS benchmark_bare "
            "(id bigserial PRIMARY KEY, message_sid varchar(64) UNIQUE, body text, payload jsonb)"
        )


def servers(port: int) -> dict[str, list[str]]:
    """Command lines that serve `benchmarks.intake_wsgi` on this port, two processes of four threads each."""
    application = "benchmarks.intake_wsgi:application"
    folder = Path(sys.executable).parent
    found = {
        "granian": [
            str(folder / "granian"), "--interface", "wsgi", "--port", str(port), "--workers", "2",
            "--blocking-threads", "4", "--no-ws", application,
        ]
    }  # fmt: skip
    gunicorn = folder / "gunicorn"
    if gunicorn.exists() or shutil.which("gunicorn"):
        found["gunicorn"] = [
            str(gunicorn), "--bind", f"127.0.0.1:{port}", "--workers", "2", "--worker-class", "gthread",
            "--threads", "4", "--keep-alive", "30", application,
        ]  # fmt: skip
    return found


def measure(server: str, port: int, seconds: float, clients: int) -> None:
    from django.db import connection

    figures: dict[str, list[tuple[float, float]]] = {"djobea": [], "bare": []}
    for system, path in PATHS.items():
        load(port, path, 0.5, clients)  # warm up
    for _ in range(ROUNDS):
        for system, path in PATHS.items():
            before = count(connection, system)
            latencies = load(port, path, seconds, clients)
            stored = count(connection, system) - before
            assert stored == len(latencies), f"{system}: {len(latencies)} answered, {stored} stored"
            latencies.sort()
            figures[system].append((len(latencies) / seconds, latencies[int(len(latencies) * 0.99)] * 1000))
    medians = {}
    for system, rounds in figures.items():
        per_s, p99 = statistics.median(r[0] for r in rounds), statistics.median(r[1] for r in rounds)
        medians[system] = per_s, p99
        line = {"benchmark": "intake", "server": server, "system": system}
        print(json.dumps(line | {"per_s": round(per_s, 1), "p99_ms": round(p99, 2)}), flush=True)
    speed = medians["djobea"][0] / medians["bare"][0]
    tail = medians["djobea"][1] / medians["bare"][1]
    ratios = {"benchmark": "intake-ratio", "server": server, "speed": round(speed, 3), "p99": round(tail, 3)}
    print(json.dumps(ratios), flush=True)


def count(connection: object, system: str) -> int:
    table = {"djobea": "marketplace_inboundmessage", "bare": "benchmark_bare"}[system]
    with connection.cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(f"SELECT count(*) FROM {table}")
        return int(cursor.fetchone()[0])


def load(port: int, path: str, seconds: float, clients: int) -> list[float]:
    """Seconds of each request that was answered with 200, over kept-alive connections."""
    from twilio.request_validator import RequestValidator

    validator, url = RequestValidator(TOKEN), f"http://127.0.0.1:{port}{path}"
    latencies: list[float] = []
    lock = threading.Lock()
    end = time.monotonic() + seconds

    def one_client(number: int) -> None:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        mine = []
        while time.monotonic() < end:
            fields = message(number)
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": validator.compute_signature(url, fields),
            }
            began = time.perf_counter()
            line.request("POST", path, urlencode(fields), headers)
            answer = line.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
            mine.append(time.perf_counter() - began)
        with lock:
            latencies.extend(mine)

    threads = [threading.Thread(target=one_client, args=(number,)) for number in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return latencies


def message(number: int) -> dict[str, str]:
    sid = "SM" + secrets.token_hex(16)
    return {
        "MessageSid": sid, "SmsMessageSid": sid, "SmsSid": sid, "AccountSid": SID, "NumMedia": "0", "NumSegments": "1",
        "From": f"whatsapp:+2376990001{number:02}", "To": "whatsapp:+14155238886", "WaId": f"2376990001{number:02}",
        "ProfileName": "Awa N.", "Body": "Robinet cassé à Makepe", "SmsStatus": "received", "MessageType": "text",
        "ApiVersion": "2010-04-01",
    }  # fmt: skip


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "the server does not start"
            time.sleep(0.1)
        else:
            return


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


if __name__ == "__main__":
    main()
