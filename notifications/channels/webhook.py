"""A call to another program, signed as Standard Webhooks says (https://www.standardwebhooks.com)."""

import base64
import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import Final

import urllib3
from django.conf import settings

from notifications import public_https
from notifications.models.subscription import SECRET_PREFIX

from .base import Accepted, Answer, Envelope, Refused

CONNECT_SECONDS: Final = 3.05
READ_SECONDS: Final = 5.0
KEPT: Final = 200  # characters of an answer that says why
OK: Final = range(200, 300)
GONE: Final = 410
USER_AGENT: Final = "Djobea-Webhooks/1"


def send(envelope: Envelope) -> Answer:
    """POST the event. Any 2xx is success; a redirect is none; 410 says that nobody wants to hear any more.

    A line that breaks in mid-call is tried again, so a call may come twice: `webhook-id` tells.
    """
    reason = public_https.why_not(envelope.receiver)
    if reason:
        return Refused("webhook_address", reason)
    manager = urllib3.PoolManager(retries=False) if settings.WEBHOOKS_TO_PRIVATE_ADDRESSES else public_https.doors()
    timeout = urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS)
    body = envelope.body.encode()
    headers = {"Content-Type": "application/json", "User-Agent": USER_AGENT} | signed(
        f"msg_{envelope.notification_id}", int(time.time()), body, envelope.signing_keys
    )
    try:
        with manager:
            answer = manager.request(
                "POST", envelope.receiver, body=body, headers=headers, timeout=timeout, redirect=False,
                preload_content=False,
            )  # fmt: skip
            said = answer.read(KEPT).decode(errors="replace")
            answer.close()
    except public_https.PrivateAddressError as error:
        return Refused("webhook_address", f"{error} leads to a private address")
    except (urllib3.exceptions.HTTPError, OSError) as error:
        return Refused("webhook_silent", type(error).__name__)
    if answer.status in OK:
        return Accepted(sid=None)
    code = "webhook_gone" if answer.status == GONE else "webhook_answer"
    return Refused(code, f"{answer.status} {said}"[:KEPT], answer.status, retry_after=None)


def signed(message_id: str, at: int, body: bytes, keys: Sequence[str]) -> dict[str, str]:
    """The headers of Standard Webhooks: HMAC-SHA256 over `id.timestamp.body`, one signature for each key."""
    content = f"{message_id}.{at}.".encode() + body
    made = [hmac.new(_key(key), content, hashlib.sha256).digest() for key in keys]
    signatures = " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in made)
    return {"webhook-id": message_id, "webhook-timestamp": str(at), "webhook-signature": signatures}


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(SECRET_PREFIX))
