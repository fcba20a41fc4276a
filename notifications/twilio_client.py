"""The only door to Twilio: the real client over kept-alive connections, and its errors as plain answers.

Source: Twilio's REST API and the twilio package 9.13; which error proves that a message did not leave, and which
leaves it unknown, is in the table of `_not_left` and `_from_exception`.
"""

import json
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar

import requests
from django.conf import settings
from twilio.base.exceptions import TwilioException, TwilioRestException, TwilioServiceException
from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response
from twilio.rest import Client
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from .channels.base import Accepted, Answer, Envelope, Refused, Unknown
from .failures import refuse_in_transaction

CONNECT_TIMEOUT: Final = 3.05  # seconds; a little over TCP's first retransmission
FIRST_TWILIO_CODE: Final = 10000  # what is below is an HTTP status in disguise
NOT_FOUND: Final = 404
CLIENT_ERRORS: Final = range(400, 500)
# What the client raises when Twilio cannot be asked or refuses.
NO_ANSWER: Final = (TwilioException, requests.RequestException, OSError, ValueError)
T = TypeVar("T")
_local = threading.local()  # a requests session is not promised to be safe across threads


class HttpClient(TwilioHttpClient):  # type: ignore[misc]  # the package brings no types
    """Twilio's client, with a connect timeout of its own and the headers of the last answer kept."""

    def __init__(self) -> None:
        super().__init__(timeout=settings.TWILIO_TIMEOUT_SECONDS)
        self.timeout: Any = (CONNECT_TIMEOUT, settings.TWILIO_TIMEOUT_SECONDS)
        self.headers: dict[str, str] = {}
        if self.session is not None and settings.TWILIO_API_BASE_URL:
            self.session.trust_env = False  # a proxy of the environment must not stand before a local stand-in

    def request(self, *args: Any, **kwargs: Any) -> Response:
        """Send, and remember the answer's headers for the request id and Retry-After."""
        self.headers = {}
        response = super().request(*args, **kwargs)
        self.headers = {str(name).lower(): str(value) for name, value in dict(response.headers or {}).items()}
        return response


def client(account: str = "main") -> tuple[Client, HttpClient]:
    """This thread's client for `account` ("main" or "sms"). Raises `TwilioException` without credentials."""
    clients: dict[str, tuple[Client, HttpClient]] = _local.__dict__.setdefault("clients", {})
    if account not in clients:
        http = HttpClient()
        made = Client(*_credentials(account), http_client=http)
        if settings.TWILIO_API_BASE_URL:
            for domain in (made.api, made.messaging, made.content, made.lookups):
                domain.base_url = settings.TWILIO_API_BASE_URL
        clients[account] = (made, http)
    return clients[account]


def forget_clients() -> None:
    """Drop this thread's clients, for tests that change the settings."""
    _local.__dict__.pop("clients", None)


def _credentials(account: str) -> tuple[str, str, str]:
    """User name, password and account SID. An API key is preferred for calls; the token checks signatures."""
    if account == "sms" and settings.TWILIO_SMS_ACCOUNT_SID:
        sid, token = settings.TWILIO_SMS_ACCOUNT_SID, _first(settings.TWILIO_SMS_AUTH_TOKEN)
        return sid, token, sid
    sid = settings.TWILIO_ACCOUNT_SID
    if settings.TWILIO_API_KEY_SID:
        return settings.TWILIO_API_KEY_SID, settings.TWILIO_API_KEY_SECRET, sid
    return sid, _first(settings.TWILIO_AUTH_TOKEN), sid


def _first(tokens: str) -> str:
    """The token in use; during a rotation a setting may hold two, the new one first."""
    return tokens.split(",", maxsplit=1)[0].strip()


def credentials_for(sid: str) -> tuple[str, str] | None:
    """User name and password for what belongs to the account `sid`; None: it is none of ours."""
    for account in ("main", "sms"):
        user, password, owner = _credentials(account)
        if sid and owner == sid:
            return user, password
    return None


