"""Is it really Twilio that calls? The signature check for both webhooks.

Source: Twilio's "Validating signatures"; HMAC-SHA1 over the URL that Twilio called (rebuilt from PUBLIC_BASE_URL, so
that a proxy does not matter) and the sorted fields, with the auth token of the account that `AccountSid` names.
"""

import logging
from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.http.multipartparser import MultiPartParserError
from twilio.request_validator import RequestValidator

logger = logging.getLogger(__name__)


def tokens_for(account_sid: str) -> list[str]:
    """The auth tokens that may have signed for this account; during a rotation there are two."""
    known = {
        settings.TWILIO_ACCOUNT_SID: settings.TWILIO_AUTH_TOKEN,
        settings.TWILIO_SMS_ACCOUNT_SID: settings.TWILIO_SMS_AUTH_TOKEN,
    }
    tokens = known.get(account_sid, "") if account_sid else ""
    return [token.strip() for token in tokens.split(",") if token.strip()]


def is_signed(request: HttpRequest) -> bool:
    """Whether one of the account's tokens signed exactly this URL and these fields."""
    signature = request.headers.get("X-Twilio-Signature", "")
    if not signature:
        return False
    url = settings.PUBLIC_BASE_URL + request.get_full_path()
    return any(
        RequestValidator(token).validate(url, request.POST, signature)
        for token in tokens_for(request.POST.get("AccountSid", ""))
    )


def signed_by_twilio(view: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Let only Twilio in: 403 for a missing or forged signature, 400 or 413 for a body that cannot be read."""

    @wraps(view)
    def checked(request: HttpRequest) -> HttpResponse:
        try:
            signed = is_signed(request)
        except RequestDataTooBig:
            return HttpResponse("too large", status=413, content_type="text/plain")
        except (MultiPartParserError, SuspiciousOperation, BadRequest, UnicodeDecodeError, ValueError):
            return HttpResponse("unreadable", status=400, content_type="text/plain")
        if not signed:
            logger.warning("a webhook call without a valid signature was refused")
            return HttpResponseForbidden("signature", content_type="text/plain")
        return view(request)

    return checked
