"""The control API for what stands in the world: phones, accounts, senders, templates' approvals, opt-outs."""

from typing import Any, Final

from aiohttp import web

from djobea.simulator import pictures, resources
from djobea.simulator.furnishing import a_phone, add_sender
from djobea.simulator.lifecycle import Lifecycle
from djobea.simulator.rules import E164
from djobea.simulator.state import Account, Phone, World
from djobea.simulator.town import ImpossibleError, Town

PHONE_SWITCHES: Final = ("on", "whatsapp", "blocks_sender", "hides_number", "read_receipts")
PHONE_TEXTS: Final = ("name", "role", "language", "wa_id")
ACCOUNT_FIELDS: Final = ("auth_token", "friendly_name", "status", "is_trial", "balance", "daily_limit")
SENDER_FIELDS: Final = (
    "status",
    "callback_url",
    "status_callback_url",
    "is_sandbox",
    "quality_rating",
    "messaging_limit",
    "account_sid",
)


class FurnitureApi:
    """Phones, accounts, senders, approvals and opt-outs."""

    def __init__(self, world: World, lifecycle: Lifecycle, town: Town) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._town = town

    def routes(self) -> list[web.RouteDef]:
        """All paths of this part of the control API."""
        return [
            web.get("/control/phones", self.phones),
            web.post("/control/phones", self.change_phone),
            web.post("/control/phones/{number}/read", self.read),
            web.get("/control/accounts", self.accounts),
            web.post("/control/accounts", self.change_account),
            web.get("/control/senders", self.accounts),
            web.post("/control/senders", self.change_sender),
            web.post("/control/contents/{sid}/approval", self.decide),
            web.get("/control/opt_outs", self.opt_outs),
            web.post("/control/opt_outs", self.change_opt_out),
        ]

    async def phones(self, _request: web.Request) -> web.Response:
        """GET all phones."""
        return web.json_response({"phones": [pictures.phone(each) for each in self._world.phones.values()]})

    async def change_phone(self, request: web.Request) -> web.Response:
        """POST a new phone or changes to one: `{"number": "+237...", "on": false}`."""
        wish = await request.json()
        number = str(wish.get("number", ""))
        if not E164.fullmatch(number):
            raise ImpossibleError(f"number is {number!r}, but a phone needs one such as +237699000001.")
        is_new = number not in self._world.phones
        phone = self._world.phones.get(number) or a_phone(number, number, "customer")
        was_on = phone.on
        self._change(phone, wish)
        self._world.add_phone(phone)
        if phone.on and not was_on:
            self._lifecycle.switched_on(phone)
        self._world.hub.publish("phone", pictures.phone(phone))
        return web.json_response(pictures.phone(phone), status=201 if is_new else 200)

    def _change(self, phone: Phone, wish: dict[str, Any]) -> None:
        for name in PHONE_SWITCHES:
            if name in wish:
                setattr(phone, name, bool(wish[name]))
        for name in PHONE_TEXTS:
            if name in wish:
                setattr(phone, name, str(wish[name]))
        if "reads_after" in wish:
            phone.reads_after = None if wish["reads_after"] is None else float(wish["reads_after"])
        if "wrote_seconds_ago" in wish:
            self._remember_writing(phone, wish["wrote_seconds_ago"])

    def _remember_writing(self, phone: Phone, seconds: float | None) -> None:
        """Open or close the 24-hour window to all WhatsApp senders, as if the phone had written then."""
        senders = [each.address for each in self._world.senders.values() if each.channel == "whatsapp"]
        moment = self._world.clock.now() - float(seconds or 0)
        phone.last_wrote = {} if seconds is None else dict.fromkeys(senders, moment)

    async def read(self, request: web.Request) -> web.Response:
        """POST: the person looks at the phone, and reads what was delivered."""
        phone = self._world.phones.get(request.match_info["number"])
        if not phone:
            raise web.HTTPNotFound
        return web.json_response({"read": self._town.read_all(phone)})

    async def accounts(self, _request: web.Request) -> web.Response:
        """GET accounts with their budgets, and senders."""
        return web.json_response(pictures.budgets(self._world))

    async def change_account(self, request: web.Request) -> web.Response:
        """POST a new account or changes to one: `{"sid": "AC...", "daily_limit": 50}`."""
        wish = await request.json()
        sid = str(wish["sid"])
        account = self._world.accounts.setdefault(sid, Account(sid, str(wish.get("auth_token", ""))))
        for name in ACCOUNT_FIELDS:
            if name in wish:
                setattr(account, name, wish[name])
        if "api_keys" in wish:
            account.api_keys = {str(key): str(secret) for key, secret in wish["api_keys"].items()}
        if "verified_numbers" in wish:
            account.verified_numbers = set(wish["verified_numbers"])
        if "used_today" in wish:
            account.accepted.clear()
            account.accepted.extend([self._world.clock.now()] * int(wish["used_today"]))
        self._tell_accounts()
        return web.json_response(pictures.account(self._world, account))

    async def change_sender(self, request: web.Request) -> web.Response:
        """POST a new sender or changes to one: `{"address": "whatsapp:+1...", "status": "OFFLINE"}`; `"delete": true`."""
        wish = await request.json()
        address = str(wish["address"])
        if wish.get("delete"):
            self._world.senders.pop(address, None)
            self._tell_accounts()
            return web.json_response({"deleted": address})
        account_sid = str(wish.get("account_sid") or next(iter(self._world.accounts)))
        sender = self._world.senders.get(address) or add_sender(self._world, address, account_sid)
        for name in SENDER_FIELDS:
            if name in wish:
                setattr(sender, name, wish[name])
        self._tell_accounts()
        return web.json_response(pictures.sender(self._world, sender))

    async def decide(self, request: web.Request) -> web.Response:
        """POST WhatsApp's verdict on a template: `{"status": "paused"}`."""
        content = self._world.contents.get(request.match_info["sid"])
        if not content:
            raise web.HTTPNotFound
        wish = await request.json()
        content.approval |= {name: wish[name] for name in ("status", "rejection_reason", "category") if name in wish}
        return web.json_response(resources.approval(content))

    async def opt_outs(self, _request: web.Request) -> web.Response:
        """GET the pairs that Twilio blocks (21610)."""
        return web.json_response(
            {"opt_outs": [{"sender": one, "recipient": two} for one, two in self._world.opted_out]}
        )

    async def change_opt_out(self, request: web.Request) -> web.Response:
        """POST `{"sender": ..., "recipient": ..., "opted_out": true}`."""
        wish = await request.json()
        pair = (str(wish["sender"]), str(wish["recipient"]))
        (self._world.opted_out.add if wish.get("opted_out", True) else self._world.opted_out.discard)(pair)
        return await self.opt_outs(request)

    def _tell_accounts(self) -> None:
        self._world.hub.publish("accounts", pictures.budgets(self._world))
