"""Photos and voice notes in the console: a link each, and the view behind it that fetches the file when it is opened."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _

from marketplace import media
from marketplace.dialogue.hearing import media_in
from marketplace.file_answers import file_answer
from marketplace.models import InboundMessage

SHOWN: Final = 10


@dataclass(frozen=True)
class Attachment:
    """One file of a message, as a page shows it."""

    link: str
    is_image: bool
    is_sound: bool


def attachments(references: Iterable[Mapping[str, str]]) -> list[Attachment]:
    """The links of what is kept on a request or an application: one query."""
    wanted = [(entry.get("message_sid", ""), entry.get("url", "")) for entry in references]
    messages = InboundMessage.objects.in_bulk([sid for sid, _url in wanted], field_name="message_sid") if wanted else {}
    found = []
    for sid, url in wanted[-SHOWN:]:
        message = messages.get(sid)
        known = [entry["url"] for entry in media_in(message)] if message else []
        if message is not None and url in known:
            found.append(of_message(message)[known.index(url)])
    return found


def of_message(message: InboundMessage) -> list[Attachment]:
    """The links of what came with a message."""
    return [
        Attachment(
            reverse("admin:marketplace_inboundmessage_media", args=[message.pk, number]),
            entry["content_type"] in media.IMAGES,
            entry["content_type"].partition(";")[0] in media.SOUNDS,
        )
        for number, entry in enumerate(media_in(message))
    ]


class MediaMixin:
    """Adds the view to the admin of inbound messages."""

    def get_urls(self) -> list[URLPattern]:
        site: Any = self.admin_site  # type: ignore[attr-defined]  # of the admin that this is mixed into
        view = site.admin_view(self.media_view)
        return [
            path("<int:pk>/media/<int:number>/", view, name="marketplace_inboundmessage_media"),
            *super().get_urls(),  # type: ignore[misc]  # as above
        ]

    def media_view(self, request: HttpRequest, pk: int, number: int) -> HttpResponse:
        """The file itself; a sentence instead where Twilio does not give it."""
        if not self.has_view_permission(request):  # type: ignore[attr-defined]  # as above
            raise PermissionDenied
        message = InboundMessage.objects.filter(pk=pk).first()
        references = media_in(message) if message else ()
        if number >= len(references):
            raise Http404(_("This file is no longer kept."))
        try:
            file = media.fetch(references[number]["url"])
        except media.MediaRefusedError as reason:
            return HttpResponse(str(reason), status=502, content_type="text/plain; charset=utf-8")
        return file_answer(file)
