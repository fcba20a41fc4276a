"""Errors of the API, all in one form: problem details (RFC 9457)."""

from http import HTTPStatus
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE: Final = "application/problem+json"


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Django REST Framework's answer to an error, as problem details; None: a fault of our own, a 500."""
    response = exception_handler(error, context)
    if response is None:
        return None
    facts = _facts(response.status_code)
    if isinstance(error, ValidationError):
        facts["detail"] = "Some fields are wrong; see errors."
        facts["errors"] = error.get_full_details()
    elif isinstance(error, APIException):
        facts["detail"] = str(error.detail)
        facts["code"] = str(error.get_codes())
    elif isinstance(error, Http404 | PermissionDenied):
        facts["detail"] = str(error) or facts["title"]
    response.data = facts
    response.content_type = CONTENT_TYPE
    return response


def answer(status: int, detail: str, **facts: str) -> HttpResponse:
    """Problem details outside a view of the framework; `facts` replace or add members."""
    return JsonResponse(_facts(status) | {"detail": detail} | facts, status=status, content_type=CONTENT_TYPE)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001  Django's form
    """Nothing is at this address of the API."""
    return answer(404, "There is nothing here.")


def _facts(status: int) -> dict[str, Any]:
    return {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
