"""The world as the options describe it: accounts, senders and phones."""

import hashlib

from djobea.simulator.options import DEFAULT_PHONES, INBOUND_PATH, SMS_SENDER, WHATSAPP_SENDER, Options
from djobea.simulator.state import Account, Phone, Sender, World


def furnished(options: Options) -> World:
    """A new world with the accounts, senders and phones that the options name."""
    world = World(options)
    furnish(world)
    return world


def furnish(world: World) -> None:
    """Put accounts, senders and phones into an empty world."""
    options = world.options
    main = _add_account(world, options.account_sid, options.auth_token)
    main.api_keys = dict(key.split(":", 1) for key in options.api_key)
    second = main
    if options.sms_account_sid and options.sms_account_sid != main.sid:
        second = _add_account(world, options.sms_account_sid, options.sms_auth_token)
        second.friendly_name = "Djobea SMS"
    for address in options.whatsapp_from or [WHATSAPP_SENDER]:
        add_sender(world, address, main.sid)
    for address in options.sms_from or [SMS_SENDER]:
        add_sender(world, address, second.sid)
    for text in options.phone or DEFAULT_PHONES:
        number, name, role = (*text.split(":", 2), "", "")[:3]
        phone = a_phone(number, name or number, role or "customer")
        if options.phones_wrote:
            phone.last_wrote = {address: world.clock.now() for address in world.senders}
        world.add_phone(phone)


def a_phone(number: str, name: str, role: str) -> Phone:
    """A phone with its WhatsApp id, which follows from the number as long as nobody says otherwise."""
    digits = int(hashlib.sha256(number.encode()).hexdigest(), 16) % 10**16
    return Phone(number=number, name=name, role=role, wa_id=f"CM.{digits:016d}")


def add_sender(world: World, address: str, account_sid: str) -> Sender:
    """An address that the account may send from, with Djobea's webhook behind it."""
    options = world.options
    is_whatsapp = address.startswith("whatsapp:")
    sender = Sender(
        address=address,
        account_sid=account_sid,
        sid=world.new_sid("XE" if is_whatsapp else "PN"),
        callback_url=inbound_url(options.webhook_url),
        status_callback_url=options.status_callback_url,
        is_sandbox=options.sandbox and is_whatsapp,
    )
    world.senders[address] = sender
    return sender


def inbound_url(webhook_url: str) -> str:
    """Where inbound messages go: the URL as given, or Djobea's path on a bare address."""
    if not webhook_url or "/" in webhook_url.partition("://")[2].rstrip("/").partition("#")[0]:
        return webhook_url
    address, mark, overrides = webhook_url.partition("#")
    return address.rstrip("/") + INBOUND_PATH + mark + overrides


def _add_account(world: World, sid: str, auth_token: str) -> Account:
    account = Account(sid, auth_token, is_trial=world.options.trial, daily_limit=world.options.daily_limit)
    world.accounts[sid] = account
    return account
