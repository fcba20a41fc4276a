"""System checks of the settings: a wrong one stops the start, with one sentence and one remedy.

They read settings only: nothing is connected to, so `manage.py check` says the same on every machine.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, register, run_checks
from django.core.checks import Warning as Doubt
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email
from django.utils.module_loading import import_string

TAG: Final = "djobea"
SHORTEST_SECRET_KEY: Final = 32  # characters
HIGHEST_PORT: Final = 65535
NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")
ACCOUNT_SID: Final = re.compile(r"AC[0-9a-fA-F]{32}")
API_KEY_SID: Final = re.compile(r"SK[0-9a-fA-F]{32}")
MESSAGING_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
WORD_SENDER: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}")
OWN_MACHINE: Final = frozenset({"localhost", "127.0.0.1", "::1", "0.0.0.0"})  # noqa: S104  compared, not bound
BROKERS: Final = ("amqp://", "amqps://", "redis://", "rediss://")
TOKENS_AT_ONCE: Final = 2  # the old and the new one, while they are exchanged
# Days: the daily limit is counted over 24 hours; Twilio brings and lists messages again for weeks.
SHORTEST_RETENTION: Final = {"messages": 2, "receipts": 2, "inbound_rows": 30}

Findings = Iterator[CheckMessage]


def refuse_wrong_settings() -> None:
    """Raise `ImproperlyConfigured` with the first wrong setting; servers call it, commands check by themselves."""
    for message in run_checks(tags=[TAG]):
        if message.is_serious():
            raise ImproperlyConfigured(f"{message.msg} {message.hint}")


@register(TAG)
def check_settings(app_configs: Sequence[Any] | None, **_options: Any) -> list[CheckMessage]:  # noqa: ARG001  Django's form
    """All findings about the settings."""
    return [message for check in CHECKS for message in check()]


def _environment() -> Findings:
    for finding in settings.ENVIRONMENT_FINDINGS:
        yield Error(finding.problem, hint=finding.remedy, id="djobea.E001")


def _secret_key() -> Findings:
    try:
        length = len(settings.SECRET_KEY)
    except ImproperlyConfigured:  # Django's word for an empty one
        length = 0
    if length < SHORTEST_SECRET_KEY:
        yield Error(
            "SECRET_KEY is empty or too short." if length else "SECRET_KEY is empty.",
            hint="Put the output of `python -c 'import secrets; print(secrets.token_urlsafe(50))'` into .env.",
            id="djobea.E002",
        )


def _account() -> Findings:
    pairs = (
        ("TWILIO_ACCOUNT_SID", ACCOUNT_SID, "TWILIO_AUTH_TOKEN", "an account SID is AC and 32 hex digits"),
        ("TWILIO_SMS_ACCOUNT_SID", ACCOUNT_SID, "TWILIO_SMS_AUTH_TOKEN", "an account SID is AC and 32 hex digits"),
        ("TWILIO_API_KEY_SID", API_KEY_SID, "TWILIO_API_KEY_SECRET", "an API key's SID is SK and 32 hex digits"),
    )
    for name, pattern, secret_name, form in pairs:
        sid, secret = getattr(settings, name), getattr(settings, secret_name)
        if sid and not pattern.fullmatch(sid):
            yield Error(f"{name} is {sid!r}, but {form}.", hint="Copy it from the Twilio console.", id="djobea.E003")
        if bool(sid) != bool(secret):
            given, missing = (name, secret_name) if sid else (secret_name, name)
            yield Error(f"{given} is set, but {missing} is empty.", hint="Set both, or neither.", id="djobea.E004")


def _tokens() -> Findings:
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_SMS_AUTH_TOKEN"):
        tokens = getattr(settings, name).split(",")
        if len(tokens) > TOKENS_AT_ONCE or any(re.search(r"\s", token.strip()) for token in tokens):
            yield Error(
                f"{name} must hold one token, or the old and the new one with a comma between.",
                hint="Copy it from the Twilio console, without blanks.",
                id="djobea.E005",
            )


def _whatsapp_sender() -> Findings:
    sender = settings.TWILIO_WHATSAPP_FROM
    if sender and not (sender.startswith("whatsapp:") and NUMBER.fullmatch(sender.removeprefix("whatsapp:"))):
        yield Error(
            f"TWILIO_WHATSAPP_FROM is {sender!r}, but a WhatsApp sender is 'whatsapp:+' and the number's digits.",
            hint="Copy it from the Twilio console (Messaging, Senders): 'whatsapp:+14155238886'.",
            id="djobea.E006",
        )


def _sms_sender() -> Findings:
    sender = settings.TWILIO_SMS_FROM
    forms = (NUMBER, WORD_SENDER, MESSAGING_SERVICE)
    if sender and not any(form.fullmatch(sender) for form in forms):
        yield Error(
            f"TWILIO_SMS_FROM is {sender!r}, but an SMS sender is a number such as '+237650000000' or a name of at most "
            "11 letters and digits.",
            hint="Correct it, or leave it empty: then no SMS is sent.",
            id="djobea.E007",
        )


def _senders_have_an_account() -> Findings:
    account = settings.TWILIO_ACCOUNT_SID
    for name, owner in (
        ("TWILIO_WHATSAPP_FROM", account),
        ("TWILIO_SMS_FROM", account or settings.TWILIO_SMS_ACCOUNT_SID),
    ):
        if getattr(settings, name) and not owner:
            yield Error(
                f"{name} is set, but TWILIO_ACCOUNT_SID is empty.",
                hint="Set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN from the Twilio console.",
                id="djobea.E008",
            )
    if account and not settings.TWILIO_WHATSAPP_FROM:
        yield Doubt(
            "TWILIO_WHATSAPP_FROM is empty: nothing goes out by WhatsApp.",
            hint="Set it to the sender of the Twilio console, such as 'whatsapp:+14155238886'.",
            id="djobea.W001",
        )


def _numbers() -> Findings:
    from notifications.delivery import MARGIN  # noqa: PLC0415  it needs the models, which are not there at the import

    timeout, lease = settings.TWILIO_TIMEOUT_SECONDS, settings.NOTIFICATION_LEASE_SECONDS
    if not 0 < timeout < lease - MARGIN:
        yield Error(
            f"TWILIO_TIMEOUT_SECONDS is {timeout} and NOTIFICATION_LEASE_SECONDS is {lease}, but a call must end "
            f"{MARGIN:g} s before its lease does: else none is ever made.",
            hint=f"Make the timeout positive and more than {MARGIN:g} s shorter than the lease (30 and 60 are good).",
            id="djobea.E009",
        )
    if settings.TWILIO_DAILY_LIMIT is not None and settings.TWILIO_DAILY_LIMIT < 1:
        yield Error(
            f"TWILIO_DAILY_LIMIT is {settings.TWILIO_DAILY_LIMIT}, but it counts messages in 24 hours.",
            hint="Set at least 1, or leave it empty: then it is learned from Twilio.",
            id="djobea.E010",
        )
    if not 0 < settings.PORT <= HIGHEST_PORT:
        yield Error(f"PORT is {settings.PORT}, but a port is 1 to 65535.", hint="8000 is usual.", id="djobea.E011")


def _addresses() -> Findings:
    for name in ("PUBLIC_BASE_URL", "TWILIO_API_BASE_URL"):
        address = getattr(settings, name)
        if address and not _is_web_address(address):
            yield Error(
                f"{name} is {address!r}, but it must be http:// or https:// with a host, and nothing after a '?'.",
                hint="Write it as https://djobea.example.",
                id="djobea.E012",
            )
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if "://" not in origin:
            yield Error(
                f"CSRF_TRUSTED_ORIGINS has {origin!r} without a scheme.",
                hint="Write it as https://djobea.example.",
                id="djobea.E012",
            )


def _public_address_is_public() -> Findings:
    meets_twilio = settings.TWILIO_ACCOUNT_SID and not settings.TWILIO_API_BASE_URL
    if meets_twilio and urlsplit(settings.PUBLIC_BASE_URL).hostname in OWN_MACHINE:
        yield Error(
            f"PUBLIC_BASE_URL is {settings.PUBLIC_BASE_URL!r}, an address that Twilio cannot reach.",
            hint="Set it to the address under which the Internet sees Djobea, such as https://djobea.example.",
            id="djobea.E013",
        )


def _simulator() -> Findings:
    if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES and not settings.DEBUG:
        yield Error(
            "WEBHOOKS_TO_PRIVATE_ADDRESSES is on, but DEBUG is off: whoever may add a webhook could reach your network.",
            hint="Set WEBHOOKS_TO_PRIVATE_ADDRESSES=0.",
            id="djobea.E014",
        )
    if settings.SIMULATOR and not settings.DEBUG:
        yield Error(
            "SIMULATOR is on, but DEBUG is off: a simulator has no place in production.",
            hint="Set SIMULATOR=0, or run `make demo`.",
            id="djobea.E014",
        )


def _mail() -> Findings:
    for name in ("STAFF_ALERT_EMAILS", "STATUS_REPORT_EMAILS"):
        for address in getattr(settings, name):
            try:
                validate_email(address)
            except ValidationError:
                yield Error(
                    f"{name} has {address!r}, which is no mail address.",
                    hint="Write addresses with commas between: ops@djobea.example,boss@djobea.example.",
                    id="djobea.E015",
                )


def _broker() -> Findings:
    broker = settings.CELERY_BROKER_URL
    if broker and not broker.startswith(BROKERS):
        yield Error(
            "CELERY_BROKER_URL names neither RabbitMQ nor Redis.",
            hint=f"Begin it with one of {', '.join(BROKERS)}, or leave it empty: then `manage.py worker` does it all.",
            id="djobea.E016",
        )


def _understanding() -> Findings:
    backend, longest = settings.UNDERSTANDING_BACKEND, 20
    if not backend:
        return
    try:
        import_string(backend)
    except ImportError:
        yield Error(
            f"UNDERSTANDING_BACKEND is {backend!r}, which cannot be imported.",
            hint="Set it to marketplace.chat_completions.read, to a function of your own, or leave it empty.",
            id="djobea.E017",
        )
    if not 0 < settings.UNDERSTANDING_TIMEOUT_SECONDS <= longest:
        yield Error(
            f"UNDERSTANDING_TIMEOUT_SECONDS is {settings.UNDERSTANDING_TIMEOUT_SECONDS}, but people wait for the answer.",
            hint=f"Set 1 to {longest}; 3 is good.",
            id="djobea.E017",
        )
    if backend.startswith("marketplace.chat_completions.") and not _is_web_address(settings.UNDERSTANDING_URL):
        yield Error(
            f"UNDERSTANDING_URL is {settings.UNDERSTANDING_URL!r}, but {backend} needs the address of a server.",
            hint="Write it as http://127.0.0.1:11434/v1.",
            id="djobea.E017",
        )


def _retention() -> Findings:
    for name, days in settings.RETENTION_DAYS.items():
        least = SHORTEST_RETENTION.get(name, 1)
        if days < least:
            yield Error(
                f"RETENTION_DAYS keeps {name} for {days} days, but at least {least} are needed.",
                hint=f"Set {name}={least} or more.",
                id="djobea.E018",
            )


def _is_web_address(address: str) -> bool:
    try:
        parts = urlsplit(address)
        port_is_right = parts.port is None or parts.port > 0
    except ValueError:
        return False
    return bool(port_is_right and parts.scheme in {"http", "https"} and parts.hostname and not parts.query)


CHECKS: Final[tuple[Callable[[], Findings], ...]] = (
    _environment,
    _secret_key,
    _account,
    _tokens,
    _whatsapp_sender,
    _sms_sender,
    _senders_have_an_account,
    _numbers,
    _addresses,
    _public_address_is_public,
    _simulator,
    _mail,
    _broker,
    _retention,
    _understanding,
)
