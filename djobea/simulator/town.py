"""What the people with the phones do: write, tap, share a place, read; each inbound message calls Djobea's webhook."""

import base64
import binascii
import json
import uuid
from collections.abc import Mapping
from typing import Any, Final

from djobea.simulator import pictures
from djobea.simulator.errors import TwilioError
from djobea.simulator.lifecycle import Lifecycle, facts_of
from djobea.simulator.state import Media, Message, Phone, Sender, World
from djobea.simulator.twiml import OPT_OUT_REPLIES, opt_out_kind, replies_in
from djobea.simulator.webhooks import Answer, Caller

LARGEST_MEDIA: Final = 16 * 1024 * 1024
MEDIA_TYPES: Final = {"image": "image", "audio": "audio", "video": "video"}
TAPS: Final = ("button", "item")


class ImpossibleError(ValueError):
    """A phone cannot do this; the text is for the person who asked for it."""


class Town:
    """The people and their phones."""

    def __init__(self, world: World, lifecycle: Lifecycle, caller: Caller) -> None:
        self._world = world
        self._lifecycle = lifecycle
        self._caller = caller

    def write(self, phone: Phone, wish: Mapping[str, Any]) -> Message:
        """Let a phone write: text, media, location, or a tap on a button or list item. Raises `ImpossibleError`."""
        channel = str(wish.get("channel") or ("whatsapp" if phone.whatsapp else "sms"))
        self._check(phone, channel)
        sender = self._addressee(phone, channel, str(wish.get("sender") or ""))
        now = self._world.clock.now()
        media = _media(self._world, wish.get("media"), now)
        message = Message(
            sid=str(wish.get("sid") or self._world.new_sid("MM" if media else "SM")),
            account_sid=sender.account_sid,
            direction="inbound",
            sender=self._address(phone, channel),
            recipient=sender.address,
            body=str(wish.get("text") or wish.get("body") or ""),
            status="received",
            created=now,
            updated=now,
            sent=now,
            media=[media] if media else [],
        )
        self._fill(message, phone, wish)
        if channel == "whatsapp":
            phone.last_wrote[sender.address] = now
            if sender.is_sandbox and message.body.lower().startswith("join "):
                phone.joined[sender.address] = now
        opt_out = self._obey_opt_out(message) if channel == "sms" else ""
        message.form = self._form(message, phone, opt_out) | message.form
        self._remember(message)
        self._lifecycle.start(self._tell(message, sender))
        return message

    def read_all(self, phone: Phone) -> int:
        """The person looks at the phone: everything delivered is read. Returns how many messages that were."""
        unread = [
            m for address in phone.addresses() for m in self._world.messages_at(address) if m.status == "delivered"
        ]
        for message in reversed(unread):
            self._lifecycle.read(phone, message)
        return len(unread)

    def _check(self, phone: Phone, channel: str) -> None:
        if not phone.on:
            raise ImpossibleError(f"{phone.number} is switched off.")
        if channel == "whatsapp" and not phone.whatsapp:
            raise ImpossibleError(f"{phone.number} has no WhatsApp.")
        if channel == "sms" and not self._world.options.sms_two_way:
            raise ImpossibleError("SMS is one-way in Cameroon: a phone cannot answer (--sms-two-way allows it).")

    def _addressee(self, phone: Phone, channel: str, wanted: str) -> Sender:
        sender = self._world.senders.get(wanted) if wanted else self._world.sender_for(phone, channel)
        if not sender or sender.channel != channel:
            raise ImpossibleError(f"There is no {channel} sender {wanted} to write to.")
        return sender

    def _address(self, phone: Phone, channel: str) -> str:
        if channel == "sms":
            return phone.number
        return f"whatsapp:{phone.wa_id if phone.hides_number else phone.number}"

    def _fill(self, message: Message, phone: Phone, wish: Mapping[str, Any]) -> None:
        if place := wish.get("location"):
            for name in ("latitude", "longitude", "label", "address"):
                if place.get(name) not in (None, ""):
                    message.form[name.capitalize()] = str(place[name])
            message.rich = {"type": "location", **place}
        for tap in TAPS:
            if wish.get(tap) is not None:
                self._tap(message, phone, tap, wish)

    def _tap(self, message: Message, phone: Phone, tap: str, wish: Mapping[str, Any]) -> None:
        """A tap answers a message with buttons: the one named, else the newest that has such a choice."""
        wanted, original_sid = str(wish[tap]), str(wish.get("message_sid") or "")
        for original in self._shown(phone, original_sid):
            key, label = ("actions", "title") if tap == "button" else ("items", "item")
            for choice in original.rich.get(key) or []:
                if wanted in (str(choice.get("id", "")), str(choice.get(label, ""))):
                    message.body = str(choice[label])
                    message.form |= self._tap_fields(original, tap, choice)
                    return
        raise ImpossibleError(f"No message on {phone.number} has the choice {wanted!r}.")

    def _shown(self, phone: Phone, sid: str) -> list[Message]:
        if sid:
            return [self._world.messages[sid]] if sid in self._world.messages else []
        found = [
            m
            for address in phone.addresses()
            for m in self._world.messages_at(address)
            if m.status in {"delivered", "read"}
        ]
        return sorted(found, key=lambda each: each.created, reverse=True)

    def _tap_fields(self, original: Message, tap: str, choice: Mapping[str, Any]) -> dict[str, str]:
        content = self._world.contents.get(original.content_sid)
        is_template = bool(content and content.approval.get("status") == "approved")
        replied = {"OriginalRepliedMessageSender": original.sender, "OriginalRepliedMessageSid": original.sid}
        if tap == "item":
            choice_fields = {
                "ListId": str(choice.get("id", "")),
                "ListTitle": str(choice["item"]),
                "MessageType": "interactive",
            }
            return replied | choice_fields
        title = str(choice["title"])
        fields = {"ButtonText": title, "ButtonPayload": str(choice.get("id") or title)}
        if is_template:
            return replied | fields | {"MessageType": "button"}
        return replied | fields | {"MessageType": "interactive", "Forwarded": "false", "FrequentlyForwarded": "false"}

    def _obey_opt_out(self, message: Message) -> str:
        kind = opt_out_kind(message.body)
        pair = (message.recipient, message.sender)
        if kind == "STOP":
            self._world.opted_out.add(pair)
        elif kind == "START":
            self._world.opted_out.discard(pair)
        if kind:
            self._reply(message, OPT_OUT_REPLIES[kind])
        return kind

    def _form(self, message: Message, phone: Phone, opt_out: str) -> dict[str, str]:
        """The fields of the inbound webhook."""
        fields = {
            "MessageSid": message.sid,
            "SmsMessageSid": message.sid,
            "SmsSid": message.sid,
            "AccountSid": message.account_sid,
            "From": message.sender,
            "To": message.recipient,
            "Body": message.body,
            "NumMedia": str(len(message.media)),
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
        }
        for index, media in enumerate(message.media):
            path = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Media/{media.sid}"
            fields[f"MediaUrl{index}"] = self._world.public_url + path
            fields[f"MediaContentType{index}"] = media.content_type
        if message.channel == "sms":
            empty = dict.fromkeys(("FromCity", "FromState", "FromZip", "ToCity", "ToState", "ToZip"), "")
            fields |= {**empty, "FromCountry": "CM", "ToCountry": "US"}
            return fields | ({"OptOutType": opt_out} if opt_out else {})
        return fields | self._whatsapp_form(message, phone)

    def _whatsapp_form(self, message: Message, phone: Phone) -> dict[str, str]:
        context = {"ProfileName": phone.name}
        if not phone.hides_number:
            context["WaId"] = phone.number.removeprefix("+")
        fields = {
            "ProfileName": phone.name,
            "ExternalUserId": f"whatsapp:{phone.wa_id}",
            "MessageType": _message_type(message),
            "ReferralNumMedia": "0",
        }
        fields |= {"Username": phone.username} if phone.hides_number else {"WaId": context["WaId"]}
        if message.form.get("MessageType") == "interactive" and "ButtonText" in message.form:
            context |= {name: message.form[name] for name in ("ButtonText", "Forwarded", "FrequentlyForwarded")}
        metadata = {"type": "whatsapp", "data": {"context": context}}
        return fields | {"ChannelMetadata": json.dumps(metadata, separators=(",", ":"))}

    def _remember(self, message: Message) -> None:
        world, facts = self._world, facts_of(message)
        message.hidden_from_list = world.faults.standing("list_silent", facts) is not None
        lag = world.faults.standing("list_lag", facts)
        message.listed_from = message.created + (float(lag.parameters["seconds"]) if lag else 0.0)
        world.add_message(message)
        world.hub.publish("message", pictures.message(world, message))

    async def _tell(self, message: Message, sender: Sender) -> None:
        account = self._world.accounts.get(sender.account_sid)
        facts = {
            "account": message.account_sid,
            "channel": message.channel,
            "sender": sender.address,
            "recipient": message.sender,
        }
        if not account or not sender.callback_url:
            self._noted(message, sender, Answer(failure="no webhook"))
            return
        if self._world.faults.strikes("inbound_lost", facts):
            self._noted(message, sender, Answer(failure="lost"))
            return
        doubled = self._world.faults.strikes("inbound_doubled", facts)
        token = str(uuid.uuid4())
        for _ in range(max(1, int(doubled.parameters["copies"])) if doubled else 1):
            answer = await self._caller.call(sender.callback_url, message.form, account.auth_token, token)
            self._noted(message, sender, answer)
            for text in replies_in(answer):
                self._reply(message, text)

    def _noted(self, message: Message, sender: Sender, answer: Answer) -> None:
        world, now = self._world, self._world.clock.now()
        code = answer.debugger_code
        if code:
            message.error_code, message.error_message = code, TwilioError(code).message
        outcome = {"http_status": answer.http_status, "failure": answer.failure, "tries": answer.tries}
        message.callbacks.append({"status": "received", "at": now, "outcome": "called", **outcome})
        world.log.add(
            "inbound", now, sid=message.sid, status="received", code=code or "", url=sender.callback_url, **outcome
        )
        world.hub.publish("message", pictures.message(world, message))

    def _reply(self, to: Message, text: str) -> None:
        """A message that answers in the webhook's own answer, or Twilio's own to an opt-out word."""
        now, account = self._world.clock.now(), self._world.accounts.get(to.account_sid)
        reply = Message(
            sid=self._world.new_sid("SM"),
            account_sid=to.account_sid,
            direction="outbound-reply",
            sender=to.recipient,
            recipient=to.sender,
            body=text,
            status="queued",
            created=now,
            updated=now,
        )
        if account:
            account.accepted.append(now)
        self._remember(reply)
        self._lifecycle.begin(reply)


def _message_type(message: Message) -> str:
    if message.form.get("Latitude"):
        return "location"
    if not message.media:
        return "text"
    return MEDIA_TYPES.get(message.media[0].content_type.partition("/")[0], "document")


def _media(world: World, wish: Mapping[str, Any] | None, now: float) -> Media | None:
    if not wish:
        return None
    try:
        content = base64.b64decode(str(wish.get("data_base64") or ""), validate=True)
    except binascii.Error as error:
        raise ImpossibleError("data_base64 is not base64.") from error
    if len(content) > LARGEST_MEDIA:
        raise ImpossibleError("The file is larger than the 16 MB that WhatsApp takes.")
    kind = str(wish.get("content_type") or "application/octet-stream")
    return Media(world.new_sid("ME"), kind, content, now, file_name=str(wish.get("file_name") or ""))
