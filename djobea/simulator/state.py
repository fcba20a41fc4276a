"""Everything the simulator remembers, in memory: accounts, senders, phones, messages, contents."""

import random
from collections import defaultdict, deque
from collections.abc import Iterator, Reversible
from dataclasses import dataclass, field
from typing import Any, Final

from djobea.simulator.clock import Clock
from djobea.simulator.events import EventHub, Log
from djobea.simulator.faults import FaultBoard
from djobea.simulator.options import Options

DAY_SECONDS: Final = 86_400
ENDS: Final = frozenset({"failed", "undelivered", "canceled", "read", "received"})


@dataclass(slots=True)
class Account:
    """A Twilio account: its credentials and what it may send."""

    sid: str
    auth_token: str
    api_keys: dict[str, str] = field(default_factory=dict)
    friendly_name: str = "Djobea"
    status: str = "active"  # active, suspended, closed
    is_trial: bool = False
    balance: str = "12.345"
    daily_limit: int | None = None  # messages in a rolling 24 hours; None: no limit
    verified_numbers: set[str] = field(default_factory=set)  # of a trial account; empty: every number is verified
    accepted: deque[float] = field(default_factory=deque)  # when the messages of the last day were accepted

    def used_today(self, now: float) -> int:
        """Messages accepted in the last 24 hours, over all channels."""
        while self.accepted and self.accepted[0] <= now - DAY_SECONDS:
            self.accepted.popleft()
        return len(self.accepted)

    def next_free_slot(self, now: float) -> float | None:
        """When the oldest message that counts falls out of the window; None when nothing counts."""
        return self.accepted[0] + DAY_SECONDS if self.used_today(now) else None


@dataclass(slots=True)
class Sender:
    """An address that an account may send from."""

    address: str  # "whatsapp:+1415...", "+1500..." or a name such as DJOBEA
    account_sid: str
    sid: str  # XE... for WhatsApp, PN... for numbers
    status: str = "ONLINE"
    callback_url: str = ""
    status_callback_url: str = ""
    is_sandbox: bool = False
    quality_rating: str = "HIGH"
    messaging_limit: str = "1K Customers/24hr"
    last_sent: dict[str, float] = field(default_factory=dict)  # per recipient; only the sandbox asks

    @property
    def channel(self) -> str:
        """`whatsapp` or `sms`."""
        return channel_of(self.address)


@dataclass(slots=True)
class Phone:
    """A telephone of the town, with one SIM card and perhaps WhatsApp."""

    number: str
    name: str
    role: str = "customer"
    on: bool = True
    whatsapp: bool = True
    blocks_sender: bool = False
    hides_number: bool = False
    read_receipts: bool = True
    language: str = "fr"
    wa_id: str = ""  # the business-scoped id, CM.<digits>
    reads_after: float | None = None  # seconds after delivery, with nobody looking; None: a person has to look
    last_wrote: dict[str, float] = field(default_factory=dict)  # WhatsApp sender -> when the phone last wrote to it
    joined: dict[str, float] = field(default_factory=dict)  # sandbox sender -> when the phone joined

    @property
    def username(self) -> str:
        """The WhatsApp user name of a person who hides the number."""
        letters = (letter for letter in self.name.lower().replace(" ", ".") if letter.isascii())
        return "".join(letters) or "someone"

    def addresses(self) -> tuple[str, ...]:
        """All addresses under which messages reach this phone."""
        return (self.number, f"whatsapp:{self.number}", f"whatsapp:{self.wa_id}")


@dataclass(slots=True)
class Media:
    """A file that came or went with a message."""

    sid: str
    content_type: str
    content: bytes
    created: float
    external_url: str = ""  # of outgoing media, which are never fetched
    file_name: str = ""


@dataclass(slots=True)
class Message:
    """One message, in either direction."""

    sid: str
    account_sid: str
    direction: str
    sender: str
    recipient: str
    body: str
    status: str
    created: float
    updated: float
    sent: float | None = None
    error_code: int | None = None
    error_message: str | None = None
    messaging_service_sid: str | None = None
    status_callback: str = ""
    price: str | None = None
    content_sid: str = ""
    rich: dict[str, Any] = field(default_factory=dict)  # what the phone shows: buttons, list, location
    media: list[Media] = field(default_factory=list)
    validity: float = 36_000
    listed_from: float = 0.0  # when the list begins to show it (a fault can delay this)
    hidden_from_list: bool = False
    swallowed: bool = False  # the phone blocked the sender when it came: nobody will ever see it
    form: dict[str, str] = field(default_factory=dict)  # of inbound messages: what the webhook says
    history: list[dict[str, Any]] = field(default_factory=list)
    callbacks: list[dict[str, Any]] = field(default_factory=list)

    @property
    def channel(self) -> str:
        """`whatsapp` or `sms`."""
        return channel_of(self.recipient if self.direction != "inbound" else self.sender)

    @property
    def phone_address(self) -> str:
        """The address of the phone at this message's end."""
        return self.sender if self.direction == "inbound" else self.recipient

    def note(self, status: str, at: float) -> None:
        """Put the message into this state."""
        self.status, self.updated = status, at
        self.history.append({"status": status, "at": at})


