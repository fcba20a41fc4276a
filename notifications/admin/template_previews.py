"""All templates at one glance: each in every language and on every channel, with its approval and its price as an SMS."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from notifications import sms_letters, template_rules
from notifications.models import ChannelName, MessageTemplate
from notifications.models.template import Approval
from notifications.rendering import BUTTONS, LIST

from .base import ConsoleAdmin
from .story import purpose_label

TONES: Final = {Approval.APPROVED: "good", Approval.REJECTED: "bad", Approval.DISABLED: "bad", Approval.PAUSED: "bad"}
LANGUAGES: Final = {"fr": gettext_lazy("French"), "en": gettext_lazy("English"), "pcm": gettext_lazy("Pidgin")}


@dataclass(frozen=True)
class Preview:
    """One template as people read it. `parts`: what it costs as an SMS; `approval` is Meta's word, on WhatsApp only."""

    row: MessageTemplate
    text: str
    parts: int
    approval: str
    tone: str


@dataclass(frozen=True)
class Line:
    """The templates of one name: a cell a language, each with those of all channels."""

    title: Any
    name: str
    cells: Sequence[tuple[Any, Sequence[Preview]]]


def lines(rows: Iterable[MessageTemplate]) -> list[Line]:
    """A line a name, in alphabetical order."""
    found: defaultdict[str, defaultdict[str, list[Preview]]] = defaultdict(lambda: defaultdict(list))
    for row in sorted(rows, key=lambda row: (row.channel != ChannelName.WHATSAPP, row.channel)):
        found[row.name][row.language].append(_preview(row))
    return [
        Line(_title(name), name, [(label, cells.get(code, [])) for code, label in LANGUAGES.items()])
        for name, cells in sorted(found.items())
    ]


def _preview(row: MessageTemplate) -> Preview:
    text = template_rules.preview(row)
    is_approved_by_meta = row.channel == ChannelName.WHATSAPP
    return Preview(
        row,
        text,
        sms_letters.segments(sms_letters.plain(text)) if text else 0,
        row.get_approval_display() if is_approved_by_meta else "",
        TONES.get(Approval(row.approval), "wait"),
    )


def _title(name: str) -> Any:
    purpose, _colon, buttons = name.partition(":buttons:")
    title = _("Any short text") if purpose == "notice" else purpose_label(purpose)
    return f"{title} · {buttons.replace('|', ' / ')}" if buttons else title


class PreviewsTemplates(ConsoleAdmin[MessageTemplate]):
    """The page `previews/` of the templates, and the button above the list that leads there."""

    actions_list = ["show_previews"]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.previews_view)
        return [path("previews/", view, name="notifications_messagetemplate_previews"), *super().get_urls()]

    @action(description=gettext_lazy("All at a glance"), url_path="to-previews", icon="grid_view")  # type: ignore[untyped-decorator]  # Unfold brings no types
    def show_previews(self, _request: HttpRequest) -> HttpResponse:
        """The button above the list."""
        return redirect("admin:notifications_messagetemplate_previews")

    def previews_view(self, request: HttpRequest) -> HttpResponse:
        """Every template; sets of buttons and lists, which the code makes from each message, are left out."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = MessageTemplate.objects.exclude(name__startswith=BUTTONS).exclude(name__startswith=LIST)
        context = self.admin_site.each_context(request) | {
            "opts": self.opts,
            "title": _("All at a glance"),
            "lines": lines(rows),
            "languages": list(LANGUAGES.values()),
            "most_parts": sms_letters.MOST_SEGMENTS,
            "media": self.media,
        }
        return TemplateResponse(request, "admin/notifications/template_previews.html", context)
