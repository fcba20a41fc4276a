"""The page that says what a file of messages would hold, and sends it: all that the filter shows, or the chosen ones."""

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications import clock, exporting, personal_data
from notifications.models import Notification

from .acting import REASONS_TO_EXPORT, ReasonForm, selection_of, words_of
from .editing import EditsMessages


class ExportsMessages(EditsMessages):
    """The page `export/` of the queue, and the action of its list that leads there."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="notifications_notification_export"), *super().get_urls()]

    @admin.action(description=gettext_lazy("Export (CSV)"), permissions=["view"])
    def export(self, request: HttpRequest, queryset: QuerySet[Notification]) -> HttpResponse:  # noqa: ARG002  Django's
        """Of the list's menu: to the page that asks."""
        return self.lead_to_page(request, "admin:notifications_notification_export")

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        """Show how much there is, and on POST send it; who took what, and why, stays in the staff's log."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            selection = selection_of(request.GET)
        except ValueError as error:
            messages.error(request, _("This filter cannot be acted on as a whole: %s") % error)
            return redirect(self.back_address(request))
        rows, form = selection.rows(), ReasonForm(request.POST or None)
        many = exporting.count(rows)
        if request.method == "POST" and form.is_valid():
            self._note(request, f"{_count_in_words(many)} · {words_of(selection)} · {form.cleaned_data['why']}")
            return _as_file(rows)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("Export (CSV)"),
            "what": words_of(selection),
            "many": _count_in_words(many),
            "is_empty": not many,
            "columns": exporting.HEAD,
            "hides_people": personal_data.is_hidden(),
            "form": form,
            "reasons": REASONS_TO_EXPORT,
            "back": self.back_address(request),
        }
        return render(request, "admin/notifications/export.html", context)

    def _note(self, request: HttpRequest, said: str) -> None:
        LogEntry.objects.create(
            user_id=request.user.pk or 0,
            content_type=ContentType.objects.get_for_model(Notification),
            object_repr=_("Export of messages"),
            action_flag=CHANGE,
            change_message=said,
        )


def _count_in_words(many: int) -> str:
    return f"{exporting.COUNTED}+" if many > exporting.COUNTED else str(many)


def _as_file(rows: QuerySet[Notification]) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(exporting.as_csv(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="messages-{clock.now():%Y-%m-%d-%H%M}.csv"'
    return answer
