"""May this message be created? The rules of POST Messages, in the order in which they are asked."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from ipaddress import ip_address
from typing import Any, Final
from urllib.parse import urlsplit

from djobea.simulator.contents import rendered
from djobea.simulator.errors import TwilioError, too_many_today
from djobea.simulator.state import Account, Sender, World, channel_of

LONGEST_BODY: Final = 1600
LONGEST_URL: Final = 4000
MOST_MEDIA: Final = 10
LONGEST_VALIDITY: Final = 36_000
SANDBOX_SESSION_SECONDS: Final = 3 * 86_400
SANDBOX_PAUSE_SECONDS: Final = 3.0
SCHEDULE_SECONDS: Final = (15 * 60, 35 * 86_400)

E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
WHATSAPP_ADDRESS: Final = re.compile(r"whatsapp:(\+[1-9][0-9]{6,14}|[A-Z]{2}\.[0-9A-Za-z]{1,128})")
ALPHANUMERIC: Final = re.compile(r"(?=.*[A-Za-z])[0-9A-Za-z +&_-]{1,11}")
CAMEROON_LANDLINE: Final = re.compile(r"\+2372[0-9]{8}")


@dataclass(slots=True)
class Draft:
    """A message as asked for, read and half checked."""

    to: str
    sender: str
    service: str
    body: str
    media_urls: list[str]
    content_sid: str
    status_callback: str
    validity: float
    send_at: float | None = None
    geo: str = ""
    rich: dict[str, Any] = field(default_factory=dict)

    @property
    def channel(self) -> str:
        """`whatsapp` or `sms`, as the recipient's address says."""
        return channel_of(self.to)


def read(world: World, account: Account, form: Mapping[str, str], media_urls: list[str]) -> Draft:
    """The form as a draft; raises `TwilioError` where it has the wrong form."""
    draft = Draft(
        to=form.get("To", "").strip(),
        sender=form.get("From", "").strip(),
        service=form.get("MessagingServiceSid", "").strip(),
        body=form.get("Body", ""),
        media_urls=[url for url in media_urls if url],
        content_sid=form.get("ContentSid", "").strip(),
        status_callback=form.get("StatusCallback", "").strip(),
        validity=_validity(form.get("ValidityPeriod", "")),
    )
    if not draft.to:
        raise TwilioError(21604)
    if not draft.sender and not draft.service:
        raise TwilioError(21603)
    _read_content(world, account, draft, form)
    _check_callback(draft.status_callback, strict=world.options.strict)
    _check_recipient(draft)
    draft.send_at = _send_at(world, draft, form)
    draft.geo = next((part for part in form.get("PersistentAction", "").split("\n") if part.startswith("geo:")), "")
    return draft


def choose_sender(world: World, account: Account, draft: Draft, facts: Mapping[str, str]) -> Sender:
    """The sender that the message leaves by; raises `TwilioError` when there is none."""
    if world.faults.strikes("unknown_sender", facts):
        raise TwilioError(63007)
    if not draft.sender:
        for sender in world.senders.values():
            if sender.account_sid == account.sid and sender.channel == draft.channel:
                return sender
        raise TwilioError(21703)
    if channel_of(draft.sender) != draft.channel:
        code = 63007 if draft.channel == "whatsapp" else 30016
        raise TwilioError(code)
    if draft.sender == draft.to:
        raise TwilioError(21266)
    return (
        _whatsapp_sender(world, account, draft) if draft.channel == "whatsapp" else _sms_sender(world, account, draft)
    )


def _whatsapp_sender(world: World, account: Account, draft: Draft) -> Sender:
    found = world.senders.get(draft.sender)
    if not found or found.account_sid != account.sid or not found.status.startswith("ONLINE"):
        raise TwilioError(63007)
    return found


def _sms_sender(world: World, account: Account, draft: Draft) -> Sender:
    if account.is_trial and ALPHANUMERIC.fullmatch(draft.sender):
        raise TwilioError(21267)
    found = world.senders.get(draft.sender)
    if not found or found.account_sid != account.sid:
        words = f"The 'From' phone number provided ({draft.sender}) is not a valid message-capable Twilio phone number"
        raise TwilioError(21606, message=f"{words} for this destination/account")
    return found


