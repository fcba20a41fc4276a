"""Puts the parts together, listens, and stops cleanly on SIGTERM and SIGINT."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from djobea.simulator import gate, pages
from djobea.simulator.account_api import AccountApi
from djobea.simulator.content_api import ContentApi
from djobea.simulator.control import Control, guard
from djobea.simulator.furnishing import furnished
from djobea.simulator.furniture_api import FurnitureApi
from djobea.simulator.lifecycle import Lifecycle
from djobea.simulator.lookup_api import LookupApi
from djobea.simulator.messages_api import MessagesApi
from djobea.simulator.options import Options, parse
from djobea.simulator.state import World
from djobea.simulator.town import Town
from djobea.simulator.webhooks import Caller

LARGEST_REQUEST = 24 * 1024 * 1024
SHUTDOWN_SECONDS = 0.5
PARENT_CHECK_SECONDS = 1.0


def build(world: World) -> web.Application:
    """The web application around a world."""
    app = web.Application(middlewares=[gate.middleware(world), guard], client_max_size=LARGEST_REQUEST)
    app.on_response_prepare.append(pages.secure)

    async def parts(app: web.Application) -> AsyncIterator[None]:
        yield
        await app[LIFECYCLE].close()
        await app[CALLER].close()

    caller = Caller()
    lifecycle = Lifecycle(world, caller)
    town = Town(world, lifecycle, caller)
    app[CALLER], app[LIFECYCLE] = caller, lifecycle
    app.cleanup_ctx.append(parts)
    for part in (
        MessagesApi(world, lifecycle),
        AccountApi(world),
        ContentApi(world),
        LookupApi(world),
        Control(world, lifecycle, town),
        FurnitureApi(world, lifecycle, town),
    ):
        app.add_routes(part.routes())
    app.add_routes(pages.routes())
    return app


CALLER = web.AppKey("caller", Caller)
LIFECYCLE = web.AppKey("lifecycle", Lifecycle)


async def serve(options: Options) -> None:
    """Listen until SIGTERM or SIGINT comes, or the parent process is gone."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        with contextlib.suppress(NotImplementedError):  # Windows has no signal handlers in its loop
            loop.add_signal_handler(number, stop.set)
    world = furnished(options)
    # A caller that gave up does not stop a call: Twilio creates the message all the same.
    runner = web.AppRunner(build(world), access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
    await runner.setup()
    try:
        site = web.TCPSite(runner, options.host, options.port, backlog=1024)
        await site.start()
        sys.stdout.write(f"Simulator: {world.public_url}/ (webhooks go to {options.webhook_url or 'nowhere'})\n")
        sys.stdout.flush()
        await _until_told(stop, options.parent_pid)
    finally:
        await runner.cleanup()


async def _until_told(stop: asyncio.Event, parent_pid: int) -> None:
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PARENT_CHECK_SECONDS if parent_pid else None)
        if parent_pid and os.getppid() != parent_pid:
            return


def run(options: Options) -> int:
    """Run the simulator; returns the exit code."""
    try:
        asyncio.run(serve(options))
    except OSError as error:
        sys.stderr.write(f"The simulator cannot listen on {options.host}:{options.port}: {error.strerror}.\n")
        return 1
    return 0


def main(arguments: Sequence[str]) -> int:
    """`python -m djobea.simulator`."""
    return run(parse(arguments))
