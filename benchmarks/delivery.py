"""How fast and how soon messages leave: Djobea against raw psycopg (the limit) and five other queues, all in one run.

Needs PostgreSQL (DATABASE_URL, else the embedded server; each system gets a database of its own, dropped at the end),
Redis and RabbitMQ for Celery (options name them), and `benchmarks/requirements.txt`, which it installs into a virtual
environment of its own unless --peers-python names one. A peer that cannot run is named in one line. Takes about eight
minutes; options narrow it.

    python benchmarks/delivery.py --systems djobea,raw --phases noop,http,latency,idle,million --seconds 4

Every system sends each message through the same two channels, has at most 64 calls in flight, and must leave a row
with its status for each; Djobea and raw also commit an attempt before each call and complete it afterwards, in the same
tables. One JSON line a figure:

- {"benchmark": "delivery", "channel": "noop or http", "system", "per_s", "cpu_s_per_1000"}: a backlog is worked off;
  CPU is that of the worker's processes, user and system.
- {"benchmark": "delivery-latency", "system", "p50_ms", "p99_ms", "commit_ms"}: from the return of the commit to the
  call, at 50 messages a second; commit_ms is the median durable commit of one row meanwhile.
- {"benchmark": "delivery-idle", "system", "core_pct"}: CPU of a worker with nothing to do.
- {"benchmark": "delivery-million", "shape", "waiting", "per_s"}: Djobea's speed while rows wait behind.
- {"benchmark": "delivery-ratio", ...}: what the aims are about.
"""

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "benchmarks"
sys.path.insert(0, str(ROOT))
import psutil
import psycopg
from psycopg.conninfo import make_conninfo

from benchmarks.delivery_channel import stamps

PER_SECOND = 50
SENT = "SELECT count(*) FROM notification_queue WHERE status = 'sent'"
DJOBEA = {
    "DEBUG": "0",
    "ENV_FILE": os.devnull,
    "SECRET_KEY": "benchmark-" + "0" * 50,
    "TWILIO_ACCOUNT_SID": "AC00000000000000000000000000000001",
    "TWILIO_AUTH_TOKEN": "0" * 32,
    "TWILIO_WHATSAPP_FROM": "whatsapp:+14155238886",
    "TWILIO_SMS_FROM": "+14155238886",
    "LOG_LEVEL": "ERROR",
}


@dataclass(frozen=True)
class System:
    """One queue: its script, how its finished messages are counted, and how many to pile up a second of measuring."""

    name: str
    script: str
    arguments: tuple[str, ...]
    done: str
    pile: int
    is_ours: bool = False
    broker: str = ""
    wakes_up: bool = True


SYSTEMS = (
    System("djobea", "delivery_djobea.py", (), SENT, 6000, is_ours=True),
    System("raw", "delivery_raw.py", (), SENT, 15000, is_ours=True),
    System(
        "procrastinate",
        "delivery_procrastinate.py",
        (),
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'succeeded'",
        1500,
    ),
    System(
        "celery-redis",
        "delivery_celery.py",
        (),
        "SELECT count(*) FROM celery_message WHERE status = 'sent'",
        3000,
        broker="redis",
    ),
    System(
        "celery-rabbitmq",
        "delivery_celery.py",
        (),
        "SELECT count(*) FROM celery_message WHERE status = 'sent'",
        3000,
        broker="rabbitmq",
    ),
    System(
        "django-tasks-db",
        "delivery_django.py",
        ("tasks_db",),
        "SELECT count(*) FROM django_tasks_database_dbtaskresult WHERE status = 'SUCCESSFUL'",
        1000,
        wakes_up=False,
    ),
    System(
        "post_office",
        "delivery_django.py",
        ("post_office",),
        "SELECT count(*) FROM post_office_email WHERE status = 0",
        3000,
        wakes_up=False,
    ),
)


def database_of(system: System) -> str:
    return f"djobea_benchmark_{system.name.replace('-', '_')}"


PHASES = ("noop", "http", "latency", "idle", "million")


def tell(benchmark: str, **facts: Any) -> dict[str, Any]:
    line = {"benchmark": benchmark} | {k: round(v, 3) if isinstance(v, float) else v for k, v in facts.items()}
    print(json.dumps(line), flush=True)
    return line


# --- where things run --------------------------------------------------------------------------------------------