def check_permission(world: World, account: Account, draft: Draft, sender: Sender) -> None:
    """Trial, opt-out and sandbox; raises `TwilioError`."""
    number = draft.to.removeprefix("whatsapp:")
    if account.is_trial and account.verified_numbers and number not in account.verified_numbers:
        raise TwilioError(21608)
    if (sender.address, draft.to) in world.opted_out:
        raise TwilioError(21610)
    if sender.is_sandbox:
        _check_sandbox(world, draft, sender)


def check_budget(world: World, account: Account, facts: Mapping[str, str]) -> None:
    """63038: the account's messages of the last 24 hours, over all channels."""
    used = account.used_today(world.clock.now())
    if account.daily_limit is not None and used >= account.daily_limit:
        raise too_many_today(account.sid, account.daily_limit)
    fault = world.faults.standing("daily_limit", facts)
    if fault and used >= int(fault.parameters["limit"] or 0):
        world.faults.strikes("daily_limit", facts)
        raise too_many_today(
            account.sid, None if fault.parameters["null_text"] else int(fault.parameters["limit"] or 0)
        )


def _read_content(world: World, account: Account, draft: Draft, form: Mapping[str, str]) -> None:
    variables = form.get("ContentVariables", "")
    if variables and not draft.content_sid:
        raise TwilioError(21654)
    if draft.content_sid:
        content = world.contents.get(draft.content_sid)
        if not content or content.account_sid != account.sid:
            raise TwilioError(21655)
        draft.body, draft.rich = rendered(content, _variables(variables))
        return
    if not draft.body and not draft.media_urls and not form.get("PersistentAction"):
        raise TwilioError(21619 if draft.service else 21602)
    if len(draft.body) > LONGEST_BODY:
        raise TwilioError(21617)
    if len(draft.media_urls) > MOST_MEDIA:
        raise TwilioError(21623)
    if any(urlsplit(url).scheme not in {"http", "https"} for url in draft.media_urls):
        raise TwilioError(21620)


def _variables(text: str) -> dict[str, str]:
    if not text:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        raise TwilioError(21656) from error
    if not isinstance(found, dict):
        raise TwilioError(21656)
    values = {str(name): str(value) for name, value in found.items()}
    if any(not value.strip() or "\n" in value or "\t" in value for value in values.values()):
        raise TwilioError(21656)
    return values


def _validity(text: str) -> float:
    if not text:
        return LONGEST_VALIDITY
    if not text.isdigit() or not 1 <= int(text) <= LONGEST_VALIDITY:
        raise TwilioError(21624)
    return float(text)


def _check_callback(url: str, *, strict: bool) -> None:
    if not url:
        return
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError as error:
        raise TwilioError(21609) from error
    is_wrong = parts.scheme not in {"http", "https"} or not host or "_" in host or len(url) > LONGEST_URL
    if is_wrong or (strict and not _is_public(host)):
        raise TwilioError(21609, message=f"The StatusCallback URL {url} is not a valid URL.")


def _is_public(host: str) -> bool:
    try:
        return ip_address(host).is_global
    except ValueError:
        return "." in host and not host.endswith((".local", ".localhost", ".internal"))


def _check_recipient(draft: Draft) -> None:
    form = WHATSAPP_ADDRESS if draft.channel == "whatsapp" else E164
    if not form.fullmatch(draft.to):
        raise TwilioError(21211, message=f"Invalid 'To' Phone Number: {draft.to}")
    if draft.channel == "sms" and CAMEROON_LANDLINE.fullmatch(draft.to):
        raise TwilioError(21614)


def _send_at(world: World, draft: Draft, form: Mapping[str, str]) -> float | None:
    text = form.get("SendAt", "")
    if not text and not form.get("ScheduleType"):
        return None
    if not draft.service:
        raise TwilioError(35118)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TwilioError(35114) from error
    earliest, latest = SCHEDULE_SECONDS
    if moment.tzinfo is None or not earliest <= moment.timestamp() - world.clock.now() <= latest:
        raise TwilioError(35114)
    return moment.timestamp()


def _check_sandbox(world: World, draft: Draft, sender: Sender) -> None:
    now = world.clock.now()
    phone = world.phone_at(draft.to)
    joined = phone.joined.get(sender.address) if phone else None
    if joined is None or joined <= now - SANDBOX_SESSION_SECONDS:
        raise TwilioError(63015)
    if sender.last_sent.get("any", 0.0) > now - SANDBOX_PAUSE_SECONDS:
        raise TwilioError(63018, message="Twilio Sandbox exceeded the 1 rps rate limit")
    sender.last_sent["any"] = now
