"""A call that is repeated with the same `Idempotency-Key` is done once.

Source: the IETF draft "The Idempotency-Key HTTP Header Field": 422 when the key comes with another call, 409 while the
first is still at work. Answers are kept for a day. A call that failed on our side, or was not let in, may be repeated.
"""

import hashlib
from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from . import problems
from .models import RememberedAnswer

UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
LONGEST_KEY: Final = 200
NOT_DONE: Final = frozenset({401, 403, 429})
SERVER_FAULT: Final = 500
GetResponse = Callable[[HttpRequest], HttpResponse]


class IdempotencyMiddleware:
    """Looks only at unsafe calls of the API that carry the header."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer from memory, or let the call through and remember its answer."""
        key = request.headers.get("Idempotency-Key", "")
        if not key or request.method not in UNSAFE or not request.path.startswith("/api/"):
            return self.get_response(request)
        if len(key) > LONGEST_KEY:
            return _problem(400, f"An Idempotency-Key has at most {LONGEST_KEY} characters.")
        row, is_new = RememberedAnswer.objects.get_or_create(
            caller=_caller(request), key=key, defaults={"fingerprint": _fingerprint(request)}
        )
        return self._first(request, row) if is_new else _again(request, row)

    def _first(self, request: HttpRequest, row: RememberedAnswer) -> HttpResponse:
        response = self.get_response(request)
        rows = RememberedAnswer.objects.filter(pk=row.pk)
        if response.status_code >= SERVER_FAULT or response.status_code in NOT_DONE:
            rows.delete()
        else:
            content_type = response.headers.get("Content-Type", "")
            rows.update(status=response.status_code, content_type=content_type, body=response.content.decode())
        return response


def _again(request: HttpRequest, row: RememberedAnswer) -> HttpResponse:
    if row.fingerprint != _fingerprint(request):
        return _problem(422, "This Idempotency-Key was used for another call.")
    if row.status is None:
        return _problem(409, "The first call with this Idempotency-Key is still at work.")
    response = HttpResponse(row.body, status=row.status, content_type=row.content_type)
    response.headers["Idempotency-Replayed"] = "true"
    return response


def _caller(request: HttpRequest) -> str:
    session = request.COOKIES.get(settings.SESSION_COOKIE_NAME, "")
    return _hash(request.headers.get("Authorization", ""), session)


def _fingerprint(request: HttpRequest) -> str:
    return _hash(request.method or "", request.get_full_path(), hashlib.sha256(request.body).hexdigest())


def _hash(*parts: str) -> str:
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _problem(status: int, detail: str) -> HttpResponse:
    return problems.answer(status, detail, title="Idempotency-Key")
