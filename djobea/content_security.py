"""What pages may load: the strict policy of the settings, and a wider one where the admin's libraries need it."""

from typing import Any, Final

from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

# Unfold's Alpine builds functions from text and writes style attributes; scripts stay in files of our own.
ADMIN_NEEDS: Final[dict[str, Any]] = {
    "script-src": ["'self'", "'unsafe-eval'"],
    "style-src": ["'self'", "'unsafe-inline'"],
}


class ContentSecurityMiddleware(CSPMiddleware):
    """The strict policy, except under the admin's address."""

    def get_policy_parts(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
        report_only: bool = False,  # noqa: FBT001, FBT002  as in django-csp
    ) -> PolicyParts:
        """Add what the admin needs to its pages."""
        parts = super().get_policy_parts(request, response, report_only)
        if request.path.startswith(reverse("admin:index")):
            parts.update = {**ADMIN_NEEDS, **(parts.update or {})}
        return parts
