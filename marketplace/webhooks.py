"""What people write, as Twilio brings it."""

import logging
from typing import Final

from django import forms
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from marketplace import inbox
from notifications.signatures import signed_by_twilio

logger = logging.getLogger(__name__)
EMPTY_TWIML: Final = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class InboundForm(forms.Form):
    """The three fields without which a message is none; all else is optional and never refused."""

    MessageSid = forms.CharField(max_length=64)
    From = forms.CharField(max_length=160)
    To = forms.CharField(max_length=160)


@csrf_exempt
@require_POST
@signed_by_twilio
def inbound(request: HttpRequest) -> HttpResponse:
    """Store what Twilio brought and answer at once; the worker does the thinking.

    503 when it cannot be stored: Twilio's list still has it, and the catch-up reads it from there.
    """
    form = InboundForm(request.POST)
    if not form.is_valid():
        return HttpResponse(form.errors.as_text(), status=400, content_type="text/plain")
    try:
        inbox.receive(request.POST.dict() | form.cleaned_data)
    except ValueError as error:
        return HttpResponse(str(error), status=400, content_type="text/plain")
    except (DatabaseError, InterfaceError):
        logger.exception("an inbound message could not be stored")
        return HttpResponse("try again", status=503, content_type="text/plain")
    return HttpResponse(EMPTY_TWIML, content_type="text/xml")
