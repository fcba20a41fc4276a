"""Pages and answers for staff who may not see personal data: names and texts are dots, numbers lose their middle.

Names and texts are hidden where they are shown (`notifications.personal_data`); numbers once more in the whole answer, so
that a page that forgets to hide one does not show it.
"""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from notifications import personal_data


class MaskingMiddleware:
    """Says for each request of the console and the API whether its reader may see people."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith((reverse("admin:index"), "/api/")):
            return self.get_response(request)
        user = request.user
        with personal_data.shown_to(hidden=user.is_authenticated and not personal_data.may_see(user)):
            response = self.get_response(request)
        # Over the API the caller is known by a token only after the view has run.
        caller = request.user
        if caller.is_authenticated and not personal_data.may_see(caller) and not response.streaming:
            _mask(response)
        return response


def _mask(response: HttpResponse) -> None:
    kind = response.get("Content-Type", "")
    if kind.startswith(("text/", "application/json", "application/problem+json")):
        response.content = personal_data.mask_addresses(response.content.decode(response.charset or "utf-8"))
