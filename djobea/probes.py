"""What load balancers and people's monitoring ask: do you live, can you serve?"""

import logging
import time
from collections.abc import Callable
from typing import Final

from django.db import Error, connection
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from notifications import clock

from . import status
from .verdicts import State

MIGRATIONS_KNOWN_FOR: Final = 60.0  # seconds; reading them all takes 20 ms, and they do not vanish by themselves

logger = logging.getLogger(__name__)


class ProbeMiddleware:
    """Answers the probes before anything looks at the Host: a load balancer and a container ask by address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.probes = {reverse("health_live"): live, reverse("health_ready"): ready}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """The probe's answer, or what the rest of the house says."""
        return self.probes.get(request.path_info, self.get_response)(request)


@never_cache
@require_safe
def live(_request: HttpRequest) -> JsonResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": State.HEALTHY})


@never_cache
@require_safe
def ready(_request: HttpRequest) -> JsonResponse:
    """The verdict on the whole system.

    503 only when the database cannot be read and written or migrations are missing: a broken sender must never take
    the webhooks out of the load balancer.
    """
    try:
        if problem := _cannot_serve():
            return _refused(problem)
        return JsonResponse(status.examine(clock.now()).as_json())
    except Error as error:
        logger.warning("not ready: %s", error)
        connection.close()  # the next probe begins with a new one
        return _refused("The database does not answer.")


_migrations_seen_at = -MIGRATIONS_KNOWN_FOR


def _cannot_serve() -> str:
    global _migrations_seen_at  # noqa: PLW0603  a cache of one number, per process
    if not status.database_is_writable():
        return "The database is read-only."
    if time.monotonic() - _migrations_seen_at > MIGRATIONS_KNOWN_FOR:
        if lacking := status.lacking_migrations():
            return f"Migrations are missing: {', '.join(lacking[:3])}. Run `manage.py migrate`."
        _migrations_seen_at = time.monotonic()
    return ""


def _refused(evidence: str) -> JsonResponse:
    database = {"name": "database", "state": State.CRITICAL, "evidence": evidence}
    return JsonResponse({"status": State.CRITICAL, "components": [database]}, status=503)
