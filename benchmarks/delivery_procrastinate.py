"""procrastinate in `delivery.py`: asynchronous tasks, LISTEN/NOTIFY on, 64 at once; a job's own row keeps its status.

python benchmarks/delivery_procrastinate.py prepare | fill COUNT | pace COUNT PER_SECOND | work
"""

import asyncio
import sys
from pathlib import Path

import procrastinate

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from benchmarks import delivery_channel as channel

app = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=channel.DSN, max_size=20))


@app.task(name="deliver")
async def deliver(number: int) -> None:
    await channel.send_async(number)


def prepare() -> None:
    with app.open():
        app.schema_manager.apply_schema()


def fill(count: int) -> None:
    with app.open():
        deliver.batch_defer(*({"number": number} for number in range(count)))


def pace(count: int, per_second: float) -> None:
    def commit_one(number: int) -> None:
        deliver.defer(number=number)

    with app.open():
        channel.paced(count, per_second, commit_one)


def work() -> None:
    async def run() -> None:
        async with app.open_async():
            await app.run_worker_async(concurrency=channel.IN_FLIGHT, listen_notify=True)

    asyncio.run(run())


if __name__ == "__main__":
    deed, *numbers = sys.argv[1:]
    {"prepare": prepare, "fill": fill, "pace": pace, "work": work}[deed](*map(int, numbers))