def account_sid(account: str = "main") -> str:
    """The account that pays for this channel."""
    return _credentials(account)[2]


def create_message(envelope: Envelope, *, account: str) -> Answer:
    """POST one message; never raises, says instead whether Twilio took it.

    Raises `RuntimeError` inside a transaction.
    """
    refuse_in_transaction("A call to Twilio")
    facts: dict[str, Any] = {"to": envelope.receiver, "from_": envelope.sender}
    if envelope.callback_url:
        facts["status_callback"] = envelope.callback_url
    if envelope.valid_seconds:
        facts["validity_period"] = envelope.valid_seconds
    if envelope.content_sid:
        facts["content_sid"] = envelope.content_sid
        facts["content_variables"] = json.dumps(envelope.content_variables, ensure_ascii=False)
    else:
        facts["body"] = envelope.body
    try:
        api, http = client(account)
        message = api.messages.create(**facts)
    except NO_ANSWER as error:
        return _from_exception(error, _request_headers(account))
    request_id = http.headers.get("twilio-request-id", "")
    if not message.sid:
        return Unknown("lost", "Twilio's answer had no SID.", request_id=request_id)
    return Accepted(sid=str(message.sid), request_id=request_id)


def _request_headers(account: str) -> dict[str, str]:
    made = _local.__dict__.get("clients", {}).get(account)
    return made[1].headers if made else {}


def _from_exception(error: Exception, headers: dict[str, str]) -> Answer:
    if isinstance(error, TwilioRestException | TwilioServiceException):  # the second: newer products, RFC 9457
        return _from_answer(
            int(error.code or error.status), int(error.status), getattr(error, "msg", "") or str(error), headers
        )
    if isinstance(error, TwilioException):
        return Refused("20003", str(error))  # no credentials: nothing left
    if _not_left(error):
        return Refused("network", type(error).__name__)
    return Unknown("lost", type(error).__name__, None, headers.get("twilio-request-id", ""))


def _from_answer(code: int, status: int, message: str, headers: dict[str, str]) -> Answer:
    request_id = headers.get("twilio-request-id", "")
    if status in CLIENT_ERRORS and code >= FIRST_TWILIO_CODE:
        return Refused(str(code), message, status, request_id, _seconds(headers.get("retry-after")))
    return Unknown(str(code), message, status, request_id)


def _not_left(error: Exception) -> bool:
    """Whether the connection was never made, so that the message surely did not leave."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    if isinstance(error, requests.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(error)
    if isinstance(error, requests.ConnectionError):
        reason = getattr(error.args[0] if error.args else None, "reason", None)
        return isinstance(reason, NewConnectionError | NameResolutionError | ConnectTimeoutError)
    return False


def _seconds(text: str | None) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def ask(account: str, question: Callable[[Client], T]) -> T:
    """Ask Twilio something that changes nothing there. Raises what the client raises; refuses a transaction."""
    refuse_in_transaction("A call to Twilio")
    api, _ = client(account)
    return question(api)


def is_valid_number(phone_number: str) -> bool | None:
    """Whether Twilio's Lookup (v2, the free basic answer) takes this for a number; None: it gave no answer.

    Raises `RuntimeError` inside a transaction.
    """
    try:
        found = ask("main", lambda api: api.lookups.v2.phone_numbers(phone_number).fetch())
    except TwilioRestException as error:
        return False if error.status == NOT_FOUND else None
    except NO_ANSWER:
        return None
    return None if found.valid is None else bool(found.valid)


def get_json(account: str, path: str) -> dict[str, Any]:
    """GET a resource that the client has no class for, by its path below the API's host."""
    refuse_in_transaction("A call to Twilio")
    api, _ = client(account)
    response = api.request("GET", api_base_url() + path)
    answer: dict[str, Any] = json.loads(response.text) if response.text else {}
    return answer | {"http_status": response.status_code}


def api_base_url() -> str:
    """Where Twilio's API is, without a path."""
    return settings.TWILIO_API_BASE_URL.rstrip("/") or "https://api.twilio.com"
