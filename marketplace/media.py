"""Photos and voice notes that people sent: fetched from Twilio when somebody looks, never before, and never stored.

A reference is what Twilio's webhook brought: the file's address and its content type. An address is only trusted as far
as its path: the first call goes to the API's own host with our credentials; its answer may lead, without them, to the
hosts where Twilio keeps files (Twilio, "Protect media access with HTTP basic authentication"), and nowhere else.
"""

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urljoin, urlsplit

import urllib3
from django.conf import settings
from django.utils.translation import gettext as _

from notifications import public_https, twilio_client
from notifications.failures import refuse_in_transaction

BYTES: Final = 16 * 1024 * 1024  # WhatsApp's own limit (Twilio, error 11751)
SECONDS: Final = 15.0  # for all hops and the whole file
CONNECT_SECONDS: Final = 3.05
SILENCE_SECONDS: Final = 5.0  # the longest wait for the next bytes
CHUNK: Final = 64 * 1024
REDIRECTS: Final = 2
# Host -> how the path begins there; the last one is not Twilio's alone.
FILE_HOSTS: Final[Mapping[str, str]] = {
    "mms.twiliocdn.com": "/",
    "media.twiliocdn.com": "/",
    "s3-external-1.amazonaws.com": "/media.twiliocdn.com/",
}
MEDIUM: Final = re.compile(
    r"/2010-04-01/Accounts/(?P<account>AC[0-9a-f]{32})/Messages/(?:MM|SM)[0-9a-f]{32}/Media/ME[0-9a-f]{32}"
)
IMAGES: Final = ("image/jpeg", "image/png", "image/webp")
SOUNDS: Final = ("audio/ogg", "audio/mpeg", "audio/mp4", "audio/amr", "audio/aac")
TYPES: Final = frozenset({*IMAGES, *SOUNDS, "video/mp4", "video/3gpp", "application/pdf"})
MOVED: Final = (301, 302, 303, 307, 308)
FOUND: Final = 200


@dataclass(frozen=True)
class File:
    """What a person sent."""

    content: bytes
    content_type: str


class MediaRefusedError(Exception):
    """The file cannot be shown; the message says why, in words for staff."""


def fetch(address: str) -> File:
    """The file at `address`, as Twilio's webhook named it. At most 16 MB, 15 s and two redirects.

    Raises `MediaRefusedError` with the reason, and `RuntimeError` inside a transaction.
    """
    refuse_in_transaction("Fetching a file")
    deadline = time.monotonic() + SECONDS
    target, login = _first_hop(address)
    with public_https.doors() as doors:
        for _hop in range(REDIRECTS + 1):
            answer = _ask(doors, target, login, deadline)
            try:
                if answer.status not in MOVED:
                    return _read(answer, deadline)
                target, login = _next_hop(target, answer.headers.get("Location", "")), None
            finally:
                answer.close()
    raise MediaRefusedError(_("Twilio sends from one place to the next without end."))


def _first_hop(address: str) -> tuple[str, tuple[str, str] | None]:
    """The address at the API's own host, and our login there. Only the path of `address` is taken over."""
    parts = _split(address)
    medium = MEDIUM.fullmatch(parts.path)
    base = _split(twilio_client.api_base_url())
    if medium is None or parts.query or (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
        raise MediaRefusedError(_("This is not the address of a file at Twilio."))
    login = twilio_client.credentials_for(medium["account"])
    if login is None or not all(login):
        raise MediaRefusedError(_("The file belongs to a Twilio account that is not ours."))
    return twilio_client.api_base_url() + parts.path, login


def _next_hop(here: str, location: str) -> str:
    target = urljoin(here, _split(location).geturl())
    parts = _split(target)
    if settings.TWILIO_API_BASE_URL and (parts.scheme, parts.netloc) == _split(twilio_client.api_base_url())[:2]:
        return target  # a stand-in, named by our own settings
    path = FILE_HOSTS.get(parts.netloc)
    if parts.scheme != "https" or path is None or not parts.path.startswith(path) or ".." in parts.path:
        raise MediaRefusedError(_("Twilio sends to a place where it keeps no files."))
    return target


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        raise MediaRefusedError(_("This is not the address of a file at Twilio.")) from None


def _ask(
    doors: urllib3.PoolManager, target: str, login: tuple[str, str] | None, deadline: float
) -> urllib3.BaseHTTPResponse:
    headers = {"Accept-Encoding": "identity"}  # nothing that could swell while it is unpacked
    if login:
        headers |= urllib3.make_headers(basic_auth=":".join(login))
    left = max(deadline - time.monotonic(), 0.1)
    timeout = urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(SILENCE_SECONDS, left))
    try:
        return doors.request("GET", target, headers=headers, timeout=timeout, redirect=False, preload_content=False)
    except public_https.PrivateAddressError as error:
        raise MediaRefusedError(_("%(host)s leads to a private address.") % {"host": error}) from error
    except urllib3.exceptions.HTTPError as error:
        raise MediaRefusedError(_("Twilio could not be asked (%s).") % type(error).__name__) from error


def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> File:
    if answer.status != FOUND:
        raise MediaRefusedError(_("Twilio does not give this file (%d): it may have been deleted.") % answer.status)
    content_type = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type not in TYPES:
        raise MediaRefusedError(_("Files of the type %s are not shown.") % (content_type[:60] or "?"))
    content = bytearray()
    for chunk in _chunks(answer, deadline):
        content += chunk
        if len(content) > BYTES:
            raise MediaRefusedError(_("The file is larger than 16 MB."))
    return File(bytes(content), content_type)


def _chunks(answer: urllib3.BaseHTTPResponse, deadline: float) -> Iterator[bytes]:
    """What comes, as it comes, so that a line that drips is cut at the deadline."""
    try:
        while chunk := answer.read1(CHUNK, decode_content=False):
            yield chunk
            if time.monotonic() > deadline:
                raise MediaRefusedError(_("The file took longer than 15 seconds."))
    except urllib3.exceptions.HTTPError as error:
        raise MediaRefusedError(_("Twilio could not be asked (%s).") % type(error).__name__) from error