@dataclass(slots=True)
class Content:
    """A message template of the Content API."""

    sid: str
    account_sid: str
    friendly_name: str
    language: str
    variables: dict[str, str]
    types: dict[str, Any]
    created: float
    updated: float
    approval: dict[str, Any] = field(default_factory=dict)


class World:
    """The town: all state, the clock and chance."""

    def __init__(self, options: Options) -> None:
        self.options = options
        self.public_url = (options.public_url or f"http://{options.host}:{options.port}").rstrip("/")
        self.hub = EventHub()
        self.clock = Clock()
        self.empty()

    def empty(self) -> None:
        """Forget everything, as at birth."""
        self.clock.forget_all()
        self.random = random.Random(self.options.seed)  # noqa: S311 (a simulation, and repeatable)
        self.faults = FaultBoard(self.clock, random.Random(self.options.seed))  # noqa: S311
        self.log = Log(self.options.log_size, self.hub)
        self.accounts: dict[str, Account] = {}
        self.senders: dict[str, Sender] = {}
        self.phones: dict[str, Phone] = {}
        self.messages: dict[str, Message] = {}
        self.contents: dict[str, Content] = {}
        self.opted_out: set[tuple[str, str]] = set()  # (sender, recipient)
        self.media_links: dict[str, Media] = {}
        self.generation = getattr(self, "generation", 0) + 1  # what was started before a reset finds itself outdated
        self._by_address: defaultdict[str, deque[Message]] = defaultdict(deque)
        self._phone_of: dict[str, Phone] = {}

    def new_sid(self, prefix: str) -> str:
        """A SID: the prefix and 32 hexadecimal digits."""
        return f"{prefix}{self.random.getrandbits(128):032x}"

    def add_message(self, message: Message) -> None:
        """Remember a message, and forget the oldest when there are too many."""
        message.history.append({"status": message.status, "at": message.created})
        self.messages[message.sid] = message
        for address in {message.sender, message.recipient}:
            self._by_address[address].append(message)
        while len(self.messages) > self.options.keep_messages:
            self.forget(next(iter(self.messages.values())))

    def forget(self, message: Message) -> None:
        """Delete a message."""
        del self.messages[message.sid]
        for address in {message.sender, message.recipient}:
            self._by_address[address].remove(message)
            if not self._by_address[address]:
                del self._by_address[address]

    def messages_at(self, *addresses: str) -> Iterator[Message]:
        """The messages to or from all of these addresses, the newest first; all messages without an address."""
        at_each = [self._by_address.get(address, deque()) for address in addresses]
        shortest = min(at_each, key=len, default=None)
        known: Reversible[Message] = self.messages.values() if shortest is None else shortest
        return (
            message
            for message in reversed(known)
            if all(address in (message.sender, message.recipient) for address in addresses)
        )

    def add_phone(self, phone: Phone) -> None:
        """Put a phone into the town."""
        self.phones[phone.number] = phone
        for address in phone.addresses():
            self._phone_of[address] = phone

    def phone_at(self, address: str) -> Phone | None:
        """The phone that an address leads to; None for numbers that nobody put into the town."""
        return self._phone_of.get(address)

    def sender_for(self, phone: Phone, channel: str) -> Sender | None:
        """The sender that a phone answers to: the one it heard from last, else the first of the channel."""
        for address in phone.addresses():
            for message in self.messages_at(address):
                sender = self.senders.get(message.recipient if message.direction == "inbound" else message.sender)
                if sender and sender.channel == channel:
                    return sender
        return next((sender for sender in self.senders.values() if sender.channel == channel), None)


def channel_of(address: str) -> str:
    """`whatsapp` or `sms`, as the address says."""
    return "whatsapp" if address.startswith("whatsapp:") else "sms"
