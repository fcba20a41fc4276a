"""Twilio's JSON shapes (checked in the tests against Twilio's own OpenAPI description)."""

import math
from collections.abc import Sequence
from typing import Any, Final

from djobea.simulator.clock import iso8601, rfc2822
from djobea.simulator.state import Account, Content, Media, Message, Sender, World

API_VERSION: Final = "2010-04-01"
LARGEST_PAGE: Final = 1000
# GSM 03.38: one of any other character makes the whole SMS UCS-2. The second row costs two places.
GSM_7: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
GSM_7_EXTENSION: Final = frozenset("^{}\\[~]|€\f")


def number(text: str | None, standard: int) -> int:
    """A number out of a query; the standard value when it is none."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else standard  # noqa: PLR2004


def page_size(text: str | None, standard: int = 50) -> int:
    """How many rows a page may have: 1 to 1000."""
    return min(max(number(text, standard), 1), LARGEST_PAGE)


def message(it: Message) -> dict[str, Any]:
    """`api.v2010.account.message`."""
    base = f"/{API_VERSION}/Accounts/{it.account_sid}/Messages/{it.sid}"
    waits_for_sender = bool(it.messaging_service_sid) and it.status in {"accepted", "scheduled"}
    return {
        "sid": it.sid,
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.updated),
        "date_sent": rfc2822(it.sent),
        "account_sid": it.account_sid,
        "to": it.recipient,
        "from": None if waits_for_sender else it.sender,
        "messaging_service_sid": it.messaging_service_sid,
        "body": it.body,
        "status": it.status,
        "num_segments": "0" if waits_for_sender else str(segments(it)),
        "num_media": str(len(it.media)),
        "direction": it.direction,
        "api_version": API_VERSION,
        "price": it.price,
        "price_unit": "USD" if it.price else None,
        "error_code": it.error_code,
        "error_message": it.error_message,
        "uri": f"{base}.json",
        "subresource_uris": {"media": f"{base}/Media.json"},
    }


def segments(it: Message) -> int:
    """How many SMS the body takes; 1 on WhatsApp."""
    if it.channel != "sms" or not it.body:
        return 1
    if all(letter in GSM_7 or letter in GSM_7_EXTENSION for letter in it.body):
        length = sum(2 if letter in GSM_7_EXTENSION else 1 for letter in it.body)
        return 1 if length <= 160 else math.ceil(length / 153)  # noqa: PLR2004 (GSM 03.38)
    length = len(it.body.encode("utf-16-le")) // 2
    return 1 if length <= 70 else math.ceil(length / 67)  # noqa: PLR2004 (GSM 03.38)


def media(parent: Message, it: Media) -> dict[str, Any]:
    """`api.v2010.account.message.media`."""
    return {
        "sid": it.sid,
        "account_sid": parent.account_sid,
        "parent_sid": parent.sid,
        "content_type": it.content_type,
        "date_created": rfc2822(it.created),
        "date_updated": rfc2822(it.created),
        "uri": f"/{API_VERSION}/Accounts/{parent.account_sid}/Messages/{parent.sid}/Media/{it.sid}.json",
    }


def page_2010(
    path: str, query: dict[str, str], key: str, rows: Sequence[dict[str, Any]], *, more: bool
) -> dict[str, Any]:
    """A page of the 2010 API; `query` is the request's own without Page and PageSize, already URL-quoted."""
    page, size = int(query.get("Page", "0")), int(query["PageSize"])
    filters = "".join(
        f"&{name}={value}" for name, value in query.items() if name not in {"Page", "PageSize", "PageToken"}
    )

    def link(number: int) -> str:
        token = f"&PageToken=PA{number}" if number else ""
        return f"{path}?PageSize={size}&Page={number}{filters}{token}"

    return {
        key: list(rows),
        "first_page_uri": link(0),
        "next_page_uri": link(page + 1) if more else None,
        "previous_page_uri": link(page - 1) if page else None,
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": max(page * size + len(rows) - 1, 0),
        "uri": link(page),
    }


def page_v1(url: str, page: int, size: int, key: str, rows: Sequence[dict[str, Any]], *, more: bool) -> dict[str, Any]:
    """A page of the newer APIs; `url` ends with `?` or `&`."""

    def link(number: int) -> str:
        return f"{url}PageSize={size}&Page={number}"

    meta = {
        "page": page,
        "page_size": size,
        "first_page_url": link(0),
        "previous_page_url": link(page - 1) if page else None,
        "url": link(page),
        "next_page_url": link(page + 1) if more else None,
        "key": key,
    }
    return {key: list(rows), "meta": meta}


