"""The keys of the console: which letter leads where, as the list that "?" shows; the same list tells the script."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

# (letter after g, words, name of the page, query, the right that opens it)
PAGES: Final[tuple[tuple[str, Any, str, str, str], ...]] = (
    ("t", _("Dashboard"), "admin:index", "", ""),
    ("a", _("Alerts"), "admin:notifications_escalationalert_changelist", "", "notifications.view_escalationalert"),
    ("f", _("Queue"), "admin:notifications_notification_changelist", "", "notifications.view_notification"),
    (
        "l",
        _("Dead letters"),
        "admin:notifications_notification_changelist",
        "?status__exact=dead",
        "notifications.view_notification",
    ),
    ("c", _("By cause"), "admin:notifications_notification_causes", "", "notifications.view_notification"),
    ("d", _("Requests"), "admin:marketplace_servicerequest_changelist", "", "marketplace.view_servicerequest"),
    ("m", _("Conversations"), "admin:marketplace_conversation_changelist", "", "marketplace.view_conversation"),
    ("p", _("Providers"), "admin:providers_provider_changelist", "", "providers.view_provider"),
    ("r", _("Status report"), "status_report", "", "notifications.view_notification"),
)


def keys(request: HttpRequest) -> HttpResponse:
    """A piece of HTML for the dialog."""
    pages = [
        (letter, words, reverse(name) + query)
        for letter, words, name, query, right in PAGES
        if not right or request.user.has_perm(right)
    ]
    return render(request, "djobea/keys.html", {"pages": pages})
