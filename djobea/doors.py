"""Addresses that only lead on: the front page, and the simulator where there is one."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_safe


@require_safe
def front(_request: HttpRequest) -> HttpResponse:
    """Djobea's users live in WhatsApp; who comes here by browser is staff."""
    return HttpResponseRedirect("/admin/")


@require_safe
def simulator(_request: HttpRequest) -> HttpResponse:
    """To the simulator's page; 404 where Djobea talks to the real Twilio."""
    if not settings.SIMULATOR:
        raise Http404
    return HttpResponseRedirect(f"{settings.TWILIO_API_BASE_URL}/")
