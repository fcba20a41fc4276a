"""The door of the REST API: credentials, faults of the transport, error bodies, Twilio's headers, the log."""

import asyncio
import base64
import binascii
import hmac
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

from aiohttp import web
from aiohttp.typedefs import Middleware

from djobea.simulator.errors import TwilioError
from djobea.simulator.state import Account, World, channel_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
API_PATHS: Final = ("/2010-04-01/", "/v1/", "/v2/")
CODE_FOR_LOG: Final = "X-Simulator-Code"  # taken off before the answer leaves
HTML_FAULT: Final = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class ConnectionCutError(Exception):
    """The connection was cut on purpose; nothing more can be said on it."""


def cut(request: web.Request) -> NoReturn:
    """Cut the connection at once, as a broken line does (RST rather than a polite end)."""
    if request.transport:
        request.transport.abort()
    raise ConnectionCutError


def is_api(request: web.Request) -> bool:
    """Whether the request is one to Twilio, rather than to the control API or the page."""
    return request.path.startswith(API_PATHS)


def is_create(request: web.Request) -> bool:
    """Whether the call creates a message."""
    return request.method == "POST" and request.path.endswith("/Messages.json")


def middleware(world: World) -> Middleware:
    """All that happens around every call of the REST API."""

    @web.middleware
    async def gate(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_api(request):
            return await handler(request)
        began = time.monotonic()
        form = await read_form(request)
        facts = facts_of(request, form)
        try:
            response = await _answered(world, request, handler, facts)
        except ConnectionCutError:
            _note(world, request, facts, 0, "", began)
            # The transport is gone; what is returned here reaches nobody.
            return web.Response(status=500)
        _note(world, request, facts, response.status, response.headers.pop(CODE_FOR_LOG, ""), began)
        response.headers.update(
            {
                "Twilio-Request-Id": f"RQ{uuid.uuid4().hex}",
                "Twilio-Concurrent-Requests": "1",
                "Twilio-Request-Duration": f"{time.monotonic() - began:.3f}",
                "X-Home-Region": "us1",
                "X-Api-Domain": "api.twilio.com",
            }
        )
        return response

    return gate


async def read_form(request: web.Request) -> dict[str, str]:
    """The form fields of a POST; a field that comes more than once is joined by line ends."""
    if request.method != "POST" or not request.content_type.endswith("x-www-form-urlencoded"):
        return {}
    posted = await request.post()
    return {name: "\n".join(str(value) for value in posted.getall(name)) for name in dict.fromkeys(posted)}


def facts_of(request: web.Request, form: dict[str, str]) -> dict[str, str]:
    """What the filters of faults look at, as far as the request says it."""
    to = form.get("To", "")
    account = request.match_info.get("account_sid", "")
    return {
        "account": account,
        "channel": channel_of(to) if to else "",
        "sender": form.get("From", ""),
        "recipient": to,
    }


def account_of(world: World, request: web.Request) -> Account:
    """The account that the credentials open; raises 20003 when they open none or another than the path names."""
    name, secret = _basic(request.headers.get("Authorization", ""))
    found = None
    for account in world.accounts.values():
        wanted = account.auth_token if name == account.sid else account.api_keys.get(name)
        if wanted is not None and hmac.compare_digest(wanted.encode(), secret.encode()):
            found = account
    if not found or request.match_info.get("account_sid", found.sid) != found.sid:
        raise TwilioError(20003)
    if found.status != "active" and not request.path.endswith(f"/Accounts/{found.sid}.json"):
        raise TwilioError(20005)
    return found


def refusal(error: TwilioError) -> web.Response:
    """An error body, with the code for the log."""
    headers = {CODE_FOR_LOG: str(error.code)}
    if error.http_status == 401:  # noqa: PLR2004
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return web.json_response(error.body(), status=error.http_status, headers=headers)


def _basic(header: str) -> tuple[str, str]:
    kind, _, value = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, secret


async def _answered(world: World, request: web.Request, handler: Handler, facts: dict[str, str]) -> web.StreamResponse:
    try:
        if request.match_info.get("owner_sid") and not world.options.media_auth:
            return await handler(request)
        await _suffer_transport(world, request, facts)
        request["account"] = account_of(world, request)
        if limited := _too_many(world, facts):
            return limited
        if is_create(request) and world.faults.strikes("cut_before", facts):
            cut(request)
        if broken := world.faults.strikes(
            "server_error", facts, lambda found: not found["created"] or is_create(request)
        ):
            if broken.parameters["created"]:
                await handler(request)
            return _server_error(broken.parameters)
        return await handler(request)
    except TwilioError as error:
        return refusal(error)
    except web.HTTPException as error:
        code = 20004 if error.status == 405 else 20404  # noqa: PLR2004
        missing = f"The requested resource {request.path} was not found"
        return refusal(TwilioError(code, message=missing if code == 20404 else ""))  # noqa: PLR2004


async def _suffer_transport(world: World, request: web.Request, facts: dict[str, str]) -> None:
    faults = world.faults
    if faults.strikes("down", facts):
        cut(request)
    if slow := faults.strikes("slow", facts, lambda found: is_create(request) or bool(found["all_calls"])):
        spread = float(slow.parameters["spread"]) * world.random.uniform(-1, 1)
        await asyncio.sleep(max(0.0, float(slow.parameters["seconds"]) + spread))
    if faults.strikes("bad_credentials", facts):
        raise TwilioError(20003)


def _too_many(world: World, facts: dict[str, str]) -> web.Response | None:
    standing = world.faults.standing("too_many_requests", facts)
    if not standing:
        return None
    if allowed := int(standing.parameters["above_per_second"] or 0):
        now = time.monotonic()
        while standing.recent and standing.recent[0] <= now - 1:
            standing.recent.popleft()
        standing.recent.append(now)
        if len(standing.recent) <= allowed:
            return None
    if not (fault := world.faults.strikes("too_many_requests", facts)):
        return None
    response = refusal(TwilioError(20429))
    response.headers["Retry-After"] = str(fault.parameters["retry_after"])
    return response


def _server_error(parameters: dict[str, Any]) -> web.Response:
    status = int(parameters["http_status"])
    if parameters["html"]:
        return web.Response(status=status, text=HTML_FAULT.format(status), content_type="text/html")
    error = TwilioError(20503 if status == 503 else 20500, http_status=status)  # noqa: PLR2004
    return refusal(error)


def _note(world: World, request: web.Request, facts: dict[str, str], status: int, code: str, began: float) -> None:
    world.log.add(
        "api",
        world.clock.now(),
        method=request.method,
        path=request.path_qs,
        http_status=status,
        code=code,
        to=facts["recipient"],
        seconds=round(time.monotonic() - began, 3),
    )
