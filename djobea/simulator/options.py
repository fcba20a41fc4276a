"""What the simulator can be told at its start."""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, field

MAIN_ACCOUNT_SID = "AC00000000000000000000000000000001"
MAIN_AUTH_TOKEN = "0123456789abcdef0123456789abcdef"  # noqa: S105 (stands for a secret and is none)
WHATSAPP_SENDER = "whatsapp:+14155238886"
SMS_SENDER = "+15005550006"
INBOUND_PATH = "/webhooks/twilio/inbound/"
DEFAULT_PHONES = (
    "+237699000001:Awa Ngono:customer",
    "+237677000001:Jean Plombier:provider",
    "+237677000002:Mado Électricité:provider",
    "+237677000003:Samuel Serrures:provider",
)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of the command line; every field has the name of its option."""

    host: str = "127.0.0.1"
    port: int = 8001
    public_url: str = ""  # how others reach the simulator; default http://host:port
    account_sid: str = MAIN_ACCOUNT_SID
    auth_token: str = MAIN_AUTH_TOKEN
    api_key: list[str] = field(default_factory=list)  # "SK...:secret"
    whatsapp_from: list[str] = field(default_factory=list)
    sms_from: list[str] = field(default_factory=list)
    sms_account_sid: str = ""
    sms_auth_token: str = ""
    webhook_url: str = ""  # base address of Djobea, or a whole URL with a path
    status_callback_url: str = ""  # of the senders, for messages that bring none
    phone: list[str] = field(default_factory=list)  # "+237...:Name:role"
    phones_wrote: bool = False  # the phones' 24-hour window is open from the start
    trial: bool = False
    daily_limit: int | None = None
    strict: bool = False
    sandbox: bool = False
    sms_two_way: bool = False
    window_rule: bool = True
    media_auth: bool = True
    media_redirect: bool = False
    sent_after: float = 0.1  # seconds from acceptance to `sent`
    delivered_after: float = 0.4  # seconds from `sent` to `delivered`
    seed: int | None = None
    keep_messages: int = 100_000  # the oldest are forgotten beyond it
    log_size: int = 1000
    parent_pid: int = 0  # stop when this process is gone


def parser() -> argparse.ArgumentParser:
    """The command line of `python -m djobea.simulator` and of `manage.py simulator`."""
    result = argparse.ArgumentParser(prog="simulator", description="A local stand-in for Twilio, with phones.")
    add_arguments(result)
    return result


def add_arguments(to: argparse.ArgumentParser) -> None:
    """Add the simulator's options to a parser (Django's commands bring their own)."""
    standard = Options()
    add = to.add_argument
    add("--host", default=standard.host)
    add("--port", type=int, default=standard.port)
    add("--public-url", default="", help="how others reach the simulator (default: http://host:port)")
    add("--webhook-url", default="", help=f"Djobea's address; without a path, {INBOUND_PATH} is added")
    add("--status-callback-url", default="", help="for messages that bring no StatusCallback")
    add("--phone", action="append", default=[], metavar="NUMBER:NAME:ROLE", help="a phone of the page; repeatable")
    add("--phones-wrote", action="store_true", help="the 24-hour window of these phones is open from the start")
    add("--seed", type=int, help="makes chance and SIDs repeatable")
    add("--keep-messages", type=int, default=standard.keep_messages, help="how many messages are remembered")
    add("--log-size", type=int, default=standard.log_size, help="how many calls and webhooks are remembered")
    add("--parent-pid", type=int, default=0, help="stop when this process is gone")
    _add_account_arguments(to, standard)
    _add_behaviour_arguments(to, standard)


def _add_account_arguments(to: argparse.ArgumentParser, standard: Options) -> None:
    add = to.add_argument
    add("--account-sid", default=standard.account_sid)
    add("--auth-token", default=standard.auth_token)
    add("--api-key", action="append", default=[], metavar="SK:SECRET", help="an API key of the account; repeatable")
    add("--whatsapp-from", action="append", default=[], help=f"a WhatsApp sender; repeatable ({WHATSAPP_SENDER})")
    add("--sms-from", action="append", default=[], help=f"an SMS sender; repeatable ({SMS_SENDER})")
    add("--sms-account-sid", default="", help="the SMS senders belong to this second account")
    add("--sms-auth-token", default="")
    add("--trial", action="store_true", help="a trial account: prefixed SMS, no alphanumeric sender")
    add("--daily-limit", type=int, help="messages in a rolling 24 hours for the account (63038)")


def _add_behaviour_arguments(to: argparse.ArgumentParser, standard: Options) -> None:
    add = to.add_argument
    add("--strict", action="store_true", help="refuse callback addresses on this machine (21609), as Twilio does")
    add("--sandbox", action="store_true", help="the WhatsApp sender is the sandbox: people have to join it (63015)")
    add("--sms-two-way", action="store_true", help="phones can answer an SMS (not so in Cameroon)")
    add("--no-window", dest="window_rule", action="store_false", help="no 24-hour window for free text (63016)")
    add("--open-media", dest="media_auth", action="store_false", help="media can be read without credentials")
    add("--media-redirect", action="store_true", help="media answer 307 to a link without credentials")
    add("--sent-after", type=float, default=standard.sent_after, help="seconds from acceptance to `sent`")
    add("--delivered-after", type=float, default=standard.delivered_after, help="seconds from `sent` to `delivered`")


def parse(arguments: Sequence[str]) -> Options:
    """The options that a command line gives; exits with a message when it makes no sense."""
    return from_namespace(parser().parse_args(arguments))


def from_namespace(found: argparse.Namespace) -> Options:
    """The options in a parsed namespace; what else is in it is ignored."""
    return Options(**{name: value for name, value in vars(found).items() if name in Options.__dataclass_fields__})
