"""The status report in the console: the same facts as `manage.py status_report`, with what the self-tests last said."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from djobea import reporting
from djobea.verdicts import State
from notifications import clock
from notifications.models import Status

TONES = {State.HEALTHY: "good", State.DEGRADED: "wait", State.CRITICAL: "bad"}


def status_report(request: HttpRequest) -> HttpResponse:
    """A page to read; `?format=markdown` and `?format=json` give the report to take along."""
    if not request.user.has_perm("notifications.view_notification"):
        raise PermissionDenied
    facts = reporting.last_report(clock.now())
    asked = request.GET.get("format", "")
    if asked == "json":
        return JsonResponse(facts, json_dumps_params={"ensure_ascii": False, "indent": 2})
    if asked == "markdown":
        answer = HttpResponse(reporting.as_markdown(facts), content_type="text/markdown; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="status-{facts["at"]:%Y-%m-%d-%H%M}.md"'
        return answer
    context: dict[str, Any] = {
        **admin.site.each_context(request),
        "title": _("Status report"),
        "report": facts,
        "tone": TONES[facts["status"]],
        "components": [(part, TONES[State(part["state"])]) for part in facts["components"] if _is_told(part)],
        "queue": [(Status(status), reporting.many(count)) for status, count in facts["queue"].items()],
        "mailed_to": settings.STATUS_REPORT_EMAILS,
    }
    return render(request, "admin/status_report.html", context)


def _is_told(part: dict[str, Any]) -> bool:
    """Cities that are not served yet fill the page and tell nothing; they stay in the copies."""
    return not (part["name"].startswith("availability:") and part["state"] == State.HEALTHY and not part["figure"])