class Bench:
    """The services, the interpreter of the peers, and the databases made so far."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.server = server_parameters()
        self.folder = Path(tempfile.mkdtemp(prefix="djobea-benchmark-"))
        self.port = free_port()
        self.templates: set[str] = set()
        self.brokers = {"redis": options.redis, "rabbitmq": options.rabbitmq}
        self.peers_python = Path(options.peers_python) if options.peers_python else make_peers()
        self.channel = subprocess.Popen([sys.executable, str(HERE / "delivery_server.py"), str(self.port)])
        wait_until(lambda: is_open(self.port), 20)

    def dsn(self, system: System) -> str:
        return make_conninfo(**self.server | {"dbname": database_of(system)})

    def copy_database(self, source: str, target: str) -> None:
        """A database anew; a copy of tables that were made once takes less than making them."""
        with psycopg.connect(make_conninfo(**self.server | {"dbname": "postgres"}), autocommit=True) as line:
            line.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
            line.execute(f"CREATE DATABASE {target} TEMPLATE {source}")

    def drop_databases(self) -> None:
        with psycopg.connect(make_conninfo(**self.server | {"dbname": "postgres"}), autocommit=True) as line:
            for (name,) in line.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE 'djobea\\_benchmark\\_%'"
            ).fetchall():
                line.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def environment(self, system: System, **more: str) -> dict[str, str]:
        facts = self.server
        host = facts.get("host", "")
        url = f"postgres://{facts.get('user', '')}:{facts.get('password', '')}@/"
        if host.startswith("/"):
            url += f"{database_of(system)}?host={host}"
        else:
            url = url[:-1] + f"{host}:{facts.get('port') or 5432}/{database_of(system)}"
        plain = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        return (
            plain
            | DJOBEA
            | {
                "DATABASE_URL": url,
                "DELIVERY_DSN": self.dsn(system),
                "DELIVERY_HTTP": f"http://127.0.0.1:{self.port}",
                "DELIVERY_IN_FLIGHT": str(self.options.in_flight),
                "DELIVERY_BROKER": self.brokers.get(system.broker, ""),
                "DELIVERY_CONNECTIONS": str(self.free_connections()),
                "TWILIO_API_BASE_URL": f"http://127.0.0.1:{self.port}",
            }
            | more
        )

    def free_connections(self) -> int:
        """How many connections one system may open, so that others who use this server are not locked out."""
        with psycopg.connect(make_conninfo(**self.server | {"dbname": "postgres"})) as line:
            row = line.execute("SELECT current_setting('max_connections')::int - count(*) FROM pg_stat_activity")
            return max(1, (row.fetchone() or [0])[0] - 25)

    def run(self, system: System, deed: str, *numbers: float, **more: str) -> str:
        done = subprocess.run(
            self.command(system, deed, *numbers),
            cwd=ROOT,
            env=self.environment(system, **more),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{system.name} {deed}: {done.stderr.strip().splitlines()[-1:]}")
        return done.stdout

    def command(self, system: System, deed: str, *numbers: float) -> list[str]:
        python = sys.executable if system.is_ours else str(self.peers_python)
        return [python, str(HERE / system.script), *system.arguments, deed, *map(str, numbers)]

    @contextmanager
    def working(self, system: System, **more: str) -> Iterator[psutil.Process]:
        """A worker of `system` for as long as the block lasts."""
        with (self.folder / f"{system.name}.log").open("a") as log:
            process = subprocess.Popen(
                self.command(system, "work"),
                cwd=ROOT,
                env=self.environment(system, **more),
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            yield psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def prepare(self, system: System) -> None:
        """An empty queue in a database of its own, made from a copy of its tables."""
        maker = SYSTEMS[0] if system.is_ours else system  # raw works on Djobea's tables
        if maker.name not in self.templates:
            self.copy_database("template1", database_of(maker))
            self.run(maker, "prepare")
            self.copy_database(database_of(maker), f"{database_of(maker)}_tables")
            self.templates.add(maker.name)
        self.copy_database(f"{database_of(maker)}_tables", database_of(system))
        self.clear(system)

    def clear(self, system: System) -> None:
        if system.broker:
            self.run(system, "clear")

    def close(self) -> None:
        self.channel.terminate()
        self.channel.wait(10)
        self.drop_databases()


def server_parameters() -> dict[str, Any]:
    """Where Djobea's settings find PostgreSQL; the embedded server is started where they name none."""
    os.environ |= {name: value for name, value in DJOBEA.items() if name not in os.environ}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "djobea.settings")
    import django
    from django.db import connection

    django.setup()
    found = connection.get_connection_params()
    return {name: found[name] for name in ("host", "port", "user", "password") if found.get(name)}


