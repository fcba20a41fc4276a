"""Pages for everybody: what Djobea keeps of a person, and how to see or delete it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """The first answer to a new person leads here."""
    sender = settings.TWILIO_WHATSAPP_FROM.removeprefix("whatsapp:+")
    return render(
        request, "marketplace/privacy.html", {"text_days": settings.RETENTION_DAYS["inbound_text"], "whatsapp": sender}
    )
