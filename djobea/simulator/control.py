"""The control API: faults, clock, phones, messages, in JSON. `docs/simulator.md` describes each path."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

from aiohttp import web

from djobea.simulator import pictures
from djobea.simulator.account_api import file_response
from djobea.simulator.faults import WrongFaultError
from djobea.simulator.furnishing import furnish
from djobea.simulator.gate import Handler
from djobea.simulator.lifecycle import Lifecycle
from djobea.simulator.messages_api import media_bytes
from djobea.simulator.scripts import READY_MADE, Director
from djobea.simulator.state import Message, World
from djobea.simulator.town import ImpossibleError, Town

HEARTBEAT_SECONDS: Final = 15.0
SETTINGS: Final = (
    "window_rule",
    "strict",
    "sms_two_way",
    "media_auth",
    "media_redirect",
    "sent_after",
    "delivered_after",
)


class Control:
    """Faults, scripts, clock, messages, events and settings."""

    def __init__(self, world: World, lifecycle: Lifecycle, town: Town) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._town = town
        self._director = Director(world, lifecycle)

    def routes(self) -> list[web.RouteDef]:
        """All paths of this part of the control API."""
        return [
            web.get("/control/state", self.state),
            web.get("/control/events", self.events),
            web.get("/control/faults", self.faults),
            web.post("/control/faults", self.switch_faults),
            web.delete("/control/faults", self.clear_faults),
            web.get("/control/script", self.scripts),
            web.post("/control/script", self.run_script),
            web.get("/control/clock", self.clock),
            web.post("/control/clock", self.move_clock),
            web.post("/control/reset", self.reset),
            web.get("/control/settings", self.settings),
            web.post("/control/settings", self.change_settings),
            web.get("/control/messages", self.messages),
            web.get("/control/messages/{sid}", self.message),
            web.get("/control/media/{sid}/{media_sid}", self.media),
            web.post("/control/inbound", self.inbound),
            web.get("/control/log", self.log),
        ]

    async def state(self, _request: web.Request) -> web.Response:
        """Everything that the page shows at its start."""
        world = self._world
        shown = [
            pictures.message(world, each)
            for each in islice(world.messages_at(), 2000)
            if world.phone_at(each.phone_address)
        ]
        facts = {
            "phones": [pictures.phone(each) for each in world.phones.values()],
            "messages": shown[::-1],
            "log": list(world.log.entries)[-200:],
            "settings": pictures.settings(world.options),
            "clock": pictures.clock(world),
            **pictures.budgets(world),
            **pictures.faults(world),
            **self._script_facts(),
        }
        return web.json_response(facts)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events: message, phone, faults, accounts, clock, log, reload."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        with self._world.hub.watching() as queue, contextlib.suppress(ConnectionResetError):  # the watcher left
            await response.write(b"retry: 1000\n\n")
            while True:
                try:
                    text = await asyncio.wait_for(queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    text = ": still here\n\n"
                while not queue.empty():
                    text += queue.get_nowait()
                await response.write(text.encode())
        return response

    async def faults(self, _request: web.Request) -> web.Response:
        """GET the faults that are on, and those that there are."""
        return web.json_response(pictures.faults(self._world))

    async def switch_faults(self, request: web.Request) -> web.Response:
        """POST one fault, a list of them, or `{"faults": [...], "clear": true}`."""
        wish = await request.json()
        if isinstance(wish, dict) and wish.get("clear"):
            self._world.faults.clear()
        wishes = wish if isinstance(wish, list) else wish.get("faults", [wish] if "fault" in wish else [])
        for each in wishes:
            self._world.faults.switch(each)
        self._tell_faults()
        return web.json_response(pictures.faults(self._world))

    async def clear_faults(self, _request: web.Request) -> web.Response:
        """DELETE all faults and stop all scripts."""
        self._world.faults.clear()
        self._director.stop_all()
        self._tell_faults()
        return web.json_response(pictures.faults(self._world))

    async def scripts(self, _request: web.Request) -> web.Response:
        """GET the scripts that run and those ready to run."""
        return web.json_response(self._script_facts())

    async def run_script(self, request: web.Request) -> web.Response:
        """POST `{"name": ...}` for a ready-made script, `{"steps": [...]}` or a bare list of steps; `{"stop": true}`."""
        wish = await request.json()
        if isinstance(wish, list):
            wish = {"steps": wish}
        if wish.get("stop"):
            self._director.stop_all()
            return web.json_response(self._script_facts())
        name = str(wish.get("name", ""))
        steps = wish.get("steps") or READY_MADE.get(name, {}).get("steps")
        if not isinstance(steps, list):
            raise WrongFaultError(f"There is no script {name!r}. Ready to run: {', '.join(READY_MADE)}.")
        script = self._director.run(steps, name)
        return web.json_response(script, status=201)

    async def clock(self, _request: web.Request) -> web.Response:
        """GET the simulator's time."""
        return web.json_response(pictures.clock(self._world))

    async def move_clock(self, request: web.Request) -> web.Response:
        """POST `offset_seconds` (against the machine's clock) or `advance_seconds` (against now)."""
        wish = await request.json()
        clock = self._world.clock
        base = float(wish["offset_seconds"]) if "offset_seconds" in wish else clock.offset_seconds
        clock.move_to(base + float(wish.get("advance_seconds", 0)))
        self._world.hub.publish("clock", pictures.clock(self._world))
        self._tell_faults()
        return web.json_response(pictures.clock(self._world))

    async def reset(self, request: web.Request) -> web.Response:
        """POST: as at the start. `{"keep": ["contents", "phones", "clock"]}` keeps these."""
        keep = (await request.json()).get("keep", []) if request.can_read_body else []
        world = self._world
        contents, phones, offset = world.contents, list(world.phones.values()), world.clock.offset_seconds
        self._director.stop_all()
        world.empty()
        world.clock.move_to(offset if "clock" in keep else 0.0)
        furnish(world)
        if "contents" in keep:
            world.contents = contents
        for phone in phones if "phones" in keep else []:
            world.add_phone(phone)
        world.hub.publish("reload", {})
        return web.json_response({"reset": True})

    async def settings(self, _request: web.Request) -> web.Response:
        """GET the rules that can be changed while the simulator runs."""
        return web.json_response({name: getattr(self._world.options, name) for name in SETTINGS})

    async def change_settings(self, request: web.Request) -> web.Response:
        """POST some of them."""
        wish = await request.json()
        if strange := set(wish) - set(SETTINGS):
            raise ImpossibleError(f"No such setting: {', '.join(sorted(strange))}. Known: {', '.join(SETTINGS)}.")
        self._world.options = dataclasses.replace(self._world.options, **wish)
        self._world.hub.publish("reload", {})
        return await self.settings(request)

    async def messages(self, request: web.Request) -> web.Response:
        """GET messages, the newest first; filters: see `docs/simulator.md`."""
        query = request.query
        limit = int(query.get("limit", "100"))
        fitting = (each for each in self._world.messages_at() if _fits(self._world, each, query))
        found = [pictures.message(self._world, each) for each in islice(fitting, limit)]
        return web.json_response({"messages": found, "total": len(self._world.messages)})

    async def message(self, request: web.Request) -> web.Response:
        """GET one message."""
        message = self._world.messages.get(request.match_info["sid"])
        if not message:
            raise web.HTTPNotFound
        return web.json_response(pictures.message(self._world, message))

    async def media(self, request: web.Request) -> web.Response:
        """GET a file of a message, for the page."""
        media, _ = media_bytes(self._world, None, request.match_info["sid"], request.match_info["media_sid"])
        return file_response(media)

    async def inbound(self, request: web.Request) -> web.Response:
        """POST what a phone writes or taps: `{"phone": "+237...", "text": ...}`."""
        wish = await request.json()
        phone = self._world.phones.get(str(wish.get("phone", "")))
        if not phone:
            raise ImpossibleError(f"There is no phone {wish.get('phone')!r}.")
        message = self._town.write(phone, wish)
        return web.json_response(pictures.message(self._world, message), status=201)

    async def log(self, request: web.Request) -> web.Response:
        """GET the last calls and webhooks, the oldest first."""
        entries = [each for each in self._world.log.entries if request.query.get("kind", each["kind"]) == each["kind"]]
        return web.json_response({"log": entries})

    def _script_facts(self) -> dict[str, Any]:
        ready = [
            {"name": name, "title": script["title"], "steps": script["steps"]} for name, script in READY_MADE.items()
        ]
        return {"scripts": ready, "running": list(self._director.running.values())}

    def _tell_faults(self) -> None:
        self._world.hub.publish("faults", {})


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Keeps other sites out of the control API, and says in JSON what is wrong with a call."""
    if not request.path.startswith("/control/"):
        return await handler(request)
    if turned_away := _turned_away(request):
        return turned_away
    try:
        return await handler(request)
    except (WrongFaultError, ImpossibleError) as error:
        return _wrong(str(error), 400)
    except web.HTTPException as error:
        return _wrong(error.reason, error.status)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        return _wrong(f"This makes no sense: {error}", 400)


def _turned_away(request: web.Request) -> web.Response | None:
    origin = request.headers.get("Origin", "")
    if origin and origin.partition("://")[2] != request.host:
        return _wrong("The control API takes no calls from other sites.", 403)
    if request.method == "POST" and request.can_read_body and request.content_type != "application/json":
        return _wrong("The control API speaks JSON: send Content-Type: application/json.", 415)
    return None


def _wrong(text: str, status: int) -> web.Response:
    return web.json_response({"error": text}, status=status)


def _fits(world: World, message: Message, query: Mapping[str, str]) -> bool:
    facts = {
        "to": message.recipient,
        "from": message.sender,
        "status": message.status,
        "direction": message.direction,
        "channel": message.channel,
        "account": message.account_sid,
        "error_code": str(message.error_code or ""),
    }
    if any(query[name] != fact for name, fact in facts.items() if name in query):
        return False
    if "since" in query and message.created < float(query["since"]):
        return False
    if "phone" in query and query["phone"] not in message.phone_address:
        found = world.phone_at(message.phone_address)
        if not found or found.number != query["phone"]:
            return False
    return query.get("body", "").lower() in message.body.lower()
