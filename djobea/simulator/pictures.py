"""State as JSON for the control API and the page (not Twilio's shapes; those are in `resources.py`)."""

from typing import Any

from djobea.simulator.faults import KINDS
from djobea.simulator.options import Options
from djobea.simulator.state import Account, Message, Phone, Sender, World


def message(world: World, it: Message) -> dict[str, Any]:
    """All that is known of a message."""
    phone = world.phone_at(it.phone_address)
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "direction": it.direction,
        "channel": it.channel,
        "from": it.sender,
        "to": it.recipient,
        "phone": phone.number if phone else None,
        "body": it.body,
        "status": it.status,
        "created": it.created,
        "sent": it.sent,
        "error_code": it.error_code,
        "error_message": it.error_message,
        "content_sid": it.content_sid,
        "rich": it.rich,
        "media": [{"sid": m.sid, "content_type": m.content_type, "external_url": m.external_url} for m in it.media],
        "status_callback": it.status_callback,
        "history": it.history,
        "callbacks": it.callbacks,
        "hidden_from_list": it.hidden_from_list,
    }


def phone(it: Phone) -> dict[str, Any]:
    """A phone and its switches."""
    return {
        "number": it.number,
        "name": it.name,
        "role": it.role,
        "on": it.on,
        "whatsapp": it.whatsapp,
        "blocks_sender": it.blocks_sender,
        "hides_number": it.hides_number,
        "read_receipts": it.read_receipts,
        "reads_after": it.reads_after,
        "language": it.language,
        "wa_id": it.wa_id,
        "last_wrote": it.last_wrote,
        "joined": it.joined,
    }


def account(world: World, it: Account) -> dict[str, Any]:
    """An account with its budget; never its secrets."""
    now = world.clock.now()
    fault = world.faults.standing("daily_limit", {"account": it.sid})
    limit = fault.parameters["limit"] if fault else it.daily_limit
    return {
        "sid": it.sid,
        "friendly_name": it.friendly_name,
        "status": it.status,
        "is_trial": it.is_trial,
        "balance": it.balance,
        "daily_limit": limit,
        "used_today": it.used_today(now),
        "next_free_slot": it.next_free_slot(now),
    }


def sender(world: World, it: Sender) -> dict[str, Any]:
    """A sender, whether it can be used, and where its inbound messages go."""
    facts = {"account": it.account_sid, "channel": it.channel, "sender": it.address}
    return {
        "address": it.address,
        "account_sid": it.account_sid,
        "sid": it.sid,
        "channel": it.channel,
        "status": it.status,
        "is_known": not world.faults.standing("unknown_sender", facts),
        "is_sandbox": it.is_sandbox,
        "callback_url": it.callback_url,
        "status_callback_url": it.status_callback_url,
    }


def settings(options: Options) -> dict[str, Any]:
    """The options that the page wants to know."""
    return {
        "sms_two_way": options.sms_two_way,
        "window_rule": options.window_rule,
        "strict": options.strict,
        "sandbox": options.sandbox,
    }


def clock(world: World) -> dict[str, Any]:
    """The simulator's time (seconds since 1970) and its offset in seconds."""
    return {"now": world.clock.now(), "offset_seconds": world.clock.offset_seconds}


def budgets(world: World) -> dict[str, Any]:
    """Accounts and senders."""
    return {
        "accounts": [account(world, each) for each in world.accounts.values()],
        "senders": [sender(world, each) for each in world.senders.values()],
    }


def faults(world: World) -> dict[str, Any]:
    """The faults that are on and those that there are."""
    known = [
        {"fault": kind.name, "stage": kind.stage, "title": kind.title, "parameters": kind.parameters}
        for kind in KINDS.values()
    ]
    return {"faults": [fault.described() for fault in world.faults], "known": known}
