"""Who may do what over the API, and how its pages are turned; named by the settings."""

from typing import Any, Final

from rest_framework.pagination import CursorPagination
from rest_framework.permissions import DjangoModelPermissions
from rest_framework.request import Request

from notifications import personal_data

VIEW: Final = ["%(app_label)s.view_%(model_name)s"]
CHANGE: Final = ["%(app_label)s.change_%(model_name)s"]


class ConsolePermissions(DjangoModelPermissions):
    """The same rights as in the console: reading needs the right to view, an action the right to change."""

    perms_map = DjangoModelPermissions.perms_map | {"GET": VIEW, "HEAD": VIEW, "OPTIONS": VIEW}

    def has_permission(self, request: Request, view: Any) -> bool:
        """An action such as `retry/` is a POST that changes; only `create` adds."""
        personal_data.hide_from(request.user)  # known now, whoever signed in by a token
        if request.method != "POST" or getattr(view, "action", "create") in ("create", None):
            return bool(super().has_permission(request, view))
        names = {"app_label": self._queryset(view).model._meta.app_label}  # noqa: SLF001  public
        names["model_name"] = self._queryset(view).model._meta.model_name  # noqa: SLF001  public
        user = request.user
        return bool(user and user.is_authenticated and user.has_perms([right % names for right in CHANGE]))


class Paging(CursorPagination):
    """Pages by a cursor: as fast at the end of a million rows as at their beginning."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-pk"
