"""Messages and their media: create, list, fetch, cancel, redact, delete."""

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from aiohttp import web

from djobea.simulator import pictures, resources, rules
from djobea.simulator.clock import as_datetime
from djobea.simulator.errors import TwilioError
from djobea.simulator.gate import cut, read_form, refusal
from djobea.simulator.lifecycle import Lifecycle
from djobea.simulator.state import Account, Media, Message, Sender, World

TRIAL_PREFIX: Final = "Sent from your Twilio trial account - "
FINISHED: Final = frozenset({"delivered", "read", "undelivered", "failed", "canceled", "received", "sent"})
BASE: Final = "/2010-04-01/Accounts/{account_sid}/Messages"


class MessagesApi:
    """The Messages resource."""

    def __init__(self, world: World, lifecycle: Lifecycle) -> None:
        self._world = world
        self._lifecycle = lifecycle

    def routes(self) -> list[web.RouteDef]:
        """All paths below Messages."""
        return [
            web.post(f"{BASE}.json", self.create),
            web.get(f"{BASE}.json", self.list_all),
            web.get(f"{BASE}/{{sid}}.json", self.fetch),
            web.post(f"{BASE}/{{sid}}.json", self.update),
            web.delete(f"{BASE}/{{sid}}.json", self.delete),
            web.get(f"{BASE}/{{sid}}/Media.json", self.list_media),
            web.get(f"{BASE}/{{sid}}/Media/{{media_sid}}.json", self.fetch_media),
            web.delete(f"{BASE}/{{sid}}/Media/{{media_sid}}.json", self.delete_media),
        ]

    async def create(self, request: web.Request) -> web.Response:
        """POST Messages.json."""
        world, account = self._world, request["account"]
        form = await read_form(request)
        media_urls = form.get("MediaUrl", "").split("\n")
        try:
            draft = rules.read(world, account, form, media_urls)
            facts = {"account": account.sid, "channel": draft.channel, "sender": draft.sender, "recipient": draft.to}
            message, fate = self._accept(account, draft, facts)
        except TwilioError as error:
            self._record_refusal(account, form, error)
            return refusal(error)
        answer = resources.message(message)
        if draft.send_at is not None:
            self._lifecycle.later(draft.send_at - world.clock.now(), partial(self._release_scheduled, message))
        elif fate is None and message.status_callback and world.faults.strikes("callbacks_early", facts):
            await self._lifecycle.tell_early(message)
        else:
            self._lifecycle.begin(message, fate=fate)
        if world.faults.strikes("cut_after", facts):
            cut(request)
        if empty := world.faults.strikes("empty_answer", facts):
            return web.json_response(text="" if empty.parameters["body"] == "empty" else "{}", status=201)
        return web.json_response(answer, status=201)

    def _accept(self, account: Account, draft: rules.Draft, facts: dict[str, str]) -> tuple[Message, int | None]:
        world = self._world
        fate = self._fated(facts)
        try:
            sender = rules.choose_sender(world, account, draft, facts)
            rules.check_permission(world, account, draft, sender)
        except TwilioError as error:
            if not draft.service or error.code == 21703:  # noqa: PLR2004
                raise
            # With a Messaging Service the refusal comes as 201 `accepted`, then `failed`.
            sender = Sender("", account.sid, "")
            fate = error.code
        rules.check_budget(world, account, facts)
        account.accepted.append(world.clock.now())
        message = self._stored(account, draft, sender)
        return message, fate

    def _fated(self, facts: dict[str, str]) -> int | None:
        """The code that a fault gives this message: raised for an answer, returned for a callback."""
        faults = self._world.faults
        for name in ("error", "channel_rate", "opted_out"):
            if fault := faults.strikes(name, facts):
                code = int(fault.parameters["code"])
                if fault.parameters["where"] == "answer":
                    raise TwilioError(
                        code,
                        message=str(fault.parameters.get("message", "")),
                        http_status=int(fault.parameters.get("http_status", 0) or 0),
                    )
                return code
        for name in ("window_closed", "no_whatsapp"):
            if facts["channel"] == "whatsapp" and (fault := faults.strikes(name, facts)):
                return int(fault.parameters["code"])
        return None

    def _stored(self, account: Account, draft: rules.Draft, sender: Sender) -> Message:
        world, now = self._world, self._world.clock.now()
        body = draft.body
        if account.is_trial and draft.channel == "sms":
            body = TRIAL_PREFIX + body
        rich = draft.rich
        if draft.geo:
            place, _, label = draft.geo.removeprefix("geo:").partition("|")
            latitude, _, longitude = place.partition(",")
            rich = {"type": "location", "latitude": latitude, "longitude": longitude, "label": label}
        message = Message(
            sid=world.new_sid("MM" if draft.media_urls or draft.content_sid else "SM"),
            account_sid=account.sid,
            direction="outbound-api",
            sender=sender.address,
            recipient=draft.to,
            body=body,
            status=("accepted" if draft.send_at is None else "scheduled") if draft.service else "queued",
            created=now,
            updated=now,
            messaging_service_sid=draft.service or None,
            status_callback=draft.status_callback or sender.status_callback_url,
            content_sid=draft.content_sid,
            rich=rich,
            media=[Media(world.new_sid("ME"), "image/jpeg", b"", now, external_url=url) for url in draft.media_urls],
            validity=draft.validity,
        )
        self._remember(message)
        return message

    def _remember(self, message: Message) -> None:
        world = self._world
        facts = {"account": message.account_sid, "channel": message.channel, "sender": message.sender, "recipient": message.recipient}  # fmt: skip
        message.hidden_from_list = world.faults.standing("list_silent", facts) is not None
        lag = world.faults.standing("list_lag", facts)
        message.listed_from = message.created + (float(lag.parameters["seconds"]) if lag else 0.0)
        world.add_message(message)
        world.hub.publish("message", pictures.message(world, message))

    def _record_refusal(self, account: Account, form: dict[str, str], error: TwilioError) -> None:
        """Since 2024 Twilio keeps creations that it refused with 400, and lists them as `failed`."""
        if error.http_status != 400 or not form.get("To"):  # noqa: PLR2004
            return
        now = self._world.clock.now()
        message = Message(
            sid=self._world.new_sid("SM"),
            account_sid=account.sid,
            direction="outbound-api",
            sender=form.get("From", ""),
            recipient=form["To"],
            body=form.get("Body", "")[: rules.LONGEST_BODY],
            status="failed",
            created=now,
            updated=now,
            sent=now,
            error_code=error.code,
            error_message=error.message,
        )
        self._remember(message)

    def _release_scheduled(self, message: Message) -> None:
        if message.status == "scheduled":
            message.note("queued", self._world.clock.now())
            self._lifecycle.begin(message)

    async def list_all(self, request: web.Request) -> web.Response:
        """GET Messages.json: newest first, filtered by To, From and DateSent."""
        query = request.query
        size, page = resources.page_size(query.get("PageSize")), resources.number(query.get("Page"), 0)
        rows = list(islice(self._listed(request), page * size, (page + 1) * size + 1))
        links = {name: quote(value, safe="") for name, value in query.items()} | {
            "Page": str(page),
            "PageSize": str(size),
        }
        links = {name.replace("<", "%3C").replace(">", "%3E"): value for name, value in links.items()}
        shown = [resources.message(message) for message in rows[:size]]
        return web.json_response(resources.page_2010(request.path, links, "messages", shown, more=len(rows) > size))

    def _listed(self, request: web.Request) -> Iterator[Message]:
        query, now = request.query, self._world.clock.now()
        account: Account = request["account"]
        to, sender = query.get("To", ""), query.get("From", "")
        dates = [(name[8:], value) for name, value in query.items() if name.startswith("DateSent")]
        for message in self._world.messages_at(*filter(None, (to, sender))):
            fits = (
                message.account_sid == account.sid and to in ("", message.recipient) and sender in ("", message.sender)
            )
            if not fits or message.hidden_from_list or message.listed_from > now:
                continue
            if all(_in_time(message.sent, mark, value) for mark, value in dates):
                yield message

    async def fetch(self, request: web.Request) -> web.Response:
        """GET one message."""
        return web.json_response(resources.message(self._found(request)))

    async def update(self, request: web.Request) -> web.Response:
        """POST to a message: cancel it while it is scheduled, or redact its body."""
        message = self._found(request)
        form = await read_form(request)
        if form.get("Status") == "canceled":
            if message.status not in {"scheduled", "accepted", "queued"}:
                raise TwilioError(20009, message="Only messages that are not sent yet can be canceled")
            self._lifecycle.advance(message, "canceled")
        if form.get("Body") == "":
            if message.status not in FINISHED:
                raise TwilioError(20009, message="Resource not complete")
            message.body = ""
        self._world.hub.publish("message", pictures.message(self._world, message))
        return web.json_response(resources.message(message))

    async def delete(self, request: web.Request) -> web.Response:
        """DELETE a message, once it is complete."""
        message = self._found(request)
        if message.status not in FINISHED:
            raise TwilioError(20009, message="Resource not complete")
        self._world.forget(message)
        return web.Response(status=204)

    async def list_media(self, request: web.Request) -> web.Response:
        """GET the media of a message."""
        message = self._found(request)
        rows = [resources.media(message, each) for each in message.media]
        query = {"Page": "0", "PageSize": "50"}
        return web.json_response(resources.page_2010(request.path, query, "media_list", rows, more=False))

    async def fetch_media(self, request: web.Request) -> web.Response:
        """GET what is known of one medium."""
        message = self._found(request)
        return web.json_response(resources.media(message, _medium(message, request.match_info["media_sid"])))

    async def delete_media(self, request: web.Request) -> web.Response:
        """DELETE one medium."""
        message = self._found(request)
        message.media.remove(_medium(message, request.match_info["media_sid"]))
        return web.Response(status=204)

    def _found(self, request: web.Request) -> Message:
        message = self._world.messages.get(request.match_info["sid"])
        account: Account = request["account"]
        if not message or message.account_sid != account.sid:
            raise web.HTTPNotFound
        return message


def _medium(message: Message, sid: str) -> Media:
    for each in message.media:
        if each.sid == sid:
            return each
    raise web.HTTPNotFound


def _in_time(sent: float | None, mark: str, text: str) -> bool:
    """Whether a moment fits `DateSent`, `DateSent<` (on or before) or `DateSent>` (on or after); days or full times."""
    if sent is None:
        return False
    if len(text) == len("2026-11-24"):
        day = as_datetime(sent).date().isoformat()
        return {"": day == text, "<": day <= text, ">": day >= text}[mark]
    try:
        wanted = datetime.fromisoformat(text).timestamp()
    except ValueError as error:
        raise TwilioError(20001, message=f"DateSent {text} is not a date") from error
    moment = float(int(sent))
    return {"": moment == wanted, "<": moment <= wanted, ">": moment >= wanted}[mark]


def media_bytes(world: World, account: Account | None, message_sid: str, media_sid: str) -> tuple[Media, Any]:
    """A medium and its message, when this account may read it; raises `HTTPNotFound`."""
    message = world.messages.get(message_sid)
    if not message or (account and message.account_sid != account.sid):
        raise web.HTTPNotFound
    return _medium(message, media_sid), message
