"""Twilio's status callbacks."""

import logging
import uuid

from django import forms
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from . import clock, receipts
from .signatures import signed_by_twilio

logger = logging.getLogger(__name__)


class CallbackForm(forms.Form):
    """The fields that we use; all others are Twilio's own affair."""

    MessageSid = forms.CharField(max_length=64)
    MessageStatus = forms.CharField(max_length=20)
    ErrorCode = forms.CharField(max_length=16, required=False)
    ErrorMessage = forms.CharField(required=False)


@csrf_exempt
@require_POST
@signed_by_twilio
def status(request: HttpRequest) -> HttpResponse:
    """Store what Twilio says of a message; 204 whatever it is, 503 when it cannot be stored."""
    form = CallbackForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=400, content_type="text/plain")
    facts = form.cleaned_data
    callback = receipts.Callback(
        sid=facts["MessageSid"],
        status=facts["MessageStatus"].lower(),
        attempt=_uuid(request.GET.get("attempt", "")),
        error_code=facts["ErrorCode"] if facts["ErrorCode"] != "0" else "",
        error_message=facts["ErrorMessage"],
    )
    try:
        receipts.receive(callback, at=clock.now())
    except (DatabaseError, InterfaceError):
        logger.exception("a receipt could not be stored")
        return HttpResponse("try again", status=503, content_type="text/plain")
    return HttpResponse(status=204)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
