"""What becomes of an accepted message: sent, delivered, read, or not; each step told by a status callback."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from djobea.simulator import pictures
from djobea.simulator.clock import as_datetime
from djobea.simulator.errors import CHANNEL_TEXTS, ENDS_AS_FAILED, TwilioError
from djobea.simulator.state import DAY_SECONDS, ENDS, Message, Phone, World
from djobea.simulator.webhooks import Caller

EVENT_TYPES = {"delivered": "DELIVERED", "read": "READ", "undelivered": "UNDELIVERED"}
MASKED_DIGITS = 4


class Lifecycle:
    """Moves messages through their states and tells the callback addresses."""

    def __init__(self, world: World, caller: Caller) -> None:
        self._world = world
        self._caller = caller
        self._tails: dict[str, asyncio.Task[None]] = {}  # per message: the callback that the next one waits for
        self._held: dict[str, Callable[[], None]] = {}  # callbacks that wait to be overtaken
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Let go of callbacks under way."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def begin(self, message: Message, *, fate: int | None = None) -> None:
        """Set an accepted message on its way; `fate` is the code with which it shall fail."""
        self.later(self._world.options.sent_after, partial(self._leave, message, fate))

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do it after so many seconds of the simulator's clock, unless the world was reset meanwhile."""
        generation = self._world.generation

        def unless_reset() -> None:
            if self._world.generation == generation:
                action()

        self._world.clock.after(seconds, unless_reset)

    def start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run it beside everything else."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def fail(self, message: Message, code: int) -> None:
        """End the message with this code, as `failed` or `undelivered` as the code does."""
        message.error_code = code
        message.error_message = TwilioError(code).message
        self.advance(message, "failed" if code in ENDS_AS_FAILED or message.sent is None else "undelivered")

    def advance(self, message: Message, status: str) -> None:
        """Put the message into a state and tell the callback address."""
        if message.status in ENDS and not (message.status == "undelivered" and status == "delivered"):
            return
        world, now = self._world, self._world.clock.now()
        message.note(status, now)
        if status == "sent":
            message.sent = now
        if status == "delivered" and message.price is None:
            message.price = "-0.00500"
        world.hub.publish("message", pictures.message(world, message))
        self._tell(message, status)

    def deliver(self, message: Message) -> None:
        """Try to hand a sent message to its phone; what cannot be delivered now waits."""
        phone = self._world.phone_at(message.recipient)
        if message.status != "sent" or message.swallowed or (phone and not phone.on):
            return
        self.advance(message, "delivered")
        if phone and phone.reads_after is not None:
            self.later(phone.reads_after, partial(self.read, phone, message))

    def read(self, phone: Phone, message: Message) -> None:
        """The person has seen it; the sender learns of it when receipts are on."""
        if phone.on and phone.read_receipts and message.status == "delivered" and message.channel == "whatsapp":
            self.advance(message, "read")

    def switched_on(self, phone: Phone) -> None:
        """Deliver what waited for the phone, the oldest first."""
        waiting = [m for address in phone.addresses() for m in self._world.messages_at(address) if m.status == "sent"]
        for message in sorted(waiting, key=lambda each: each.created):
            self.deliver(message)

    def _leave(self, message: Message, fate: int | None) -> None:
        if message.status not in {"queued", "accepted", "sending"}:
            return  # cancelled meanwhile
        code = fate or self._obstacle(message)
        if code:
            self._fail_on_the_channel(message, code)
            return
        phone = self._world.phone_at(message.recipient)
        # WhatsApp tells nobody of a block: the message stays `sent` for ever.
        message.swallowed = bool(phone and phone.blocks_sender and message.channel == "whatsapp")
        self.advance(message, "sent")
        self.later(self._world.options.delivered_after, partial(self.deliver, message))
        if message.channel == "sms":
            self.later(message.validity, partial(self._give_up, message))

    def _fail_on_the_channel(self, message: Message, code: int) -> None:
        if code not in ENDS_AS_FAILED and message.channel == "sms":
            self.advance(message, "sent")
        message.sent = message.sent or self._world.clock.now()
        self.fail(message, code)

    def _give_up(self, message: Message) -> None:
        if message.status == "sent":
            self.fail(message, 30003)

    def _obstacle(self, message: Message) -> int | None:
        if message.channel != "whatsapp":
            return None
        phone = self._world.phone_at(message.recipient)
        if phone and not phone.whatsapp:
            return 63024
        if message.content_sid and (content := self._world.contents.get(message.content_sid)):
            status = content.approval.get("status", "unsubmitted")
            if code := {"paused": 63041, "disabled": 63042, "rejected": 63040}.get(status):
                return code
            if status == "approved":
                return None
        return None if self.window_is_open(phone, message.sender) else 63016

    def window_is_open(self, phone: Phone | None, sender: str) -> bool:
        """Whether the person wrote to this sender in the last 24 hours."""
        if not self._world.options.window_rule:
            return True
        wrote = phone.last_wrote.get(sender) if phone else None
        return wrote is not None and wrote > self._world.clock.now() - DAY_SECONDS

    # Callbacks.

    async def tell_early(self, message: Message) -> None:
        """Call back with `sent` at once and wait until that is done (a fault: before the API's answer)."""
        now = self._world.clock.now()
        message.note("sent", now)
        message.sent = now
        await self._call(message, self.fields(message, "sent"))
        self.later(self._world.options.delivered_after, partial(self.deliver, message))

    def fields(self, message: Message, status: str) -> dict[str, str]:
        """The form fields of a status callback."""
        fields = {
            "MessageSid": message.sid,
            "SmsSid": message.sid,
            "MessageStatus": status,
            "SmsStatus": status,
            "AccountSid": message.account_sid,
            "From": message.sender,
            "To": message.recipient,
            "ApiVersion": "2010-04-01",
        }
        if message.messaging_service_sid:
            fields["MessagingServiceSid"] = message.messaging_service_sid
        failed = status in {"failed", "undelivered"} and message.error_code is not None
        if failed:
            fields["ErrorCode"] = str(message.error_code)
        if message.channel == "sms":
            if status in {"delivered", "undelivered"}:
                fields["RawDlrDoneDate"] = as_datetime(self._world.clock.now()).strftime("%y%m%d%H%M")
            return fields
        return fields | self._whatsapp_fields(message, status, failed=failed)

    def _whatsapp_fields(self, message: Message, status: str, *, failed: bool) -> dict[str, str]:
        sender = self._world.senders.get(message.sender)
        address = message.recipient.removeprefix("whatsapp:")
        fields = {
            "ChannelPrefix": "whatsapp",
            "ChannelInstallSid": sender.sid if sender else "",
            "ChannelToAddress": address[:-MASKED_DIGITS] + "X" * MASKED_DIGITS,
        }
        if status in EVENT_TYPES:
            fields["EventType"] = EVENT_TYPES[status]
        if status == "sent":
            fields["StructuredMessage"] = "true" if message.content_sid else "false"
        if failed:
            fields["ErrorMessage"] = message.error_message or ""
            if text := CHANNEL_TEXTS.get(message.error_code or 0):
                fields["ChannelStatusMessage"] = text
        return fields

    def _tell(self, message: Message, status: str) -> None:
        if not message.status_callback:
            return
        facts = facts_of(message)
        faults = self._world.faults
        for_status = partial(_strikes_status, status=status)
        lost = faults.strikes("callbacks_lost", facts, for_status)
        if lost:
            message.callbacks.append({"status": status, "at": self._world.clock.now(), "outcome": "lost"})
            return
        fields = self.fields(message, status)
        doubled = faults.strikes("callbacks_doubled", facts, for_status)
        copies = max(1, int(doubled.parameters["copies"])) if doubled else 1
        delayed = faults.strikes("callbacks_delayed", facts, for_status)
        reordered = faults.strikes("callbacks_reordered", facts, for_status)
        for _ in range(copies):
            go = partial(self._go, message, fields, in_order=not delayed)
            if delayed:
                self.later(float(delayed.parameters["seconds"]), go)
            elif reordered and message.sid not in self._held:
                self._hold(message, go, float(reordered.parameters["hold_seconds"]))
            else:
                go()
                self._release(message)

    def _hold(self, message: Message, go: Callable[[], None], seconds: float) -> None:
        self._held[message.sid] = go
        self.later(seconds, partial(self._release, message))

    def _release(self, message: Message) -> None:
        if held := self._held.pop(message.sid, None):
            held()

    def _go(self, message: Message, fields: dict[str, str], *, in_order: bool) -> None:
        before = self._tails.get(message.sid) if in_order else None

        async def work() -> None:
            if before:
                await asyncio.wait([before])
            await self._call(message, fields)

        task = self.start(work())
        if in_order:
            self._tails[message.sid] = task
            task.add_done_callback(lambda done: self._forget_tail(message.sid, done))

    def _forget_tail(self, sid: str, done: asyncio.Task[None]) -> None:
        if self._tails.get(sid) is done:
            del self._tails[sid]

    async def _call(self, message: Message, fields: dict[str, str]) -> None:
        account = self._world.accounts.get(message.account_sid)
        if not account or not message.status_callback:
            return
        token = str(uuid.uuid4())
        answer = await self._caller.call(message.status_callback, fields, account.auth_token, token)
        now = self._world.clock.now()
        outcome = {"http_status": answer.http_status, "failure": answer.failure, "tries": answer.tries}
        message.callbacks.append({"status": fields["MessageStatus"], "at": now, "outcome": "called", **outcome})
        self._world.log.add(
            "callback",
            now,
            sid=message.sid,
            status=fields["MessageStatus"],
            code=fields.get("ErrorCode", ""),
            url=message.status_callback,
            **outcome,
        )


def facts_of(message: Message) -> dict[str, str]:
    """What the filters of faults look at."""
    return {
        "account": message.account_sid,
        "channel": message.channel,
        "sender": message.sender,
        "recipient": message.recipient,
    }


def _strikes_status(parameters: dict[str, Any], *, status: str) -> bool:
    wanted = str(parameters["statuses"])
    return not wanted or status in wanted.split(",")
