"""A channel that answers 201 after 50 ms, in a process of its own (aiohttp). Used by `delivery.py`.

python benchmarks/delivery_server.py PORT
"""

import asyncio
import itertools
import sys

from aiohttp import web

DELAY = 0.05  # seconds
numbers = itertools.count(1)


async def take(request: web.Request) -> web.Response:
    await request.read()
    await asyncio.sleep(DELAY)
    return web.json_response({"sid": f"SM{next(numbers):032x}"}, status=201)


async def unknown(_request: web.Request) -> web.Response:
    """Whatever else Djobea's duties ask of Twilio."""
    return web.json_response({"code": 20404, "message": "not found", "status": 404}, status=404)


if __name__ == "__main__":
    application = web.Application()
    application.router.add_post("/messages", take)
    application.router.add_route("*", "/{rest:.*}", unknown)
    web.run_app(application, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
