"""The pages that read a list of providers in: choose a file, look at what it would do, then do it; and the export."""

import secrets
from typing import Any, ClassVar, Final, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import action
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldBooleanSwitchWidget

from providers import exporting, importing, sheets
from providers.importing import ImportReport, Outcome
from providers.models import Provider
from providers.tables import MAX_BYTES, UnreadableTable

KEPT_SECONDS: Final = 3600  # between the look and the deed
SHOWN: Final = 200  # rows of a report on a page; the file has them all
SEES_PEOPLE: Final = "notifications.see_personal_data"
TONES: Final = {
    Outcome.CREATED: "good",
    Outcome.UPDATED: "busy",
    Outcome.UNCHANGED: "quiet",
    Outcome.DUPLICATE: "bad",
    Outcome.REFUSED: "bad",
}


class FileForm(forms.Form):
    """The list, and what becomes of its bad rows."""

    file = forms.FileField(
        label=gettext_lazy("File (CSV or XLSX)"),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,.xlsx,.xlsm"}),
    )
    strict = forms.BooleanField(
        label=gettext_lazy("One bad row keeps all rows out"), required=False, widget=UnfoldBooleanSwitchWidget
    )
    activate = forms.BooleanField(
        label=gettext_lazy("New ones are approved and may work at once"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than 20 MB: split it."))
        return file


class ImportsAndExports:
    """Adds both to the admin of providers."""

    actions_list: ClassVar = ["go_to_import", "export_csv", "export_xlsx"]

    def get_urls(self) -> list[URLPattern]:
        guard = cast("Any", self).admin_site.admin_view
        return [
            path("import/", guard(self.import_view), name="providers_provider_import"),
            path("import/<slug:token>/", guard(self.imported_view), name="providers_provider_imported"),
            path(
                "import/<slug:token>/rejected.<slug:kind>",
                guard(self.rejected_view),
                name="providers_provider_rejected",
            ),
            path("export.<slug:kind>", guard(self.export_view), name="providers_provider_export"),
            *super().get_urls(),  # type: ignore[misc]  # of the admin that this is mixed into
        ]

    def has_import_permission(self, request: HttpRequest) -> bool:
        """Who may add and change providers may read a list in."""
        return request.user.has_perms(["providers.add_provider", "providers.change_provider"])

    def has_export_permission(self, request: HttpRequest) -> bool:
        """A list of everybody's numbers is for those who may see them."""
        return request.user.has_perms(["providers.view_provider", SEES_PEOPLE])

    @action(  # type: ignore[untyped-decorator]  # Unfold brings no types
        description=gettext_lazy("Import a list"), url_path="to-import", icon="upload_file", permissions=["import"]
    )
    def go_to_import(self, _request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return redirect("admin:providers_provider_import")

    @action(description=gettext_lazy("Export as CSV"), url_path="to-csv", icon="download", permissions=["export"])  # type: ignore[untyped-decorator]  # as above
    def export_csv(self, request: HttpRequest) -> HttpResponse:
        """The button above the list; exports what the filter shows."""
        return _to_export(request, sheets.CSV)

    @action(description=gettext_lazy("Export as XLSX"), url_path="to-xlsx", icon="table", permissions=["export"])  # type: ignore[untyped-decorator]  # as above
    def export_xlsx(self, request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return _to_export(request, sheets.XLSX)

    @action(description=gettext_lazy("Export the chosen ones as CSV"), permissions=["export"])  # type: ignore[untyped-decorator]  # as above
    def export_chosen(self, request: HttpRequest, queryset: Any) -> HttpResponseBase:
        """Of the list's menu."""
        return _file_of(request, queryset, sheets.CSV)

    def export_view(self, request: HttpRequest, kind: str) -> HttpResponseBase:
        """What the list shows with the filter of this address, as a file."""
        if not self.has_export_permission(request):
            raise PermissionDenied
        if kind not in sheets.MIME:
            raise Http404
        shown = cast("Any", self).get_changelist_instance(request).get_queryset(request)
        return _file_of(request, shown, kind)

    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Choose a file; on POST nothing is stored but the file itself, for an hour."""
        if not self.has_import_permission(request):
            raise PermissionDenied
        form = FileForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            file, token = form.cleaned_data["file"], secrets.token_hex(16)
            kept = {
                "content": file.read(),
                "name": file.name,
                "strict": form.cleaned_data["strict"],
                "activate": form.cleaned_data["activate"],
                "done": None,
            }
            try:
                _report(kept, dry_run=True)
            except UnreadableTable as error:
                form.add_error("file", str(error))
            else:
                cache.set(_key(request, token), kept, KEPT_SECONDS)
                return redirect("admin:providers_provider_imported", token=token)
        headings = {name: list(words[:4]) for name, words in importing.HEADINGS.items()}
        return self._page(request, "import.html", title=_("Import providers"), form=form, headings=headings)

    def imported_view(self, request: HttpRequest, token: str) -> HttpResponse:
        """What the file would do; on POST do it. Afterwards: what it did."""
        kept = self._kept(request, token)
        if request.method == "POST" and kept["done"] is None:
            report = _report(kept, dry_run=False)
            kept["done"] = report
            cache.set(_key(request, token), kept, KEPT_SECONDS)
            _say(request, kept["name"], report)
            return redirect("admin:providers_provider_imported", token=token)
        report = kept["done"] or _report(kept, dry_run=True)
        bad = report.bad
        return self._page(
            request,
            "imported.html",
            title=_("Import providers"),
            file_name=kept["name"],
            token=token,
            is_done=kept["done"] is not None,
            stored=report.stored,
            strict=kept["strict"],
            will_store=bool(len(report.rows) - len(bad)) and not (kept["strict"] and bad),
            counts=[(outcome.label, report.count(outcome), TONES[outcome]) for outcome in Outcome],
            bad=bad[:SHOWN],
            bad_count=len(bad),
            good=[(row, row.outcome.label, TONES[row.outcome]) for row in report.rows if row not in bad][:SHOWN],
            all_count=len(report.rows),
        )

    def rejected_view(self, request: HttpRequest, token: str, kind: str) -> HttpResponseBase:
        """The rows that were kept out, with the reasons: to correct and read in again."""
        kept = self._kept(request, token)
        if kind not in sheets.MIME:
            raise Http404
        report = kept["done"] or _report(kept, dry_run=True)
        return _answer(importing.rejected_rows(kept["content"], kept["name"], report), kind, "rejected")

    def _kept(self, request: HttpRequest, token: str) -> dict[str, Any]:
        if not self.has_import_permission(request):
            raise PermissionDenied
        kept: dict[str, Any] | None = cache.get(_key(request, token))
        if kept is None:
            raise Http404(_("This file is no longer kept: choose it again."))
        return kept

    def _page(self, request: HttpRequest, template: str, **facts: Any) -> HttpResponse:
        context = {**cast("Any", self).admin_site.each_context(request), **facts}
        return TemplateResponse(request, f"admin/providers/{template}", context)


def _key(request: HttpRequest, token: str) -> str:
    return f"import:{request.user.pk}:{token}"


def _report(kept: dict[str, Any], *, dry_run: bool) -> ImportReport:
    return importing.import_file(
        kept["content"], kept["name"], dry_run=dry_run, strict=kept["strict"], activate=kept["activate"]
    )


def _say(request: HttpRequest, file_name: str, report: ImportReport) -> None:
    """Tell the person, and keep who read what in."""
    changed = report.count(Outcome.CREATED) + report.count(Outcome.UPDATED) if report.stored else 0
    said = ngettext("%d provider was stored.", "%d providers were stored.", changed) % changed
    messages.add_message(request, messages.SUCCESS if report.stored else messages.WARNING, said)
    _log(request, ADDITION, f"import: {file_name}", f"{changed} stored, {len(report.bad)} refused")


def _to_export(request: HttpRequest, kind: str) -> HttpResponse:
    """The address of the file; the filter of the list came along in the address that led here."""
    query = request.META.get("HTTP_REFERER", "").partition("?")[2]
    address = reverse("admin:providers_provider_export", args=[kind])
    return redirect(f"{address}?{query}" if query else address)


def _file_of(request: HttpRequest, providers: Any, kind: str) -> HttpResponseBase:
    _log(request, CHANGE, f"export: {kind}", "providers exported")
    return _answer(
        exporting.rows(Provider.objects.filter(pk__in=providers.values("pk")).order_by("pk")), kind, "providers"
    )


def _answer(rows: Any, kind: str, name: str) -> HttpResponseBase:
    answer: HttpResponseBase
    if kind == sheets.CSV:
        answer = StreamingHttpResponse(sheets.as_csv(rows), content_type=sheets.MIME[kind])
    else:
        answer = HttpResponse(sheets.as_xlsx(rows), content_type=sheets.MIME[kind])
    answer["Content-Disposition"] = f'attachment; filename="{name}.{kind}"'
    answer["Cache-Control"] = "no-store"
    return answer


def _log(request: HttpRequest, flag: int, what: str, detail: str) -> None:
    LogEntry.objects.create(
        user_id=cast("int", request.user.pk),  # who is not signed in does not come here
        content_type=ContentType.objects.get_for_model(Provider),
        object_repr=what[:200],
        action_flag=flag,
        change_message=detail,
    )