def account(it: Account) -> dict[str, Any]:
    """An account (not in the trimmed OpenAPI); the token is shown to nobody."""
    names = ("Messages", "Balance", "IncomingPhoneNumbers")
    base = f"/{API_VERSION}/Accounts/{it.sid}"
    return {
        "sid": it.sid,
        "friendly_name": it.friendly_name,
        "status": it.status,
        "type": "Trial" if it.is_trial else "Full",
        "owner_account_sid": it.sid,
        "auth_token": "",
        "date_created": rfc2822(0),
        "date_updated": rfc2822(0),
        "uri": f"{base}.json",
        "subresource_uris": {name.lower(): f"{base}/{name}.json" for name in names},
    }


def balance(it: Account) -> dict[str, Any]:
    """`api.v2010.account.balance`."""
    return {"account_sid": it.sid, "balance": it.balance, "currency": "USD"}


def phone_number(it: Sender) -> dict[str, Any]:
    """`api.v2010.account.incoming_phone_number`, with the fields that a message sender has."""
    base = f"/{API_VERSION}/Accounts/{it.account_sid}/IncomingPhoneNumbers/{it.sid}"
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "friendly_name": it.address,
        "phone_number": it.address,
        "capabilities": {"voice": False, "sms": True, "mms": False, "fax": False},
        "sms_url": it.callback_url or None,
        "sms_method": "POST",
        "sms_fallback_url": None,
        "sms_fallback_method": "POST",
        "status_callback": it.status_callback_url or None,
        "status_callback_method": "POST",
        "api_version": API_VERSION,
        "beta": False,
        "origin": "twilio",
        "type": "mobile",
        "status": "in-use",
        "date_created": rfc2822(0),
        "date_updated": rfc2822(0),
        "uri": f"{base}.json",
    }


def whatsapp_sender(world: World, it: Sender) -> dict[str, Any]:
    """`messaging.v2.channels_sender_response`."""
    reasons = None
    if it.status == "OFFLINE":
        reasons = [{"code": "63111", "message": "Sender's phone number returned not found.", "more_info": None}]
    return {
        "sid": it.sid,
        "sender_id": it.address,
        "status": it.status,
        "configuration": {"waba_id": "12345678912345"},
        "webhook": {
            "callback_url": it.callback_url or None,
            "callback_method": "POST",
            "status_callback_url": it.status_callback_url or None,
            "status_callback_method": "POST",
        },
        "profile": {"name": "Djobea"},
        "properties": {"quality_rating": it.quality_rating, "messaging_limit": it.messaging_limit},
        "offline_reasons": reasons,
        "url": f"{world.public_url}/v2/Channels/Senders/{it.sid}",
    }


def content(world: World, it: Content) -> dict[str, Any]:
    """`content.v1.content`."""
    url = f"{world.public_url}/v1/Content/{it.sid}"
    links = {"approval_create": f"{url}/ApprovalRequests/whatsapp", "approval_fetch": f"{url}/ApprovalRequests"}
    return _content_facts(it) | {"url": url, "links": links}


def content_and_approvals(it: Content) -> dict[str, Any]:
    """`content.v1.content_and_approvals`."""
    return _content_facts(it) | {"approval_requests": approval(it)}


def approval(it: Content) -> dict[str, Any]:
    """Where WhatsApp's approval stands; `unsubmitted` before it was asked for."""
    nothing = {
        "name": "",
        "category": "",
        "status": "unsubmitted",
        "rejection_reason": "",
        "allow_category_change": True,
    }
    return {**nothing, "content_type": next(iter(it.types), ""), **it.approval}


def approval_fetch(world: World, it: Content) -> dict[str, Any]:
    """`content.v1.content.approval_fetch`."""
    url = f"{world.public_url}/v1/Content/{it.sid}/ApprovalRequests"
    return {"sid": it.sid, "account_sid": it.account_sid, "whatsapp": {"type": "whatsapp", **approval(it)}, "url": url}


def _content_facts(it: Content) -> dict[str, Any]:
    return {
        "sid": it.sid,
        "account_sid": it.account_sid,
        "friendly_name": it.friendly_name,
        "language": it.language,
        "variables": it.variables,
        "types": it.types,
        "date_created": iso8601(it.created),
        "date_updated": iso8601(it.updated),
    }
