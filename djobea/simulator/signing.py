"""Twilio's request signature; the real validator checks it in the tests."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit, urlunsplit


def signature(auth_token: str, url: str, fields: Mapping[str, str]) -> str:
    """`X-Twilio-Signature`: base64 of HMAC-SHA1 over the URL and every field's name and value, names sorted."""
    text = url + "".join(name + fields[name] for name in sorted(fields))
    return base64.b64encode(hmac.new(auth_token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def split_overrides(url: str) -> tuple[str, dict[str, str]]:
    """Part a webhook URL from the connection overrides in its fragment (`#rc=5&rp=5xx,ct`).

    The fragment is neither sent nor signed.
    """
    parts = urlsplit(url)
    return urlunsplit(parts._replace(fragment="")), dict(parse_qsl(parts.fragment))
