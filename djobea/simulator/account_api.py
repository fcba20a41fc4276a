"""What health checks ask: accounts, balance, numbers and senders; and the files of messages."""

import secrets
from functools import partial
from typing import Any, Final

from aiohttp import web

from djobea.simulator import resources
from djobea.simulator.errors import TwilioError
from djobea.simulator.gate import account_of
from djobea.simulator.messages_api import media_bytes
from djobea.simulator.state import Account, Media, Sender, World

BASE: Final = "/2010-04-01/Accounts"
SHOWN_INLINE: Final = ("image/jpeg", "image/png", "image/gif", "image/webp", "audio/", "video/")
LINK_SECONDS: Final = 4 * 3600


class AccountApi:
    """Accounts, Balance, IncomingPhoneNumbers, Channels/Senders and the bytes of media."""

    def __init__(self, world: World) -> None:
        self._world = world

    def routes(self) -> list[web.RouteDef]:
        """All paths of these resources."""
        return [
            web.get(f"{BASE}/{{account_sid}}.json", self.account),
            web.get(f"{BASE}/{{account_sid}}/Balance.json", self.balance),
            web.get(f"{BASE}/{{account_sid}}/IncomingPhoneNumbers.json", self.numbers),
            web.get(f"{BASE}/{{owner_sid}}/Messages/{{sid}}/Media/{{media_sid}}", self.media),
            web.get("/media/{key}", self.linked_media),
            web.get("/v2/Channels/Senders", self.senders),
            web.get("/v2/Channels/Senders/{sid}", self.sender),
            web.post("/v2/Channels/Senders/{sid}", self.update_sender),
        ]

    async def account(self, request: web.Request) -> web.Response:
        """GET an account."""
        return web.json_response(resources.account(request["account"]))

    async def balance(self, request: web.Request) -> web.Response:
        """GET the balance."""
        return web.json_response(resources.balance(request["account"]))

    async def numbers(self, request: web.Request) -> web.Response:
        """GET the account's telephone numbers, perhaps only the one that `PhoneNumber` names."""
        wanted = request.query.get("PhoneNumber", "").replace(" ", "+")
        rows = [
            resources.phone_number(sender)
            for sender in self._senders(request["account"], "sms")
            if sender.address.startswith("+") and wanted in ("", sender.address)
        ]
        query = {"Page": "0", "PageSize": "50"}
        return web.json_response(resources.page_2010(request.path, query, "incoming_phone_numbers", rows, more=False))

    async def senders(self, request: web.Request) -> web.Response:
        """GET the account's WhatsApp senders."""
        channel = request.query.get("Channel", "")
        if channel != "whatsapp":
            raise TwilioError(20422, message="Channel is required and must be one of whatsapp, rcs")
        size = resources.page_size(request.query.get("PageSize"))
        page = resources.number(request.query.get("Page"), 0)
        found = [resources.whatsapp_sender(self._world, each) for each in self._senders(request["account"], channel)]
        rows = found[page * size : (page + 1) * size]
        url = f"{self._world.public_url}/v2/Channels/Senders?Channel=whatsapp&"
        more = len(found) > (page + 1) * size
        return web.json_response(resources.page_v1(url, page, size, "senders", rows, more=more))

    async def sender(self, request: web.Request) -> web.Response:
        """GET one sender."""
        return web.json_response(resources.whatsapp_sender(self._world, self._found(request)))

    async def update_sender(self, request: web.Request) -> web.Response:
        """POST new webhooks of a sender."""
        sender = self._found(request)
        hooks: dict[str, Any] = (await request.json()).get("webhook") or {}
        sender.callback_url = str(hooks.get("callback_url", sender.callback_url))
        sender.status_callback_url = str(hooks.get("status_callback_url", sender.status_callback_url))
        return web.json_response(resources.whatsapp_sender(self._world, sender), status=202)

    def _senders(self, account: Account, channel: str) -> list[Sender]:
        """The account's senders of a channel; one that a standing fault makes unknown is missing, as at Twilio."""
        found = []
        for sender in self._world.senders.values():
            facts = {"account": account.sid, "channel": channel, "sender": sender.address}
            fault = self._world.faults.standing("unknown_sender", facts)
            is_hidden = fault is not None and fault.probability >= 1 and not fault.parameters["listed"]
            is_sandbox = sender.is_sandbox and channel == "whatsapp"
            if sender.account_sid == account.sid and sender.channel == channel and not is_hidden and not is_sandbox:
                found.append(sender)
        return found

    def _found(self, request: web.Request) -> Sender:
        for sender in self._senders(request["account"], "whatsapp"):
            if sender.sid == request.match_info["sid"]:
                return sender
        raise web.HTTPNotFound

    async def media(self, request: web.Request) -> web.Response:
        """GET the bytes of a medium: with credentials, unless the simulator was told otherwise."""
        world = self._world
        account = account_of(world, request) if world.options.media_auth else None
        media, _ = media_bytes(world, account, request.match_info["sid"], request.match_info["media_sid"])
        if world.options.media_redirect:
            key = secrets.token_urlsafe(24)
            world.media_links[key] = media
            world.clock.after(LINK_SECONDS, partial(_drop, world, key))
            return web.Response(status=307, headers={"Location": f"{world.public_url}/media/{key}"})
        return file_response(media)

    async def linked_media(self, request: web.Request) -> web.Response:
        """GET the bytes by a link that needs no credentials and lives four hours."""
        media = self._world.media_links.get(request.match_info["key"])
        if not media:
            raise web.HTTPNotFound
        return file_response(media)


def _drop(world: World, key: str) -> None:
    world.media_links.pop(key, None)


def file_response(media: Media) -> web.Response:
    """A file that came from a phone; nothing in it can run in the browser that shows it."""
    inline = media.content_type.startswith(SHOWN_INLINE)
    headers = {
        "Content-Type": media.content_type if inline else "application/octet-stream",
        "Content-Disposition": "inline" if inline else "attachment",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=media.content, headers=headers)
