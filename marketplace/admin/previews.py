"""A page that shows every answer of the talk in every language, as people read it."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from marketplace import notice_previews
from marketplace.dialogue import previews
from notifications import clock
from notifications.admin.base import ConsoleAdmin

TITLES = {
    "replies": gettext_lazy("A new request"),
    "command_replies": gettext_lazy("At any time"),
    "job_replies": gettext_lazy("A request that runs"),
    "quote_replies": gettext_lazy("Quotes"),
    "provider_replies": gettext_lazy("To providers"),
    "joining_replies": gettext_lazy("To those who want to join"),
    "privacy_replies": gettext_lazy("Personal data"),
    "outage_replies": gettext_lazy("While WhatsApp is down"),
}


class PreviewsMixin:
    """Adds the page, and the button that leads to it, to the admin of conversations."""

    actions_list = ["show_replies"]

    @action(description=gettext_lazy("All answers in every language"), url_path="show-replies", icon="translate")  # type: ignore[untyped-decorator]  # Unfold brings no types
    def show_replies(self, request: HttpRequest) -> HttpResponse:  # noqa: ARG002  Unfold's
        """Lead to the page."""
        return HttpResponse(status=302, headers={"Location": reverse("admin:marketplace_conversation_replies")})

    def get_urls(self) -> list[URLPattern]:
        site: Any = self.admin_site  # type: ignore[attr-defined]  # of the admin that this is mixed into
        view = site.admin_view(self.replies_view)
        return [
            path("replies/", view, name="marketplace_conversation_replies"),
            *super().get_urls(),  # type: ignore[misc]  # as above
        ]

    def replies_view(self, request: HttpRequest) -> HttpResponse:
        """Everything that the machine may say."""
        console: ConsoleAdmin[Any] = self  # type: ignore[assignment]  # as above
        if not console.has_view_permission(request):
            return HttpResponse(status=403)
        parts = [
            {
                "title": TITLES[module.__name__.rpartition(".")[2]],
                "previews": list(previews.previews(module)),
            }
            for module in previews.MODULES
        ]
        parts.append({"title": _("News that come by themselves"), "previews": notice_previews.previews(clock.now())})
        context = {
            **console.admin_site.each_context(request),
            "title": _("All answers in every language"),
            "parts": parts,
            "languages": (_("French"), _("English"), _("Pidgin")),
            "media": console.media,
            "opts": console.opts,
        }
        return TemplateResponse(request, "admin/marketplace/previews.html", context)