def make_peers() -> Path:
    """The virtual environment of the peers, made at the first run."""
    folder = ROOT / ".data" / "benchmark-peers"
    python = folder / "bin" / "python"
    wanted = HERE / "requirements.txt"
    mark = folder / "installed.txt"
    if not mark.exists() or mark.read_text() != wanted.read_text():
        print("installing the peers ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=False)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", str(wanted)]
        if subprocess.run(pip, check=False).returncode == 0:
            mark.write_text(wanted.read_text())
    return python


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def is_open(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


def wait_until(ready: Callable[[], Any], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return True
        time.sleep(0.05)
    return False


# --- measuring ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """What was known at one moment: time, messages done, CPU seconds used by the worker's processes."""

    at: float
    done: int
    cpu: float


def cpu_of(process: psutil.Process) -> float:
    """User and system seconds of a process and its children, the ended ones included."""
    total = 0.0
    for each in [process, *process.children(recursive=True)]:
        try:
            times = each.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def work_off(bench: Bench, system: System, channel: str, count: int, seconds: float) -> tuple[float, float]:
    """(messages a second, CPU seconds per 1000) while a backlog of `count` is worked off, or for `seconds` of it."""
    bench.run(system, "fill", count, DELIVERY_CHANNEL=channel)
    with psycopg.connect(bench.dsn(system), autocommit=True) as line:
        line.execute("VACUUM ANALYZE")
        before = (line.execute(system.done).fetchone() or [0])[0]
        with bench.working(system, DELIVERY_CHANNEL=channel) as process:
            samples: list[Sample] = []
            give_up = time.monotonic() + 60 + seconds
            while time.monotonic() < give_up:
                done = (line.execute(system.done).fetchone() or [0])[0] - before
                if done > count * 0.05:
                    samples.append(Sample(time.monotonic(), done, cpu_of(process)))
                if done >= count or (samples and samples[-1].at - samples[0].at > seconds):
                    break
                time.sleep(0.05)
    # What remains of a batch system's last step is not counted: from the first sample to the last that moved.
    moved = [sample for sample, last in zip(samples[1:], samples, strict=False) if sample.done > last.done]
    if not moved:
        raise RuntimeError(f"{system.name} finished too little in {seconds:.0f} s")
    first, last = samples[0], moved[-1]
    many = last.done - first.done
    return many / (last.at - first.at), (last.cpu - first.cpu) / many * 1000


def latencies(bench: Bench, system: System, seconds: float) -> tuple[list[float], float, float]:
    """(sorted ms from commit to call, median ms of a durable commit, CPU seconds per 1000 messages)."""
    file = bench.folder / f"{system.name}.stamps"
    count = int(PER_SECOND * seconds)
    with bench.working(system, DELIVERY_CHANNEL="noop", DELIVERY_STAMPS=str(file)) as process:
        # Its start is not its speed: first it sends a second's worth that is not counted.
        bench.run(system, "pace", PER_SECOND, PER_SECOND, DELIVERY_FIRST=str(count))
        if not wait_until(lambda: len(stamps(str(file))) >= PER_SECOND, 60):
            raise RuntimeError("its worker sent nothing within a minute")
        with commits_timed(bench.dsn(system)) as commits:
            cpu = cpu_of(process)
            lines = bench.run(system, "pace", count, PER_SECOND).splitlines()
            wait_until(lambda: len(stamps(str(file))) >= count + PER_SECOND, 10)
            cpu = cpu_of(process) - cpu
    sent = stamps(str(file))
    committed = {int(number): float(moment) for number, moment in (line.split() for line in lines)}
    missing = set(committed) - set(sent)
    if missing:
        raise RuntimeError(f"{len(missing)} of {count} messages were not sent within 10 s")
    waited = [(sent[number] - committed[number]) * 1000 for number in committed]
    return sorted(waited), statistics.median(commits) * 1000, cpu / count * 1000


@contextmanager
def commits_timed(dsn: str) -> Iterator[list[float]]:
    """Meanwhile, one row is committed 20 times a second on another connection; seconds of each."""
    seconds: list[float] = []
    over = threading.Event()

    def probe() -> None:
        with psycopg.connect(dsn, autocommit=True) as line:
            line.execute("CREATE TABLE IF NOT EXISTS benchmark_commit (n int)")
            while not over.wait(0.05):
                began = time.perf_counter()
                line.execute("INSERT INTO benchmark_commit VALUES (1)")
                seconds.append(time.perf_counter() - began)

    thread = threading.Thread(target=probe)
    thread.start()
    try:
        yield seconds
    finally:
        over.set()
        thread.join()


def percentile(values: list[float], share: float) -> float:
    return values[min(len(values) - 1, int(len(values) * share))]


# --- phases ------------------------------------------------------------------------------------------------------


def measure_speed(bench: Bench, system: System, channel: str, figures: dict[str, Any]) -> None:
    seconds = bench.options.seconds
    most = system.pile if channel == "noop" else min(system.pile, 1300)
    per_s, cpu = work_off(bench, system, channel, int(most * (seconds + 1)), seconds)
    figures[f"{channel}:{system.name}"] = per_s
    figures[f"cpu-{channel}:{system.name}"] = cpu
    tell("delivery", channel=channel, system=system.name, per_s=per_s, cpu_s_per_1000=cpu)


def measure_latency(bench: Bench, system: System, figures: dict[str, Any]) -> None:
    waited, commit, cpu = latencies(bench, system, bench.options.latency_seconds)
    p50, p99 = percentile(waited, 0.5), percentile(waited, 0.99)
    figures[f"latency:{system.name}"] = (p50, p99, commit)
    figures[f"cpu-latency:{system.name}"] = cpu
    tell("delivery-latency", system=system.name, p50_ms=p50, p99_ms=p99, commit_ms=commit, cpu_s_per_1000=cpu)


def measure_idle(bench: Bench, system: System, figures: dict[str, Any]) -> None:
    with bench.working(system, DELIVERY_CHANNEL="noop") as process:
        time.sleep(6)  # its start, and the first run of each duty
        began, cpu = time.monotonic(), cpu_of(process)
        time.sleep(bench.options.idle_seconds)
        share = (cpu_of(process) - cpu) / (time.monotonic() - began) * 100
    figures[f"idle:{system.name}"] = share
    tell("delivery-idle", system=system.name, core_pct=share)


def measure(bench: Bench, system: System, phases: list[str], figures: dict[str, Any]) -> None:
    """All phases of one system; what goes wrong is said in one line, and the others go on."""
    for phase in phases:
        if phase == "million" or (phase == "idle" and system.name != "djobea" and not bench.options.idle_peers):
            continue
        try:
            bench.prepare(system)
            if phase == "latency":
                measure_latency(bench, system, figures)
            elif phase == "idle":
                measure_idle(bench, system, figures)
            else:
                measure_speed(bench, system, phase, figures)
            bench.clear(system)
        except (RuntimeError, OSError, psycopg.Error) as error:
            tell("delivery-missing", system=system.name, phase=phase, why=str(error))


def tell_ratios(figures: dict[str, Any]) -> None:
    """What the aims are about: speed, CPU and latency of Djobea as multiples of each other system's."""
    for channel in ("noop", "http"):
        for system in SYSTEMS[1:]:
            if f"{channel}:djobea" in figures and f"{channel}:{system.name}" in figures:
                speed = figures[f"{channel}:djobea"] / figures[f"{channel}:{system.name}"]
                cpu = figures[f"cpu-{channel}:djobea"] / max(1e-9, figures[f"cpu-{channel}:{system.name}"])
                tell("delivery-ratio", channel=channel, against=system.name, speed=speed, cpu=cpu)
    if "latency:djobea" in figures:
        p50, p99, commit = figures["latency:djobea"]
        tell("delivery-ratio", against="a durable commit", p50=p50 / commit, p99=p99 / commit)
        for system in SYSTEMS[1:]:
            if f"latency:{system.name}" in figures:
                their_p50, their_p99, _commit = figures[f"latency:{system.name}"]
                tell("delivery-ratio", against=system.name, p50=p50 / their_p50, p99=p99 / their_p99)


def main() -> None:
    names = [system.name for system in SYSTEMS]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--systems", default=",".join(names), help="comma-separated (default: all)")
    parser.add_argument("--phases", default=",".join(PHASES), help="comma-separated (default: all)")
    parser.add_argument("--seconds", type=float, default=4.0, help="of measuring a speed")
    parser.add_argument("--latency-seconds", type=float, default=10.0)
    parser.add_argument("--idle-seconds", type=float, default=20.0)
    parser.add_argument("--idle-peers", action="store_true", help="measure the peers' idle workers too")
    parser.add_argument("--in-flight", type=int, default=64, help="calls at once, for every system")
    parser.add_argument("--million", type=int, default=1_000_000, help="rows that wait behind")
    parser.add_argument("--redis", default="redis://127.0.0.1:6379/13")
    parser.add_argument("--rabbitmq", default="amqp://guest:guest@127.0.0.1:5672//")
    parser.add_argument("--peers-python", help="an interpreter that has benchmarks/requirements.txt")
    options = parser.parse_args()
    bench, figures = Bench(options), {}
    phases = options.phases.split(",")
    try:
        for system in SYSTEMS:
            if system.name in options.systems.split(","):
                measure(bench, system, phases, figures)
        if "million" in phases and "djobea" in options.systems:
            from benchmarks.delivery_million import measure_million

            measure_million(bench, SYSTEMS[0], work_off, tell)
    finally:
        bench.close()
    tell_ratios(figures)


if __name__ == "__main__":
    main()
