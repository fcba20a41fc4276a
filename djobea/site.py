"""The console's site: the theme's, with our own sidebar, and without doing on every page what changes once a month."""

from typing import TYPE_CHECKING, Any, Final

from django.http import HttpRequest
from django.utils.translation import get_language, gettext_lazy

from djobea import admin_site

if TYPE_CHECKING:  # Unfold brings no types; its class is Django's with other looks
    from django.contrib.admin import AdminSite
else:
    from unfold.sites import UnfoldAdminSite as AdminSite

MOST_KEPT: Final = 50  # sets of rights and languages


class ConsoleSite(AdminSite):
    index_title = gettext_lazy("Dashboard")

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        self._app_lists: dict[tuple[Any, ...], list[dict[str, Any]]] = {}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """What this person may open: the same for all who hold the same rights, so it is put together once for them."""
        user: Any = request.user
        rights = "all" if user.is_superuser else frozenset(user.get_all_permissions())
        key = (rights, get_language(), app_label)
        if key not in self._app_lists:
            if len(self._app_lists) >= MOST_KEPT:
                self._app_lists.clear()
            self._app_lists[key] = super().get_app_list(request, app_label)
        return [{**app, "models": list(app["models"])} for app in self._app_lists[key]]

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        """Our lines as they are: they know already what is shown, to whom, and with which badge."""
        return admin_site.navigation(request)
